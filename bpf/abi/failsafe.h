/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Flows that pass before any persona is asked. User space writes the table that is not in use, then
 * flips the index. */
#ifndef EBPF_PERSONAS_ABI_FAILSAFE_H
#define EBPF_PERSONAS_ABI_FAILSAFE_H

#include <linux/types.h>
#include "abi/verdict.h"

#define FAILSAFE_ENTRY_COUNT 64
#define FAILSAFE_TABLE_COUNT 2

struct failsafe_entry {
	/* Address and mask of the other end, IPv4 in word 0 with the others zero. */
	__be32 peer[4];
	__be32 mask[4];
	/* The port that the originator connects to, host order, inclusive. */
	__u16 port_first;
	__u16 port_last;
	/* enum packet_direction of the flow's first packet */
	__u8 direction;
	/* enum address_family */
	__u8 family;
	/* IANA protocol number */
	__u8 protocol;
	__u8 reserved;
};

struct failsafe_table {
	__u32 count;
	__u32 reserved;
	struct failsafe_entry entry[FAILSAFE_ENTRY_COUNT];
};

#endif
