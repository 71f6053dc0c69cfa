/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The verdict on one packet. */
#ifndef EBPF_PERSONAS_LIB_DECIDE_H
#define EBPF_PERSONAS_LIB_DECIDE_H

#include "abi/decision.h"
#include "lib/active.h"
#include "lib/classify.h"
#include "lib/conntrack.h"
#include "lib/failsafe.h"
#include "lib/parse.h"

/* What a slot says of a flow. */
struct judgement {
	struct classification classification;
	/* enum packet_direction that the flow was judged in */
	__u8 originator;
	__u8 picked_up;
};

static __always_inline bool is_allowed(const struct judgement *judgement)
{
	return judgement->classification.action == RULE_ACTION_ALLOW;
}

/* Not inlined: a packet may need it twice, and verifiers count instructions. */
static __noinline void judge_in_direction(const struct slot *slot, const struct packet *packet,
					  __u8 direction, struct judgement *judgement)
{
	struct first_packet first = {
		.direction = direction,
		.family = packet->key.family,
		.protocol = packet->key.protocol,
		.icmp_type = packet->icmp_type,
		.icmp_code = packet->icmp_code,
		.port = direction == PACKET_DIRECTION_EGRESS ? packet->remote_port :
							       packet->local_port,
	};

	__builtin_memcpy(first.peer, packet->key.remote, sizeof(first.peer));
	judgement->classification = classify(slot, &first);
	judgement->originator = direction;
}

/* Judges a flow; where its originator is not known, the orientation that is allowed, if one is. */
static __always_inline void judge(const struct slot *slot, const struct packet *packet,
				  __u8 direction, bool either_way, struct judgement *judgement)
{
	judge_in_direction(slot, packet, direction, judgement);
	judgement->picked_up = either_way;
	if (either_way && !is_allowed(judgement)) {
		struct judgement reverse;

		judge_in_direction(slot, packet, opposite(direction), &reverse);
		if (is_allowed(&reverse)) {
			judgement->classification = reverse.classification;
			judgement->originator = reverse.originator;
		}
	}
}

/* From a judgement to verdict and reason. */
static __always_inline void conclude(const struct slot *slot, const struct judgement *judgement,
				     struct decision *decision)
{
	const struct classification *by = &judgement->classification;
	bool rule = by->rule != RULE_NONE;

	decision->rule = by->rule;
	decision->audited_rule = by->audited_rule;
	if (by->action != RULE_ACTION_ALLOW) {
		decision->reason = rule ? REASON_DENIED_RULE : REASON_DEFAULT_DENY;
		decision->verdict = slot->flags & SLOT_AUDIT ? VERDICT_AUDIT : VERDICT_DROPPED;
	} else if (by->audited_action == RULE_ACTION_DENY ||
		   by->audited_action == RULE_ACTION_REJECT) {
		decision->reason = REASON_DENIED_RULE;
		decision->verdict = VERDICT_AUDIT;
	} else {
		decision->reason = rule ? REASON_ALLOWED_RULE : REASON_DEFAULT_ALLOW;
		decision->verdict = VERDICT_FORWARDED;
	}
}

/* Remembers a flow that passes, whole: another CPU sees the flow as it was or as it is. */
static __always_inline bool keep_flow(const struct packet *packet, __u32 epoch, __u64 now,
				      const struct judgement *judgement,
				      const struct decision *decision)
{
	struct flow flow = {
		.last_seen = now,
		.epoch = epoch,
		.rule = decision->rule,
		.audited_rule = decision->audited_rule,
		.originator = judgement->originator,
		.verdict = decision->verdict,
		.reason = decision->reason,
		.icmp_type = packet->icmp_type,
		.icmp_code = packet->icmp_code,
		.picked_up = judgement->picked_up,
	};

	return bpf_map_update_elem(&flows, &packet->key, &flow, BPF_ANY) == 0;
}

/* A packet of a flow that passed before. */
static __always_inline void decide_by_flow(const struct slot *slot, const struct packet *packet,
					   struct active_persona active, __u64 now,
					   struct flow *flow, struct decision *decision)
{
	struct judgement judgement;
	struct packet first = *packet;

	if (flow->epoch == active.epoch) {
		decision->rule = flow->rule;
		decision->audited_rule = flow->audited_rule;
		decision->verdict = flow->verdict;
		decision->reason = flow->verdict == VERDICT_AUDIT ? flow->reason :
								    REASON_ESTABLISHED;
		return;
	}
	/* The persona changed since: judge the flow again, as its originator. */
	first.icmp_type = flow->icmp_type;
	first.icmp_code = flow->icmp_code;
	judge(slot, &first, flow->originator & 1, flow->picked_up, &judgement);
	conclude(slot, &judgement, decision);
	if (decision->verdict == VERDICT_DROPPED) {
		bpf_map_delete_elem(&flows, &packet->key);
		decision->reason = REASON_PERSONA_SWITCH;
	} else if (!keep_flow(&first, active.epoch, now, &judgement, decision)) {
		decision->verdict = VERDICT_DROPPED;
		decision->reason = REASON_CONNTRACK_FULL;
	} else if (decision->verdict == VERDICT_FORWARDED) {
		decision->reason = REASON_REEVALUATED;
	}
}

static __always_inline void decide_by_rules(const struct slot *slot, const struct packet *packet,
					    struct active_persona active, __u64 now,
					    struct decision *decision)
{
	struct judgement judgement;

	judge(slot, packet, packet->direction, is_mid_stream(packet), &judgement);
	conclude(slot, &judgement, decision);
	if (decision->verdict != VERDICT_DROPPED && is_tracked(packet) && may_make_flow(packet) &&
	    !keep_flow(packet, active.epoch, now, &judgement, decision)) {
		decision->verdict = VERDICT_DROPPED;
		decision->reason = REASON_CONNTRACK_FULL;
	}
}

/* The flow whose packet an ICMP error quotes, with that packet in `quoted`; NULL where there is none. */
static __always_inline struct flow *find_quoted_flow(struct __sk_buff *skb,
						     const struct packet *packet,
						     struct packet *quoted, __u64 now)
{
	/* The quoted packet went the other way. */
	quoted->direction = opposite(packet->direction);
	if (parse_at(skb, packet->transport_offset + 8, packet->key.family, true, quoted) !=
		    PARSE_OK ||
	    !is_tracked(quoted))
		return NULL;
	return find_flow(&quoted->key, now);
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
	default:
		return REASON_INVALID_PACKET;
	}
}

static __always_inline void decide_by_persona(struct __sk_buff *skb, const struct slot *slot,
					      const struct packet *packet,
					      struct active_persona active, __u64 now,
					      struct decision *decision)
{
	struct packet quoted = {};
	struct flow *flow;

	/* 1. An ICMP error belongs to the flow that it quotes, but does not keep it alive: anybody can send one. */
	if (is_icmp_error(packet)) {
		flow = find_quoted_flow(skb, packet, &quoted, now);
		if (flow) {
			decide_by_flow(slot, &quoted, active, now, flow, decision);
			if (decision->verdict == VERDICT_FORWARDED)
				decision->reason = REASON_RELATED_ICMP;
			return;
		}
	}
	/* 2. A flow that passed goes on; under a new persona it is judged again. */
	if (is_tracked(packet) && !begins_anew(packet)) {
		flow = find_flow(&packet->key, now);
		if (flow) {
			flow->last_seen = now;
			decide_by_flow(slot, packet, active, now, flow, decision);
			return;
		}
	}
	/* 3. Everything else is judged by the rules. */
	decide_by_rules(slot, packet, active, now, decision);
}

static __always_inline struct decision decide(struct __sk_buff *skb, __u8 direction, __u64 now)
{
	struct packet packet = { .direction = direction };
	struct decision decision = {
		.rule = RULE_NONE,
		.audited_rule = RULE_NONE,
		.verdict = VERDICT_DROPPED,
	};
	enum parse_result parsed = PARSE_OK;
	struct active_persona active = read_active_word();
	const struct slot *slot = bpf_map_lookup_elem(&slots, &active.slot);

	decision.slot = active.slot;
	if (!slot)
		return decision;

	/* 1. What is not IP: ARP is the failsafe's, the rest is nobody's. */
	if (skb->protocol == bpf_htons(ETH_P_ARP)) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_FAILSAFE;
		return decision;
	}
	if (skb->protocol == bpf_htons(ETH_P_IP))
		parsed = parse_at(skb, 0, ADDRESS_FAMILY_IPV4, false, &packet);
	else if (skb->protocol == bpf_htons(ETH_P_IPV6))
		parsed = parse_at(skb, 0, ADDRESS_FAMILY_IPV6, false, &packet);
	else
		decision.reason = REASON_UNSUPPORTED_ETHERTYPE;
	if (parsed != PARSE_OK)
		decision.reason = parse_failure(parsed);

	if (parsed == PARSE_OK && decision.reason != REASON_UNSUPPORTED_ETHERTYPE) {
		/* 2. The failsafe, before any persona is asked. */
		if (is_failsafe(&packet)) {
			decision.verdict = VERDICT_FORWARDED;
			decision.reason = REASON_FAILSAFE;
			return decision;
		}
		/* 3. The persona. */
		decide_by_persona(skb, slot, &packet, active, now, &decision);
	} else if (slot->flags & SLOT_AUDIT) {
		decision.verdict = VERDICT_AUDIT;
	}
	/* 4. Without a persona everything passes, and is counted as such. */
	if (slot->flags & SLOT_NO_PERSONA) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_NO_PERSONA;
	}
	return decision;
}

#endif
