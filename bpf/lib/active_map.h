/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_LIB_ACTIVE_MAP_H
#define EBPF_PERSONAS_LIB_ACTIVE_MAP_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/*
 * Key 0: the active word {epoch:32 | slot:32}. Written by one 64-bit compare-and-exchange, by the
 * programs that follow processes and by user space through the mapping; read once per packet. A
 * switch writes nothing else.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} active SEC(".maps");

#endif
