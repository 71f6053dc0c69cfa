/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Counts what a rule decided. */
#ifndef EBPF_PERSONAS_LIB_COUNT_RULE_H
#define EBPF_PERSONAS_LIB_COUNT_RULE_H

#include "lib/maps.h"

/* Rule counters that each CPU has; the map holds as many for every possible CPU. */
const volatile __u32 rules_per_cpu = 65536;

static __always_inline void count_rule(const struct slot *slot, __u32 rule, __u32 packets,
				       __u32 bytes, __u64 now)
{
	__u32 key = bpf_get_smp_processor_id() * rules_per_cpu + slot->rule_counter_base + rule;
	struct rule_counter *counter;

	if (rule == RULE_NONE)
		return;
	counter = bpf_map_lookup_elem(&rule_counters, &key);
	if (!counter)
		return;
	counter->packets += packets;
	counter->bytes += bytes;
	/* A call, so once a tick. */
	if (counter->last_tick != now) {
		counter->last_tick = now;
		counter->last_hit = bpf_ktime_get_coarse_ns();
	}
}

#endif
