/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* A persona in audit mode beside the active one: what it would do is counted, and nothing else. */
#ifndef EBPF_PERSONAS_LIB_SHADOW_H
#define EBPF_PERSONAS_LIB_SHADOW_H

#include "lib/count_rule.h"
#include "lib/judge.h"

/* A function of its own, verified once. The octets of a flow are not its first packet's: rules of
 * the shadow count packets alone. */
__noinline int judge_by_shadow(__u32 number, const struct packet *packet)
{
	const struct slot *slot = bpf_map_lookup_elem(&slots, &number);
	struct shadow_counters *counters = bpf_map_lookup_elem(&shadow_counters, &number);
	struct judgement judgement = {};
	__u32 direction, index;

	if (!slot || !counters || !packet)
		return 0;
	direction =
	    packet->asked & ASKED_FOR_EGRESS ? PACKET_DIRECTION_EGRESS : PACKET_DIRECTION_INGRESS;
	judge(slot, packet, direction, packet->asked & ASKED_EITHER_WAY, &judgement);
	index = (direction * 2 + !(packet->asked & ASKED_AND_STOPPED)) * 2 + judgement.allowed;
	if (index < SHADOW_COUNTER_COUNT)
		counters->packets[index]++;
	count_rule(slot, judgement.rule, 1, 0, packet->time);
	return 0;
}

/* For a packet about which the rules of the active persona were asked. */
static __always_inline void compare_with_shadow(const struct packet *packet)
{
	__u32 zero = 0;
	volatile __u64 *word = bpf_map_lookup_elem(&shadow, &zero);
	__u32 number = word ? *word : 0;

	if (number)
		judge_by_shadow(number, packet);
}

#endif
