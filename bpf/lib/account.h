/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts a decision and carries it out. */
#ifndef EBPF_PERSONAS_LIB_ACCOUNT_H
#define EBPF_PERSONAS_LIB_ACCOUNT_H

#include "abi/decision.h"
#include "lib/maps.h"

/* include/uapi/linux/pkt_cls.h; the tcx verdicts have the same values. UNSPEC: whoever comes next
 * decides. */
#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2

/* Rule counters that each CPU has; the map holds as many for every possible CPU. */
const volatile __u32 rules_per_cpu = 65536;

static __always_inline void count_rule(const struct slot *slot, __u32 rule, __u32 bytes, __u64 now)
{
	__u32 key = bpf_get_smp_processor_id() * rules_per_cpu + slot->rule_counter_base + rule;
	struct rule_counter *counter;

	if (rule == RULE_NONE)
		return;
	counter = bpf_map_lookup_elem(&rule_counters, &key);
	if (!counter)
		return;
	counter->packets++;
	counter->bytes += bytes;
	counter->last_hit = now;
}

/* A function of its own, verified once: there are many ways to it. */
__noinline int account(struct __sk_buff *skb, __u32 direction, __u64 now,
		       const struct decision *decision)
{
	struct slot_counters *counters;
	const struct slot *slot;
	__u32 key, index;

	if (!decision)
		return TC_ACT_SHOT;
	key = decision->slot;
	slot = bpf_map_lookup_elem(&slots, &key);
	counters = bpf_map_lookup_elem(&slot_counters, &key);
	index = (direction * VERDICT_COUNT + decision->verdict) * REASON_COUNT + decision->reason;
	if (slot && counters && index < VERDICT_COUNTER_COUNT) {
		counters->verdict[index].packets++;
		counters->verdict[index].bytes += skb->len;
		count_rule(slot, decision->rule, skb->len, now);
		count_rule(slot, decision->audited_rule, skb->len, now);
	}
	return decision->verdict == VERDICT_DROPPED || decision->verdict == VERDICT_REJECTED
		   ? TC_ACT_SHOT
		   : TC_ACT_UNSPEC;
}

#endif
