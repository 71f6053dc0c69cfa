/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Per-CPU counters. The programs add, user space sums over the CPUs. */
#ifndef EBPF_PERSONAS_ABI_COUNTERS_H
#define EBPF_PERSONAS_ABI_COUNTERS_H

#include <linux/types.h>
#include "abi/verdict.h"

/* PACKET_DIRECTION_COUNT * VERDICT_COUNT * REASON_COUNT */
#define VERDICT_COUNTER_COUNT 256

/* Packets and bytes of the wire, link-layer header included: what the kernel holds as one packet
 * until it is cut up, or has put together, counts as the packets that it stands for. */
struct verdict_counter {
	__u64 packets;
	__u64 bytes;
};

/* One per slot: [(direction * VERDICT_COUNT + verdict) * REASON_COUNT + reason]. */
struct slot_counters {
	struct verdict_counter verdict[VERDICT_COUNTER_COUNT];
};

/* PACKET_DIRECTION_COUNT * 4 */
#define SHADOW_COUNTER_COUNT 8

/* Packets that began a flow, were judged again or stopped, by what the active persona makes of them
 * and what the shadow would: [(direction * 2 + passes) * 2 + would_pass]. One per slot. */
struct shadow_counters {
	__u64 packets[SHADOW_COUNTER_COUNT];
};

struct rule_counter {
	__u64 packets;
	__u64 bytes;
	/* CLOCK_MONOTONIC, coarse, ns: when the last tick that hit it began to. */
	__u64 last_hit;
	/* That tick, by the programs' own clock (lib/clock.h). */
	__u64 last_tick;
};

#endif
