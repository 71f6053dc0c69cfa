/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What an agent must know of maps that another agent left pinned. */
#ifndef EBPF_PERSONAS_ABI_LAYOUT_H
#define EBPF_PERSONAS_ABI_LAYOUT_H

#include <linux/types.h>

/* Grows with every change of meaning that the names, sizes and types of maps and their fields do
 * not show: maps of another version are rebuilt, never used. */
#ifndef LAYOUT_VERSION
#define LAYOUT_VERSION 1
#endif

/* A persona's name with its NUL. */
#define RESIDENT_NAME_LENGTH 64

/* What user space, and no program, needs of the persona in a slot. */
struct resident {
	/* UTF-8, the rest is zero. */
	__u8 name[RESIDENT_NAME_LENGTH];
	__u64 revision;
	/* Lines in the map policy_lines from slot.line_base on. */
	__u32 line_count;
	__u32 reserved;
};

#endif
