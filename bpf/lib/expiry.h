/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Flows expire without any process: a timer of the kernel looks at them in turn. */
#ifndef EBPF_PERSONAS_LIB_EXPIRY_H
#define EBPF_PERSONAS_LIB_EXPIRY_H

#include "lib/conntrack.h"

#define EXPIRY_INTERVAL_NS (NS_PER_S / 4)
#define CLOCK_MONOTONIC	   1

/*
 * Flows that are looked at in each interval, so that the work never comes in one piece: all of a
 * full table in 16 s.
 */
const volatile __u32 flow_checks_per_interval = 1024;

static int expire_flows(void *map, __u32 *key, struct flow_expiry *expiry)
{
	struct flow_checking checking = {.now = read_clock()};

	bpf_loop(flow_checks_per_interval, check_next_flow, &checking, 0);
	bpf_timer_start(&expiry->timer, EXPIRY_INTERVAL_NS, 0);
	return 0;
}

/* Starts the timer; where one runs already, that of an older program, it calls this one from now
 * on. */
static __always_inline int start_expiry(void)
{
	__u32 zero = 0;
	struct flow_expiry *expiry = bpf_map_lookup_elem(&flow_expiry, &zero);

	if (!expiry)
		return -1;
	bpf_timer_init(&expiry->timer, &flow_expiry, CLOCK_MONOTONIC);
	if (bpf_timer_set_callback(&expiry->timer, expire_flows))
		return -1;
	return bpf_timer_start(&expiry->timer, EXPIRY_INTERVAL_NS, 0) ? -1 : 0;
}

#endif
