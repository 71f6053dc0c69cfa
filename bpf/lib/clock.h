/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The clock by which flows live. It counts the kernel's ticks, as the verifier replaces
 * bpf_jiffies64() by one load (kernel/bpf/verifier.c), where any other clock is a call and costs
 * more than all counters together. It begins where it likes and is not slewed: only differences
 * mean something.
 */
#ifndef EBPF_PERSONAS_LIB_CLOCK_H
#define EBPF_PERSONAS_LIB_CLOCK_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

#define NS_PER_S 1000000000ULL

/* Nanoseconds of a tick: 1/CONFIG_HZ. */
const volatile __u32 tick_ns = 4000000;

/* Nanoseconds, to a tick. */
static __always_inline __u64 read_clock(void)
{
	return bpf_jiffies64() * tick_ns;
}

#endif
