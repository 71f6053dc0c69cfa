/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How many answers may leave: one token bucket for each direction. */
#ifndef EBPF_PERSONAS_LIB_TOKEN_BUCKET_H
#define EBPF_PERSONAS_LIB_TOKEN_BUCKET_H

#include "lib/clock.h"
#include "lib/reject_maps.h"

#define TOKEN_ATTEMPTS 4

/*
 * Answers to packets of one direction, over all CPUs: at most reject_burst + reject_rate * t in any
 * t seconds. Neither direction takes from the other, so that no flood from outside keeps the VM's
 * own programs from being told. Rate 0: no answers.
 */
const volatile __u32 reject_rate = 100;
const volatile __u32 reject_burst = 50;

/* Rounded up, so that the rate is never exceeded. */
static __always_inline __u64 token_interval_ns(void)
{
	return (NS_PER_S + reject_rate - 1) / reject_rate;
}

/*
 * The bucket is kept as the time when it will be full again (the generic cell rate algorithm, ITU-T
 * I.371): one word, so that one compare-and-exchange takes a token. Who loses the race too often
 * takes none. A function of its own, verified once.
 */
__noinline bool take_token(__u8 direction, __u64 now)
{
	__u32 key = direction;
	__u64 *full_at = bpf_map_lookup_elem(&reject_buckets, &key);
	__u64 interval;

	if (!full_at || !reject_rate)
		return false;
	interval = token_interval_ns();
#pragma unroll
	for (int i = 0; i < TOKEN_ATTEMPTS; i++) {
		__u64 before = *(volatile __u64 *)full_at;
		__u64 after = (before > now ? before : now) + interval;

		if (after - now > reject_burst * interval)
			return false;
		if (__sync_val_compare_and_swap(full_at, before, after) == before)
			return true;
	}
	return false;
}

#endif
