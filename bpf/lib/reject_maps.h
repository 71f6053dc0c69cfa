/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The maps of `reject`, each defined once. */
#ifndef EBPF_PERSONAS_LIB_REJECT_MAPS_H
#define EBPF_PERSONAS_LIB_REJECT_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi/answer.h"
#include "abi/verdict.h"
#include "lib/answer.h"

/*
 * Answers on their way to the filter, each with the time (lib/clock.h, ns) until which it is waited
 * for. Programs insert right before the redirect and delete when it arrives, so a few are in it at
 * any time. What never arrives is evicted: an LRU is never full.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1024);
	__type(key, struct expected_answer);
	__type(value, __u64);
} expected_answers SEC(".maps");

/* Key: direction of the rejected packet. When its token bucket will be full again (lib/clock.h,
 * ns). Programs read and write, by compare-and-exchange. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, PACKET_DIRECTION_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} reject_buckets SEC(".maps");

/* Key 0: the answer in the making, which is too large for the stack. Used by one program at a time:
 * neither hook interrupts the other on a CPU. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct answer);
} answer_scratch SEC(".maps");

#endif
