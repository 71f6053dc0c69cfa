/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The verdict on one packet. */
#ifndef EBPF_PERSONAS_LIB_DECIDE_H
#define EBPF_PERSONAS_LIB_DECIDE_H

#include "lib/active.h"
#include "lib/by_flow.h"
#include "lib/expect.h"
#include "lib/parse_usual.h"
#include "lib/relate.h"
#include "lib/shadow.h"

static __always_inline void decide_by_rules(const struct slot *slot, struct packet *packet,
					    __u32 epoch, struct decision *decision)
{
	struct judgement judgement = {};

	judge(slot, packet, packet->direction, is_mid_stream(packet), &judgement);
	decide_as_judged(&judgement, decision);
	note_asked(packet, packet->direction, is_mid_stream(packet), judgement.verdict);
	if (!is_stopped(judgement.verdict) && is_tracked(packet) && may_make_flow(packet) &&
	    !begin_flow(packet, decision, epoch))
		refuse(decision, REASON_CONNTRACK_FULL);
}

static __always_inline enum reason parse_failure(enum parse_result result)
{
	switch (result) {
	case PARSE_FRAGMENT:
		return REASON_FRAGMENT;
	case PARSE_TRUNCATED:
		return REASON_TRUNCATED;
	case PARSE_UNKNOWN_PROTOCOL:
		return REASON_UNKNOWN_PROTOCOL;
	case PARSE_SPOOFED:
		return REASON_SPOOFED_SOURCE;
	default:
		return REASON_INVALID_PACKET;
	}
}

static __always_inline void decide_by_persona(struct __sk_buff *skb, const struct slot *slot,
					      struct packet *packet, __u32 epoch,
					      struct decision *decision)
{
	struct flow *flow = NULL;
	int reason;

	/* 1. A flow that passed goes on; under a new persona it is judged again. Of the confirmed
	 * ones there is none, or it would have been found before. */
	if (packet->quoted) {
		if (decide_by_quoted(slot, packet, epoch, decision))
			return;
	} else if (follows_flow(packet)) {
		flow = find_new(&packet->key, packet->time);
	}
	if (flow && decide_by_new(slot, packet, flow, epoch, decision))
		return;
	/* 2. Nobody begins anything with addresses that are not his. */
	reason = check_addresses(skb, packet);
	if (reason) {
		refuse(decision, reason);
		return;
	}
	/* 3. Everything else is judged by the rules. */
	decide_by_rules(slot, packet, epoch, decision);
}

/* Reads an IP packet; false with a reason where that cannot be done. */
static __always_inline bool read_packet(struct __sk_buff *skb, struct packet *packet,
					struct decision *decision)
{
	enum parse_result parsed;

	if (skb->protocol != bpf_htons(ETH_P_IP) && skb->protocol != bpf_htons(ETH_P_IPV6)) {
		decision->reason = REASON_UNSUPPORTED_ETHERTYPE;
		return false;
	}
	packet->key.family =
	    skb->protocol == bpf_htons(ETH_P_IPV6) ? ADDRESS_FAMILY_IPV6 : ADDRESS_FAMILY_IPV4;
	if (parse_usual(skb, packet))
		return true;
	parsed = parse(skb, 0, false, packet);
	if (parsed != PARSE_OK) {
		decision->reason = parse_failure(parsed);
		return false;
	}
	return true;
}

static __always_inline bool is_always_let_through(struct __sk_buff *skb, struct packet *packet)
{
	return is_failsafe(packet) || is_expected_answer(skb, packet, packet->time) ||
	       (is_icmp_error(packet) && relate(skb, packet) == RELATED_TO_FAILSAFE);
}

static __always_inline void let_through(struct decision *decision)
{
	decision->rule = RULE_NONE;
	decision->audited_rule = RULE_NONE;
	decision->verdict = VERDICT_FORWARDED;
	decision->reason = REASON_FAILSAFE;
}

static __always_inline struct decision decide(struct __sk_buff *skb, __u8 direction, __u64 now)
{
	struct packet packet = {.direction = direction, .time = now};
	struct decision decision = {};
	struct active_persona active = read_active_word();
	const struct slot *slot = bpf_map_lookup_elem(&slots, &active.slot);

	decision.slot = active.slot;
	decision.rule = RULE_NONE;
	decision.audited_rule = RULE_NONE;
	decision.verdict = VERDICT_DROPPED;
	if (!slot)
		return decision;

	/* 1. ARP, without which there is no IPv4. */
	if (skb->protocol == bpf_htons(ETH_P_ARP)) {
		int reason = check_arp(skb, direction);

		if (reason)
			refuse(&decision, reason);
		else
			let_through(&decision);
	} else if (read_packet(skb, &packet, &decision)) {
		/* 2. A confirmed flow that passes, which nearly every packet is of. */
		bool known = follows_flow(&packet) &&
			     decide_by_confirmed(slot, &packet, active.epoch, &decision);

		/* 3. Before anything is stopped, and before any persona is asked: the failsafe, our
		 * own answers, and the ICMP errors about packets of the failsafe. */
		if (!known || is_stopped(decision.verdict)) {
			if (is_always_let_through(skb, &packet))
				let_through(&decision);
			else if (!known)
				/* 4. The persona. */
				decide_by_persona(skb, slot, &packet, active.epoch, &decision);
		}
	}
	if (packet.asked)
		compare_with_shadow(&packet);
	if ((slot->flags & SLOT_AUDIT) && decision.verdict == VERDICT_DROPPED)
		decision.verdict = VERDICT_AUDIT;
	/* 5. Without a persona everything passes, and is counted as such. */
	if ((slot->flags & SLOT_NO_PERSONA) && decision.reason != REASON_FAILSAFE) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_NO_PERSONA;
	}
	if (packet.first_fragment && !packet.quoted && !is_stopped(decision.verdict))
		remember_first_fragment(&packet);
	return decision;
}

#endif
