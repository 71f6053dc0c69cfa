/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The maps of conntrack, each defined once. */
#ifndef EBPF_PERSONAS_LIB_FLOW_MAPS_H
#define EBPF_PERSONAS_LIB_FLOW_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi/flow.h"

/*
 * Confirmed flows, by normalised 5-tuple: both sides spoke, and the originator went on. When it is
 * full it refuses; it never gives up one flow for another, as an LRU would. Programs insert,
 * refresh and delete; user space counts. Resized before load.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 65536);
	__type(key, struct flow_key);
	__type(value, struct flow);
} flows SEC(".maps");

/*
 * Flows that are not confirmed, so that who floods with beginnings drives out beginnings only.
 * Programs insert after an allow; user space counts. A flow that is lost here is judged again as a
 * new one. Resized before load.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 16384);
	__type(key, struct flow_key);
	__type(value, struct flow);
} new_flows SEC(".maps");

/*
 * One check for each confirmed flow, taken out and put back in turn. Those of flows that are gone
 * wait here as well until their turn comes, hence twice the size of `flows`. Programs push and pop.
 * Resized before load.
 */
struct {
	__uint(type, BPF_MAP_TYPE_QUEUE);
	__uint(max_entries, 131072);
	__type(value, struct flow_check);
} flow_checks SEC(".maps");

struct flow_expiry {
	struct bpf_timer timer;
};

/*
 * Key 0: the timer that looks at flows. It lives as long as somebody holds the map open or pinned,
 * and needs no process. The program start_flow_expiry starts it.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct flow_expiry);
} flow_expiry SEC(".maps");

#endif
