/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_LIB_PROCESS_MAPS_H
#define EBPF_PERSONAS_LIB_PROCESS_MAPS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "abi/process_event.h"
#include "lib/activation_maps.h"
#include "lib/process_image.h"

/*
 * Records of struct process_event. Written by the programs of process.bpf.c, read by the agent,
 * which comes every 10 ms and is woken by a struct process_turn alone. User space sets the size
 * before load: 4 MiB hold 40,000 execs with usual paths.
 */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 4 * 1024 * 1024);
} process_events SEC(".maps");

/* Key 0: events that the ring or `processes` had no room for. Written by the programs, read by the
 * agent. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} process_events_lost SEC(".maps");

/* Key 0: the exec record in the making, which is too large for the stack. Used by one program only.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct process_image);
} process_scratch SEC(".maps");

static __always_inline void process_event_lost(void)
{
	__u32 key = 0;
	__u64 *lost = bpf_map_lookup_elem(&process_events_lost, &key);

	if (lost)
		(*lost)++;
}

/* A wake-up per event would make an exec half as expensive again. */
static __always_inline void process_event_put(struct process_event *event, __u32 length)
{
	if (bpf_ringbuf_output(&process_events, event, length, BPF_RB_NO_WAKEUP))
		process_event_lost();
}

/* Rare, and somebody waits for it. */
static __always_inline void process_turn_put(struct process_turn *turn)
{
	if (bpf_ringbuf_output(&process_events, turn, sizeof(*turn), BPF_RB_FORCE_WAKEUP))
		process_event_lost();
}

#endif
