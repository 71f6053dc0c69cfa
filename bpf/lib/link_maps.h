/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the parser knows of interfaces. */
#ifndef EBPF_PERSONAS_LIB_LINK_MAPS_H
#define EBPF_PERSONAS_LIB_LINK_MAPS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

/*
 * Key: interface index. 1 where frames begin with an Ethernet header. User space writes before it
 * hangs the filter on an interface, programs read. Higher indexes are read as "not known", which is
 * slower.
 */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 8192);
	__type(key, __u32);
	__type(value, __u32);
} ethernet_links SEC(".maps");

#endif
