/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Conntrack: a flow and what was said of it. */
#ifndef EBPF_PERSONAS_ABI_FLOW_H
#define EBPF_PERSONAS_ABI_FLOW_H

#include <linux/types.h>

/*
 * The same for both directions of a flow: seen from the VM, "local" is this side and "remote" the
 * other. ICMP echo keeps its identifier in the port of the side that asks.
 */
struct flow_key {
	/* IPv4 in word 0 with the others zero. */
	__be32 remote[4];
	__be32 local[4];
	__be16 remote_port;
	__be16 local_port;
	__u8 protocol;
	/* enum address_family */
	__u8 family;
	__u8 reserved[2];
};

struct flow {
	/* CLOCK_MONOTONIC, coarse, ns: the last packet that passed. */
	__u64 last_seen;
	/* The epoch that judged the flow; any other one means: judge again. */
	__u32 epoch;
	/* The rule that made the verdict, or RULE_NONE. */
	__u32 rule;
	/* The first rule in audit mode that would have decided earlier, or RULE_NONE. */
	__u32 audited_rule;
	/* enum packet_direction of the first packet */
	__u8 originator;
	/* VERDICT_FORWARDED or VERDICT_AUDIT */
	__u8 verdict;
	/* enum reason: of an audited flow, why it would have been dropped */
	__u8 reason;
	/* Of the first packet, where the protocol is ICMP or ICMPv6. */
	__u8 icmp_type;
	__u8 icmp_code;
	/* Seen in the middle, so the originator is a guess: judge the flow in either orientation.
	 */
	__u8 picked_up;
	__u8 reserved[6];
};

#endif
