/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The filter without conntrack, made of the production headers: what any stateless peer does. */
#ifndef EBPF_PERSONAS_TESTS_BENCH_CLASSIFY_ONLY_H
#define EBPF_PERSONAS_TESTS_BENCH_CLASSIFY_ONLY_H

#include "lib/account.h"
#include "lib/decide.h"

/* Active word, parser, failsafe, rules: every packet as if it were the first of its flow. */
static __always_inline struct decision decide_by_rules_only(struct __sk_buff *skb, __u8 direction)
{
	struct packet packet = {.direction = direction};
	struct decision decision = {};
	struct active_persona active = read_active_word();
	const struct slot *slot = bpf_map_lookup_elem(&slots, &active.slot);
	struct judgement judgement = {};

	decision.slot = active.slot;
	decision.rule = RULE_NONE;
	decision.audited_rule = RULE_NONE;
	decision.verdict = VERDICT_DROPPED;
	if (!slot || !read_packet(skb, &packet, &decision))
		return decision;
	if (is_failsafe(&packet)) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_FAILSAFE;
		return decision;
	}
	judge(slot, &packet, direction, false, &judgement);
	decide_as_judged(&judgement, &decision);
	return decision;
}

static __always_inline int classify_only(struct __sk_buff *skb, __u8 direction)
{
	struct decision decision = decide_by_rules_only(skb, direction);

	return account(skb, direction, read_clock(), &decision);
}

#endif
