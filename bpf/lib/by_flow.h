/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The verdict on a packet of a flow that passed before. */
#ifndef EBPF_PERSONAS_LIB_BY_FLOW_H
#define EBPF_PERSONAS_LIB_BY_FLOW_H

#include "lib/conntrack.h"
#include "lib/judge.h"

/*
 * Writes down what the persona of an epoch says of a flow, unless another CPU did so already under
 * a later one. Each word is written at once and names its epoch: whoever reads while this writes
 * sees one that is not the packet's, and judges itself.
 */
static __always_inline void remember_judgement(struct flow *flow, __u64 seen,
					       const struct decision *decision, __u32 epoch)
{
	*(volatile __u64 *)&flow->audited = audited_word(decision, epoch);
	if ((__u32)(seen >> 32) != epoch)
		__sync_val_compare_and_swap(&flow->judged, seen, judged_word(decision, epoch));
}

/* Passes although the rules say otherwise, as an established connection under a persona that keeps
 * those that it finds. */
static __always_inline bool is_kept(const struct slot *slot, const struct flow *flow)
{
	return (slot->flags & SLOT_KEEP_ESTABLISHED) && (flow->marks & FLOW_ANSWERED);
}

/*
 * The persona changed since the flow was judged: judge it again, as its originator. Where another
 * CPU did so already, under an epoch that came after this packet read the word, its answer stays. A
 * function of its own, verified once. Makes `packet` the flow's first one, as far as rules look at
 * it.
 */
__noinline int judge_again(const struct slot *slot, struct packet *packet, struct flow *flow,
			   __u32 epoch, struct decision *decision)
{
	struct judgement judgement = {};
	__u64 seen;

	if (!slot || !packet || !flow || !decision)
		return 0;
	seen = *(volatile __u64 *)&flow->judged;
	packet->icmp_type = flow->icmp_type;
	packet->icmp_code = flow->icmp_code;
	judge(slot, packet, flow->originator & 1, flow->marks & FLOW_PICKED_UP, &judgement);
	note_asked(packet, flow->originator, flow->marks & FLOW_PICKED_UP, judgement.verdict);
	decide_as_judged(&judgement, decision);
	if (is_stopped(judgement.verdict) && is_kept(slot, flow)) {
		packet->asked &= ~ASKED_AND_STOPPED;
		decision->rule = RULE_NONE;
		decision->audited_rule = RULE_NONE;
		decision->verdict = VERDICT_FORWARDED;
		decision->reason = REASON_ESTABLISHED;
	}
	if (!is_stopped(decision->verdict)) {
		if ((__s32)((__u32)(seen >> 32) - epoch) <= 0)
			remember_judgement(flow, seen, decision, epoch);
		if (decision->verdict == VERDICT_FORWARDED &&
		    decision->reason != REASON_ESTABLISHED)
			decision->reason = REASON_REEVALUATED;
		return 0;
	}
	decision->reason = REASON_PERSONA_SWITCH;
	if ((__s32)((__u32)(seen >> 32) - epoch) <= 0)
		forget_flow(packet, false);
	return 0;
}

/*
 * What is known of a flow, if the packet's persona judged it. False where another one did, or where
 * the element has become another flow's meanwhile.
 */
static __always_inline bool decide_as_known(const struct flow *flow, __u64 owner, __u32 epoch,
					    struct decision *decision)
{
	__u64 judged = *(volatile const __u64 *)&flow->judged;
	__u32 low = judged;
	__u64 audited;

	if (judged >> 32 != epoch)
		return false;
	decision->rule = (low & JUDGED_RULE) == JUDGED_RULE ? RULE_NONE : low & JUDGED_RULE;
	decision->verdict = low >> JUDGED_VERDICT_SHIFT & 3;
	decision->reason = decision->verdict == VERDICT_AUDIT ? low >> JUDGED_REASON_SHIFT & 31
							      : REASON_ESTABLISHED;
	if (low & JUDGED_AUDITED) {
		audited = *(volatile const __u64 *)&flow->audited;
		if (audited >> 32 != epoch)
			return false;
		decision->audited_rule = audited;
	}
	return *(volatile const __u64 *)&flow->owner == owner;
}

/* False where the element has become another flow's meanwhile: then there is none. */
static __always_inline bool decide_by_flow(const struct slot *slot, struct packet *packet,
					   struct flow *flow, __u32 epoch,
					   struct decision *decision)
{
	__u64 owner = owner_of(&packet->key);

	if (decide_as_known(flow, owner, epoch, decision))
		return true;
	if (*(volatile const __u64 *)&flow->owner != owner)
		return false;
	judge_again(slot, packet, flow, epoch, decision);
	return true;
}

/* A segment that the connection does not allow. False where the element has become another flow's
 * meanwhile. */
static __always_inline bool refuse_segment(const struct flow *flow, const struct packet *packet,
					   struct decision *decision)
{
	if (*(volatile const __u64 *)&flow->owner != owner_of(&packet->key))
		return false;
	refuse(decision, REASON_INVALID_PACKET);
	return true;
}

/*
 * A packet of a confirmed flow; false where there is none, or where it may answer a SYN that would
 * begin the connection anew. Nearly every packet is one, so this is
 * in line.
 */
static __always_inline bool decide_by_confirmed(const struct slot *slot, struct packet *packet,
						__u32 epoch, struct decision *decision)
{
	struct flow *flow = find_confirmed(&packet->key, packet->time);
	struct tcp_side *sender, *receiver;
	bool belongs = true;

	if (!flow)
		return false;
	sender = sender_of(flow, packet->direction);
	receiver = receiver_of(flow, packet->direction);
	if (is_segment(packet))
		belongs = is_in_window(flow, packet, sender, receiver);
	if (!belongs && must_be_in_window(flow->marks, packet))
		return !answers_syn(packet) && refuse_segment(flow, packet, decision);
	if (!decide_by_flow(slot, packet, flow, epoch, decision))
		return false;
	if (!belongs || is_stopped(decision->verdict) || (flow->marks & FLOW_RESET))
		return true;
	see_flow(flow, packet->time);
	if (!is_segment(packet))
		return true;
	if (resets(packet))
		note_reset(flow, packet, sender);
	else
		note_segment(flow, packet, sender, receiver);
	return true;
}

/* A segment that belongs to a new flow, which passes, changes it. True where it confirms it. */
static __always_inline bool note_new_segment(struct flow *flow, const struct packet *packet,
					     struct tcp_side *sender, struct tcp_side *receiver)
{
	bool originator = packet->direction == flow->originator;

	if (!(flow->marks & (FLOW_ANSWERED | FLOW_PICKED_UP))) {
		if (resets(packet))
			mark_flow(flow, FLOW_RESET);
		else if (!originator)
			note_answer(flow, packet, sender, receiver);
		return false;
	}
	if (resets(packet)) {
		note_reset(flow, packet, sender);
		return false;
	}
	note_segment(flow, packet, sender, receiver);
	if (!originator)
		mark_flow(flow, FLOW_ANSWERED);
	return originator && (flow->marks & FLOW_ANSWERED) && (packet->tcp_flags & TCP_ACK);
}

static __always_inline bool note_new(struct flow *flow, const struct packet *packet,
				     struct tcp_side *sender, struct tcp_side *receiver)
{
	if (packet->later_fragment)
		return false;
	if (is_segment(packet))
		return note_new_segment(flow, packet, sender, receiver);
	if (packet->direction != flow->originator) {
		mark_flow(flow, FLOW_ANSWERED);
		return false;
	}
	/*
	 * Of what came in, only TCP has shown that its originator is where it says. What is lost is
	 * judged again as what it was, a beginning that is allowed.
	 */
	return (flow->marks & FLOW_ANSWERED) && flow->originator == PACKET_DIRECTION_EGRESS;
}

/*
 * A packet of a flow that is not confirmed; false where there is none. A function of its own,
 * verified once.
 */
__noinline int decide_by_new(const struct slot *slot, struct packet *packet, struct flow *flow,
			     __u32 epoch, struct decision *decision)
{
	struct tcp_side *sender, *receiver;
	bool belongs = true, opening;

	if (!slot || !packet || !flow || !decision)
		return false;
	sender = sender_of(flow, packet->direction);
	receiver = receiver_of(flow, packet->direction);
	opening = !(flow->marks & (FLOW_ANSWERED | FLOW_PICKED_UP));
	if (is_segment(packet))
		belongs = opening ? is_of_opening(flow, packet, sender, receiver)
				  : is_in_window(flow, packet, sender, receiver);
	/* Whoever began may give up where the answer was that of an older connection. */
	if (!belongs && must_be_in_window(flow->marks, packet) &&
	    !(opening && packet->direction == flow->originator && resets(packet)))
		return refuse_segment(flow, packet, decision);
	if (!decide_by_flow(slot, packet, flow, epoch, decision))
		return false;
	if (!belongs || is_stopped(decision->verdict) || (flow->marks & FLOW_RESET))
		return true;
	see_flow(flow, packet->time);
	if (note_new(flow, packet, sender, receiver) && !confirm_flow(packet))
		refuse(decision, REASON_CONNTRACK_FULL);
	else if (opening && (flow->marks & FLOW_ANSWERED) && is_segment(packet))
		/* An older connection of these ports is not any more. */
		forget_flow(packet, true);
	return true;
}

/* Whether a flow, if there is one, says what becomes of the packet. */
static __always_inline bool follows_flow(const struct packet *packet)
{
	return is_tracked(packet) && !begins_anew(packet);
}

/*
 * The flow of the packet that an ICMP error quotes; false where there is none any more. A function
 * of its own, verified once.
 */
__noinline int decide_by_quoted(const struct slot *slot, struct packet *packet, __u32 epoch,
				struct decision *decision)
{
	struct flow_key key;
	struct flow *flow;

	if (!slot || !packet || !decision)
		return false;
	/* Before Linux 6.2 a map's key must be on the function's own stack. */
	key = packet->key;
	flow = find_confirmed(&key, packet->time);
	if (!flow)
		flow = find_new(&key, packet->time);
	if (!flow || !decide_by_flow(slot, packet, flow, epoch, decision))
		return false;
	if (decision->verdict == VERDICT_FORWARDED)
		decision->reason = REASON_RELATED_ICMP;
	return true;
}

#endif
