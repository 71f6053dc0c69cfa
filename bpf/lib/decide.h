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
	decide_as_judged(&judgement, decision);
	if (is_stopped(judgement.verdict) && is_kept(slot, flow)) {
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
	if (!belongs || packet->quoted || is_stopped(decision->verdict) ||
	    (flow->marks & FLOW_RESET))
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
	if (!belongs || packet->quoted || is_stopped(decision->verdict) ||
	    (flow->marks & FLOW_RESET))
		return true;
	see_flow(flow, packet->time);
	if (note_new(flow, packet, sender, receiver) && !confirm_flow(packet))
		refuse(decision, REASON_CONNTRACK_FULL);
	else if (opening && (flow->marks & FLOW_ANSWERED) && is_segment(packet))
		/* An older connection of these ports is not any more. */
		forget_flow(packet, true);
	return true;
}

static __always_inline void decide_by_rules(const struct slot *slot, const struct packet *packet,
					    __u32 epoch, struct decision *decision)
{
	struct judgement judgement = {};

	judge(slot, packet, packet->direction, is_mid_stream(packet), &judgement);
	decide_as_judged(&judgement, decision);
	if (!is_stopped(judgement.verdict) && is_tracked(packet) && may_make_flow(packet) &&
	    !begin_flow(packet, decision, epoch))
		refuse(decision, REASON_CONNTRACK_FULL);
}

/* What an ICMP error is about. */
enum relation {
	RELATED_TO_NOTHING = 0,
	RELATED_TO_FAILSAFE,
	RELATED_TO_FLOW,
};

/* RFC 5927 section 4.1: the segment that it quotes must be one that may still be under way. */
static __always_inline bool may_be_under_way(const struct flow *flow, const struct packet *quoted)
{
	const struct tcp_side *sender = &flow->side[quoted->direction & 1];
	const struct tcp_side *receiver = &flow->side[opposite(quoted->direction & 1)];

	if (!is_segment(quoted) || (flow->marks & FLOW_PICKED_UP))
		return true;
	return !is_after(quoted->sequence, sender->end) &&
	       !is_after(sender->end - larger(receiver->max_window, ACK_WINDOW_MIN),
			 quoted->sequence);
}

/* Whether a packet that is quoted is of a flow that lives. */
__noinline int is_of_live_flow(const struct packet *quoted)
{
	struct flow_key key;
	struct flow *flow;

	if (!quoted || !is_tracked(quoted))
		return false;
	key = quoted->key;
	flow = find_confirmed(&key, quoted->time);
	if (!flow)
		flow = find_new(&key, quoted->time);
	return flow && flow->owner == owner_of(&key) && may_be_under_way(flow, quoted);
}

/*
 * What an ICMP error is about: it belongs to the flow of the packet that it quotes, which went the
 * other way, if it goes to the one who sent that. Then `packet` becomes that one. A function of its
 * own, verified once.
 */
__noinline int relate(struct __sk_buff *skb, struct packet *packet)
{
	struct packet quoted = {};
	const __be32 *to, *from;

	if (!packet)
		return RELATED_TO_NOTHING;
	to = packet->direction == PACKET_DIRECTION_EGRESS ? packet->key.remote : packet->key.local;
	from = packet->direction == PACKET_DIRECTION_EGRESS ? quoted.key.remote : quoted.key.local;
	quoted.direction = opposite(packet->direction);
	quoted.key.family = packet->key.family;
	quoted.time = packet->time;
	if (parse(skb, packet->transport_offset + 8, true, &quoted) != PARSE_OK ||
	    ((to[0] ^ from[0]) | (to[1] ^ from[1]) | (to[2] ^ from[2]) | (to[3] ^ from[3])))
		return RELATED_TO_NOTHING;
	if (is_failsafe(&quoted))
		return RELATED_TO_FAILSAFE;
	if (!is_of_live_flow(&quoted))
		return RELATED_TO_NOTHING;
	*packet = quoted;
	packet->quoted = true;
	return RELATED_TO_FLOW;
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

static __always_inline bool decide_by_any_flow(const struct slot *slot, struct packet *packet,
					       __u32 epoch, struct decision *decision)
{
	struct flow *flow;

	if (decide_by_confirmed(slot, packet, epoch, decision))
		return true;
	flow = find_new(&packet->key, packet->time);
	return flow && decide_by_new(slot, packet, flow, epoch, decision);
}

static __always_inline void decide_by_persona(const struct slot *slot, struct packet *packet,
					      __u32 epoch, struct decision *decision)
{
	/* 1. A flow that passed goes on; under a new persona it is judged again. */
	if (is_tracked(packet) && !begins_anew(packet) &&
	    decide_by_any_flow(slot, packet, epoch, decision)) {
		if (packet->quoted && decision->verdict == VERDICT_FORWARDED)
			decision->reason = REASON_RELATED_ICMP;
		return;
	}
	/* 2. Everything else is judged by the rules. */
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
		bool arp = is_arp(skb);

		decision.verdict = arp ? VERDICT_FORWARDED : VERDICT_DROPPED;
		decision.reason = arp ? REASON_FAILSAFE : REASON_INVALID_PACKET;
	} else if (read_packet(skb, &packet, &decision)) {
		/* 2. The failsafe, before any persona is asked, our own answers, and the ICMP
		 * errors about packets of the failsafe. */
		if (is_failsafe(&packet) || is_expected_answer(skb, &packet, now) ||
		    (is_icmp_error(&packet) && relate(skb, &packet) == RELATED_TO_FAILSAFE)) {
			decision.verdict = VERDICT_FORWARDED;
			decision.reason = REASON_FAILSAFE;
		} else {
			/* 3. The persona. */
			decide_by_persona(slot, &packet, active.epoch, &decision);
		}
	}
	if ((slot->flags & SLOT_AUDIT) && decision.verdict == VERDICT_DROPPED)
		decision.verdict = VERDICT_AUDIT;
	/* 4. Without a persona everything passes, and is counted as such. */
	if ((slot->flags & SLOT_NO_PERSONA) && decision.reason != REASON_FAILSAFE) {
		decision.verdict = VERDICT_FORWARDED;
		decision.reason = REASON_NO_PERSONA;
	}
	return decision;
}

#endif
