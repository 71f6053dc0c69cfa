/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The active word. */
#ifndef EBPF_PERSONAS_LIB_ACTIVE_H
#define EBPF_PERSONAS_LIB_ACTIVE_H

#include "lib/maps.h"

struct active_persona {
	__u32 slot;
	__u32 epoch;
};

/* One 64-bit load. Call it once per packet: two calls may see two personas. */
static __always_inline struct active_persona read_active_word(void)
{
	__u32 zero = 0;
	volatile __u64 *word = bpf_map_lookup_elem(&active, &zero);
	__u64 value = word ? *word : 0;

	return (struct active_persona){.slot = (__u32)value, .epoch = value >> 32};
}

#endif
