/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The filter's maps, each defined once. */
#ifndef EBPF_PERSONAS_LIB_MAPS_H
#define EBPF_PERSONAS_LIB_MAPS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/counters.h"
#include "abi/failsafe.h"
#include "abi/layout.h"
#include "abi/policy.h"
#include "abi/socket_request.h"
#include "lib/activation_maps.h"
#include "lib/active_map.h"

/* Read from the object by user space. */
const volatile __u32 layout_version = LAYOUT_VERSION;

/* Key: slot number. User space fills a free slot before it is made active; programs read. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, SLOT_COUNT);
	__type(key, __u32);
	__type(value, struct slot);
} slots SEC(".maps");

/*
 * Arena of compiled personas; a slot names its first line. User space fills free space, programs
 * read. Resized before load: 64 octets each, 262,144 lines are 16 MiB.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 262144);
	__type(key, __u32);
	__type(value, struct policy_line);
} policy_lines SEC(".maps");

/* Key: slot number. User space writes with the slot, and reads it when it finds the maps pinned;
 * no program asks. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, SLOT_COUNT);
	__type(key, __u32);
	__type(value, struct resident);
} residents SEC(".maps");

/* Key: slot number. Programs add, user space reads, and clears a slot before it is used again. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOT_COUNT);
	__type(key, __u32);
	__type(value, struct slot_counters);
} slot_counters SEC(".maps");

/*
 * Key 0: the slot of the persona in audit mode that is evaluated beside the active one, or 0.
 * Written by user space through the mapping; read where rules are asked. Apart from the active
 * word: what a shadow says stops nothing.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} shadow SEC(".maps");

/* Key: slot number. Programs add, user space reads, and clears a slot before it is used again. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SLOT_COUNT);
	__type(key, __u32);
	__type(value, struct shadow_counters);
} shadow_counters SEC(".maps");

/*
 * Key: cpu * rules_per_cpu + slot.rule_counter_base + rule. A plain array that user space maps, so
 * that the counts of 100,000 rules are read and cleared without a system call each. Programs add,
 * every CPU in its own share; user space reads, and clears what no program counts in. Resized
 * before load.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct rule_counter);
} rule_counters SEC(".maps");

/* Which table of `failsafe` is in use. Written by user space through the mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} failsafe_in_use SEC(".maps");

/* Key: table number. User space writes the table that is not in use; programs read the other. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, FAILSAFE_TABLE_COUNT);
	__type(key, __u32);
	__type(value, struct failsafe_table);
} failsafe SEC(".maps");

/*
 * Key: enum socket_hook. The programs of the sockets add, user space sums over the CPUs. Here, so
 * that it lives as long as the other counters.
 */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, SOCKET_HOOK_COUNT);
	__type(key, __u32);
	__type(value, struct early_verdicts);
} early_verdicts SEC(".maps");

#endif
