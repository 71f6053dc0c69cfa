/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The answer to a rejected packet, as the filter knows it again. */
#ifndef EBPF_PERSONAS_ABI_ANSWER_H
#define EBPF_PERSONAS_ABI_ANSWER_H

#include <linux/types.h>

struct expected_answer {
	/* IPv4 in word 0 with the others zero. */
	__be32 source[4];
	__be32 destination[4];
	/* What follows the IP header: a TCP header whole, with its sequence numbers, or that of
	 * ICMP with its checksum, and the beginning of what it quotes. */
	__be32 head[5];
	__u32 interface_index;
	/* IANA number */
	__u8 protocol;
	/* enum address_family */
	__u8 family;
	/* enum packet_direction in which it passes the filter */
	__u8 direction;
	__u8 reserved;
};

#endif
