/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What rules are asked about, and what they answer. */
#ifndef EBPF_PERSONAS_ABI_FIRST_PACKET_H
#define EBPF_PERSONAS_ABI_FIRST_PACKET_H

#include <linux/types.h>

/* The first packet of a flow. */
struct first_packet {
	/* The other end, IPv4 in word 0 with the others zero. */
	__be32 peer[4];
	/* The port that the originator connects to, host order. */
	__u16 port;
	/* enum packet_direction */
	__u8 direction;
	/* enum address_family */
	__u8 family;
	/* IANA protocol number */
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 reserved;
};

/* Context of the program judge_first_packet: user space asks a resident persona, active or not. */
struct judge_request {
	struct first_packet packet;
	__u32 slot;
	/* Answer: enum rule_action. */
	__u32 action;
	/* Answer: the rule that decides, or RULE_NONE. */
	__u32 rule;
	/* Answer: the first rule in audit mode that would have decided earlier, or RULE_NONE. */
	__u32 audited_rule;
};

#endif
