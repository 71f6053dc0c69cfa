/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Numbers of 32 bits that begin again after the last one, as TCP's are (RFC 9293 section 3.4). */
#ifndef EBPF_PERSONAS_LIB_SEQUENCE_H
#define EBPF_PERSONAS_LIB_SEQUENCE_H

#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

/* Each that fails is another CPU that moved the same number on meanwhile; the verifier wants a last
 * one. */
#define ADVANCE_ATTEMPTS 8

/* Not at or before b. So two that are half way round from each other are after each other, and no
 * such number is in any window. */
static __always_inline bool is_after(__u32 a, __u32 b)
{
	return (__s32)(b - a) < 0;
}

/*
 * Moves a number on to `to`, never back: of what up to ADVANCE_ATTEMPTS CPUs write at the same
 * time, the furthest stays. Most that come find it there, and write nothing.
 */
static __always_inline void advance(__u32 *number, __u32 to)
{
	__u32 seen = *(volatile __u32 *)number;

	for (int i = 0; i < ADVANCE_ATTEMPTS && is_after(to, seen); i++) {
		__u32 before = __sync_val_compare_and_swap(number, seen, to);

		if (before == seen)
			return;
		seen = before;
	}
}

#endif
