/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The VM's own addresses. */
#ifndef EBPF_PERSONAS_LIB_LOCAL_ADDRESSES_H
#define EBPF_PERSONAS_LIB_LOCAL_ADDRESSES_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/local_address.h"

/*
 * Addresses of this network namespace but loopback's; the value is 1. User space writes before it
 * hangs the filter on an interface, and at every change; programs read. An agent that is gone
 * leaves what it knew.
 */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 4096);
	__type(key, struct local_address);
	__type(value, __u32);
} local_addresses SEC(".maps");

/* Key 0: 1 once `local_addresses` has held all of them. User space writes, programs read, and check
 * no address against an unfinished list. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} local_addresses_known SEC(".maps");

static __always_inline bool knows_local_addresses(void)
{
	__u32 zero = 0, *known = bpf_map_lookup_elem(&local_addresses_known, &zero);

	return known && *known;
}

static __always_inline bool is_local_address(__u8 family, const __be32 *address)
{
	struct local_address key = {};

	__builtin_memcpy(key.address, address, sizeof(key.address));
	key.family = family;
	return bpf_map_lookup_elem(&local_addresses, &key);
}

#endif
