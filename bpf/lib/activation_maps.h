/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_LIB_ACTIVATION_MAPS_H
#define EBPF_PERSONAS_LIB_ACTIVATION_MAPS_H

/* Here, and not with the programs that use them, so that they live as long as the filter's maps. */

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"

/* Key: 0 to STAGE_TABLE_COUNT - 1. User space writes a table that is not in use; programs read the
 * one that is. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, STAGE_TABLE_COUNT);
	__type(key, __u32);
	__type(value, struct stage_table);
} stages SEC(".maps");

/* Key 0: the table of `stages` in use. Written by user space through the mapping. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} stages_in_use SEC(".maps");

/* Key 0: what became of the conditions. Programs write by atomic operations; so does user space
 * through the mapping, `latched` alone. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct activation_state);
} activation SEC(".maps");

/* Key 0. Written by user space through the mapping, before and after the maps below. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct condition_masks);
} condition_masks SEC(".maps");

/* The conditions that want a file name, a path, a user, or a parent of a name or path. User space
 * writes, programs read. */
struct condition_texts {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONDITION_COUNT);
	__type(key, struct condition_text);
	__type(value, __u64);
};

struct condition_texts condition_names SEC(".maps");
struct condition_texts condition_paths SEC(".maps");
struct condition_texts condition_parents SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, CONDITION_COUNT);
	__type(key, __u32);
	__type(value, __u64);
} condition_users SEC(".maps");

/*
 * Key: thread group id of a process of the agent's namespace that lives. Written by exec, fork and
 * exit, and for those that ran before by the agent's scan; read at exit too, where the process may
 * have left the namespace. The agent's own table has the same bound.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 65536);
	__type(key, __u32);
	__type(value, struct traced_process);
} processes SEC(".maps");

/* Key 0: the last serial that was given. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} process_serials SEC(".maps");

#endif
