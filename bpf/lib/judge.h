/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the rules of a slot say of a flow. */
#ifndef EBPF_PERSONAS_LIB_JUDGE_H
#define EBPF_PERSONAS_LIB_JUDGE_H

#include "abi/decision.h"
#include "lib/classify.h"
#include "lib/packet.h"

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
	/* By the rules, whether they are carried out or not. */
	__u8 allowed;
	__u8 reserved;
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
}

/* For whoever asks other rules the same. */
static __always_inline void note_asked(struct packet *packet, __u8 direction, bool either_way,
				       __u8 verdict)
{
	packet->asked =
	    (direction == PACKET_DIRECTION_EGRESS ? ASKED_FOR_EGRESS : ASKED_FOR_INGRESS) |
	    (either_way ? ASKED_EITHER_WAY : 0) | (is_stopped(verdict) ? ASKED_AND_STOPPED : 0);
}

static __always_inline void decide_as_judged(const struct judgement *judgement,
					     struct decision *decision)
{
	decision->rule = judgement->rule;
	decision->audited_rule = judgement->audited_rule;
	decision->verdict = judgement->verdict;
	decision->reason = judgement->reason;
}

static __always_inline void refuse(struct decision *decision, enum reason reason)
{
	decision->verdict = VERDICT_DROPPED;
	decision->reason = reason;
}

#endif
