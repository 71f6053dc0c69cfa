/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The verdict on one packet. */
#ifndef EBPF_PERSONAS_LIB_DECIDE_H
#define EBPF_PERSONAS_LIB_DECIDE_H

#include "abi/decision.h"
#include "lib/active.h"
#include "lib/classify.h"
#include "lib/conntrack.h"
#include "lib/expect.h"
#include "lib/failsafe.h"
#include "lib/parse_usual.h"

/* What a slot says of a flow. */
struct judgement {
	/* The rule that made the verdict, or RULE_NONE. */
	__u32 rule;
	/* The first rule in audit mode that would have decided earlier, or RULE_NONE. */
	__u32 audited_rule;
	/* enum verdict */
	__u8 verdict;
	/* enum reason */
	__u8 reason;
	/* enum packet_direction that the flow was judged in */
	__u8 originator;
	__u8 picked_up;
	/* By the rules, whether they are carried out or not. */
	__u8 allowed;
	__u8 reserved[3];
};

/* Packets of this verdict go no further. */
static __always_inline bool is_stopped(__u8 verdict)
{
	return verdict == VERDICT_DROPPED || verdict == VERDICT_REJECTED;
}

/* From the rules that match to verdict and reason. */
static __always_inline void conclude(const struct slot *slot, const struct classification *by,
				     struct judgement *judgement)
{
	bool rule = by->rule != RULE_NONE;

	judgement->rule = by->rule;
	judgement->audited_rule = by->audited_rule;
	if (by->action != RULE_ACTION_ALLOW) {
		judgement->reason = rule ? REASON_DENIED_RULE : REASON_DEFAULT_DENY;
		judgement->verdict = slot->flags & SLOT_AUDIT		? VERDICT_AUDIT
				     : by->action == RULE_ACTION_REJECT ? VERDICT_REJECTED
									: VERDICT_DROPPED;
	} else if (by->audited_action == RULE_ACTION_DENY ||
		   by->audited_action == RULE_ACTION_REJECT) {
		judgement->reason = REASON_DENIED_RULE;
		judgement->verdict = VERDICT_AUDIT;
	} else {
		judgement->reason = rule ? REASON_ALLOWED_RULE : REASON_DEFAULT_ALLOW;
		judgement->verdict = VERDICT_FORWARDED;
	}
}

/* A function of its own, verified once: there are several ways to it. */
__noinline int judge_in_direction(const struct slot *slot, const struct packet *packet,
				  __u32 direction, struct judgement *judgement)
{
	struct classification by;
	__u16 port;

	if (!slot || !packet || !judgement)
		return 0;
	port = direction == PACKET_DIRECTION_EGRESS ? remote_port(packet) : local_port(packet);
	by = classify(slot, direction, packet->key.family, packet->key.remote,
		      lane_of(packet->key.protocol),
		      key_of(packet->key.protocol, port, packet->icmp_type, packet->icmp_code));
	judgement->originator = direction;
	judgement->allowed = by.action == RULE_ACTION_ALLOW;
	conclude(slot, &by, judgement);
	return 0;
}

/* Judges a flow; where its originator is not known, the orientation that is allowed, if one is. */
static __always_inline void judge(const struct slot *slot, const struct packet *packet,
				  __u8 direction, bool either_way, struct judgement *judgement)
{
	judge_in_direction(slot, packet, direction, judgement);
	if (either_way && !judgement->allowed) {
		struct judgement reverse = {};

		judge_in_direction(slot, packet, opposite(direction), &reverse);
		if (reverse.allowed)
			*judgement = reverse;
	}
	judgement->picked_up = either_way;
}

static __always_inline void decide_as_judged(const struct judgement *judgement,
					     struct decision *decision)
{
	decision->rule = judgement->rule;
	decision->audited_rule = judgement->audited_rule;
	decision->verdict = judgement->verdict;
	decision->reason = judgement->reason;
}

/* Remembers a flow that passes, whole, not field by field. */
static __always_inline bool keep_flow(const struct flow_key *key, const struct packet *packet,
				      __u32 epoch, __u64 now, const struct judgement *judgement)
{
	struct flow flow = {
	    .last_seen = now,
	    .epoch = epoch,
	    .rule = judgement->rule,
	    .audited_rule = judgement->audited_rule,
	    .originator = judgement->originator,
	    .verdict = judgement->verdict,
	    .reason = judgement->reason,
	    .icmp_type = packet->icmp_type,
	    .icmp_code = packet->icmp_code,
	    .picked_up = judgement->picked_up,
	};

	return bpf_map_update_elem(&flows, key, &flow, BPF_ANY) == 0;
}

/*
 * The persona changed since the flow was judged: judge it again, as its originator. Where another
 * CPU did so already, under an epoch that came after this packet read the word, its answer stays. A
 * function of its own, verified once. Makes `packet` the flow's first one, as far as rules look at
 * it.
 */
__noinline int judge_again(const struct slot *slot, struct packet *packet, const struct flow *flow,
			   __u32 epoch, struct decision *decision)
{
	struct judgement judgement = {};
	struct flow_key key;
	bool newer;

	if (!slot || !packet || !flow || !decision)
		return 0;
	/* Before Linux 6.2 a map's key must be on the function's own stack. */
	key = packet->key;
	newer = (__s32)(flow->epoch - epoch) > 0;
	packet->icmp_type = flow->icmp_type;
	packet->icmp_code = flow->icmp_code;
	judge(slot, packet, flow->originator & 1, flow->picked_up, &judgement);
	decide_as_judged(&judgement, decision);
	if (is_stopped(judgement.verdict)) {
		if (!newer)
			bpf_map_delete_elem(&flows, &key);
		decision->reason = REASON_PERSONA_SWITCH;
	} else if (!newer && !keep_flow(&key, packet, epoch, flow->last_seen, &judgement)) {
		decision->verdict = VERDICT_DROPPED;
		decision->reason = REASON_CONNTRACK_FULL;
	} else if (judgement.verdict == VERDICT_FORWARDED) {
		decision->reason = REASON_REEVALUATED;
	}
	return 0;
}

/* A packet of a flow that passed before. */
static __always_inline void decide_by_flow(const struct slot *slot, struct packet *packet,
					   struct active_persona active, const struct flow *flow,
					   struct decision *decision)
{
	if (flow->epoch != active.epoch) {
		judge_again(slot, packet, flow, active.epoch, decision);
		return;
	}
	decision->rule = flow->rule;
	decision->audited_rule = flow->audited_rule;
	decision->verdict = flow->verdict;
	decision->reason = flow->verdict == VERDICT_AUDIT ? flow->reason : REASON_ESTABLISHED;
}

static __always_inline void decide_by_rules(const struct slot *slot, const struct packet *packet,
					    struct active_persona active, __u64 now,
					    struct decision *decision)
{
	struct judgement judgement = {};

	judge(slot, packet, packet->direction, is_mid_stream(packet), &judgement);
	decide_as_judged(&judgement, decision);
	if (!is_stopped(judgement.verdict) && is_tracked(packet) && may_make_flow(packet) &&
	    !keep_flow(&packet->key, packet, active.epoch, now, &judgement)) {
		decision->verdict = VERDICT_DROPPED;
		decision->reason = REASON_CONNTRACK_FULL;
	}
}

/*
 * Reads the packet that an ICMP error quotes into `quoted`, which went the other way. False where
 * there is none, or the error goes to somebody else than the one who sent the quoted packet.
 */
__noinline bool read_quoted(struct __sk_buff *skb, const struct packet *packet,
			    struct packet *quoted)
{
	const __be32 *to, *from;

	if (!packet || !quoted)
		return false;
	to = packet->direction == PACKET_DIRECTION_EGRESS ? packet->key.remote : packet->key.local;
	from =
	    packet->direction == PACKET_DIRECTION_EGRESS ? quoted->key.remote : quoted->key.local;
	quoted->direction = opposite(packet->direction);
	quoted->key.family = packet->key.family;
	return parse(skb, packet->transport_offset + 8, true, quoted) == PARSE_OK &&
	       !((to[0] ^ from[0]) | (to[1] ^ from[1]) | (to[2] ^ from[2]) | (to[3] ^ from[3]));
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

/* `quoted` is the packet that an ICMP error quotes, or NULL. */
static __always_inline void decide_by_persona(const struct slot *slot, struct packet *packet,
					      struct packet *quoted, struct active_persona active,
					      __u64 now, struct decision *decision)
{
	struct flow *flow = NULL;
	bool related = false;

	/* 1. An ICMP error belongs to the flow that it quotes, and does not refresh it: anybody can
	 * send one. */
	if (quoted && is_tracked(quoted)) {
		flow = find_flow(&quoted->key, now);
		if (flow) {
			*packet = *quoted;
			related = true;
		}
	}
	/* 2. A flow that passed goes on; under a new persona it is judged again. */
	if (!flow && is_tracked(packet) && !begins_anew(packet)) {
		flow = find_flow(&packet->key, now);
		if (flow)
			flow->last_seen = now;
	}
	/* 3. Everything else is judged by the rules. */
	if (!flow)
		decide_by_rules(slot, packet, active, now, decision);
	else
		decide_by_flow(slot, packet, active, flow, decision);
	if (related && decision->verdict == VERDICT_FORWARDED)
		decision->reason = REASON_RELATED_ICMP;
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

static __always_inline struct decision decide(struct __sk_buff *skb, __u8 direction, __u64 now)
{
	struct packet packet = {.direction = direction}, quoted = {};
	struct decision decision = {};
	struct active_persona active = read_active_word();
	const struct slot *slot = bpf_map_lookup_elem(&slots, &active.slot);
	bool quotes;

	decision.slot = active.slot;
	decision.rule = RULE_NONE;
	decision.audited_rule = RULE_NONE;
	decision.verdict = VERDICT_DROPPED;
	if (!slot)
		return decision;

	/* 1. ARP, without which there is no IPv4. */
	if (skb->protocol == bpf_htons(ETH_P_ARP)) {
		bool arp = is_arp(skb);

		decision.verdict = arp ? VERDICT_FORWARDED : VERDICT_DROPPED;
		decision.reason = arp ? REASON_FAILSAFE : REASON_INVALID_PACKET;
	} else if (read_packet(skb, &packet, &decision)) {
		/* 2. The failsafe, before any persona is asked, the ICMP errors about its packets,
		 * and our own answers. */
		quotes = is_icmp_error(&packet) && read_quoted(skb, &packet, &quoted);
		if (is_failsafe(&packet) || (quotes && is_failsafe(&quoted)) ||
		    is_expected_answer(skb, &packet, now)) {
			decision.verdict = VERDICT_FORWARDED;
			decision.reason = REASON_FAILSAFE;
		} else {
			/* 3. The persona. */
			decide_by_persona(slot, &packet, quotes ? &quoted : NULL, active, now,
					  &decision);
		}
	} else if (slot->flags & SLOT_AUDIT) {
		decision.verdict = VERDICT_AUDIT;
	}
	/* 4. Without a persona everything passes, and is counted as such. */
	if ((slot->flags & SLOT_NO_PERSONA) && decision.reason != REASON_FAILSAFE) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_NO_PERSONA;
	}
	return decision;
}

#endif
