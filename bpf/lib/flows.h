/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* One flow: whose it is, how long it lives, and what was said of it. */
#ifndef EBPF_PERSONAS_LIB_FLOWS_H
#define EBPF_PERSONAS_LIB_FLOWS_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/decision.h"
#include "abi/flow.h"
#include "abi/policy.h"
#include "kernel/net.h"
#include "lib/clock.h"
#include "lib/packet.h"

/* Idle times in seconds, after which a flow is forgotten. TCP is opening until it is confirmed,
 * closing after a FIN, and closed after both or a RST. */
const volatile __u32 tcp_opening_s = 60;
const volatile __u32 tcp_established_s = 86400;
const volatile __u32 tcp_closing_s = 120;
const volatile __u32 tcp_closed_s = 10;
/* The others before and after they were answered. */
const volatile __u32 unanswered_s = 30;
const volatile __u32 udp_s = 120;
const volatile __u32 icmp_s = 30;
const volatile __u32 other_s = 600;

/*
 * The maps use elements again while a program still holds a pointer to one: whoever found a flow
 * looks here, after it read the rest, whether it is still the one that it asked for.
 */
static __always_inline __u64 owner_of(const struct flow_key *key)
{
	const __u64 *word = (const void *)key;
	__u64 owner = word[4] + 1;

	/* The last 4 octets repeat; the multiplier is Knuth's, of 64-bit congruential generators.
	 */
	owner = owner * 6364136223846793005ULL + (word[0] ^ word[2]);
	owner = owner * 6364136223846793005ULL + (word[1] ^ (word[3] << 1 | word[3] >> 63));
	return owner ^ *(const __u32 *)&key->protocol;
}

static __always_inline bool is_closed(__u32 marks)
{
	__u32 fins = FLOW_FIN_INGRESS | FLOW_FIN_EGRESS;

	return (marks & FLOW_RESET) || (marks & fins) == fins;
}

static __always_inline __u32 tcp_timeout_s(__u32 marks)
{
	if (is_closed(marks))
		return tcp_closed_s;
	if (!(marks & FLOW_CONFIRMED))
		return tcp_opening_s;
	return marks & (FLOW_FIN_INGRESS | FLOW_FIN_EGRESS) ? tcp_closing_s : tcp_established_s;
}

static __always_inline __u32 other_timeout_s(__u8 protocol, __u32 marks)
{
	if (!(marks & FLOW_ANSWERED))
		return unanswered_s;
	if (protocol == IPPROTO_UDP)
		return udp_s;
	return is_icmp(protocol) ? icmp_s : other_s;
}

static __always_inline __u32 flow_timeout_s(__u8 protocol, __u32 marks)
{
	__u32 seconds =
	    protocol == IPPROTO_TCP ? tcp_timeout_s(marks) : other_timeout_s(protocol, marks);

	/* Whichever it is: the verifier need not follow each from here on. */
	barrier_var(seconds);
	return seconds;
}

/* Signed: another CPU, with a later clock tick, may have seen the flow after `now`. */
static __always_inline bool is_expired(const struct flow *flow, __u8 protocol, __u64 now)
{
	return (__s64)(now - flow->last_seen) >=
	       (__s64)(flow_timeout_s(protocol, flow->marks) * NS_PER_S);
}

static __always_inline void mark_flow(struct flow *flow, __u32 mark)
{
	if (!(flow->marks & mark))
		__sync_fetch_and_or(&flow->marks, mark);
}

/* Once a clock tick: a flow's packets need not all write to its cache line. */
static __always_inline void see_flow(struct flow *flow, __u64 now)
{
	if (flow->last_seen != now)
		flow->last_seen = now;
}

static __always_inline __u64 judged_word(const struct decision *decision, __u32 epoch)
{
	__u32 low = (decision->rule & JUDGED_RULE) |
		    (__u32)decision->reason << JUDGED_REASON_SHIFT |
		    (__u32)decision->verdict << JUDGED_VERDICT_SHIFT;

	if (decision->audited_rule != RULE_NONE)
		low |= JUDGED_AUDITED;
	return (__u64)epoch << 32 | low;
}

static __always_inline __u64 audited_word(const struct decision *decision, __u32 epoch)
{
	return (__u64)epoch << 32 | decision->audited_rule;
}

#endif
