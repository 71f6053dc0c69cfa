/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts a decision and carries it out. */
#ifndef EBPF_PERSONAS_LIB_ACCOUNT_H
#define EBPF_PERSONAS_LIB_ACCOUNT_H

#include "abi/decision.h"
#include "kernel/net.h"
#include "lib/count_rule.h"
#include "lib/reject.h"
#include "lib/weigh.h"

/* What the program returns. "Rejected" means that the sender is told; where it cannot be, or not
 * now, the packet is dropped, and the verdict says so. */
static __always_inline int carry_out(struct __sk_buff *skb, __u8 direction, __u64 now,
				     struct decision *decision)
{
	if (decision->verdict == VERDICT_REJECTED) {
		if (reject(skb, direction, now))
			return TC_ACT_REDIRECT;
		decision->verdict = VERDICT_DROPPED;
	}
	return decision->verdict == VERDICT_DROPPED ? TC_ACT_SHOT : TC_ACT_UNSPEC;
}

static __always_inline int account(struct __sk_buff *skb, __u8 direction, __u64 now,
				   struct decision *decision)
{
	/* Of the packet, not of the answer that may take its place. */
	struct weight weight = weigh(skb);
	int action = carry_out(skb, direction, now, decision);
	__u32 key = decision->slot;
	const struct slot *slot = bpf_map_lookup_elem(&slots, &key);
	struct slot_counters *counters = bpf_map_lookup_elem(&slot_counters, &key);
	__u32 index =
	    (direction * VERDICT_COUNT + decision->verdict) * REASON_COUNT + decision->reason;

	if (slot && counters && index < VERDICT_COUNTER_COUNT) {
		counters->verdict[index].packets += weight.packets;
		counters->verdict[index].bytes += weight.bytes;
		count_rule(slot, decision->rule, weight.packets, weight.bytes, now);
		count_rule(slot, decision->audited_rule, weight.packets, weight.bytes, now);
	}
	return action;
}

#endif
