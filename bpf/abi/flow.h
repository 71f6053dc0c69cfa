/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Conntrack: a flow and what was said of it. */
#ifndef EBPF_PERSONAS_ABI_FLOW_H
#define EBPF_PERSONAS_ABI_FLOW_H

#include <linux/types.h>
#include "abi/verdict.h"

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
} __attribute__((aligned(8)));

/* What happened to a flow. Bits are only ever set, atomically: no race brings back what is closed.
 */
enum flow_mark {
	/* A packet came from the other side. */
	FLOW_ANSWERED = 1,
	/* The originator went on after the answer: the flow is in the table that refuses. */
	FLOW_CONFIRMED = 2,
	/* A FIN passed in this direction: FLOW_FIN_INGRESS << enum packet_direction. */
	FLOW_FIN_INGRESS = 4,
	FLOW_FIN_EGRESS = 8,
	FLOW_RESET = 16,
	/* Seen in the middle, so the originator is a guess: judge the flow in either orientation.
	 */
	FLOW_PICKED_UP = 32,
};

/* The lower half of flow.judged; the upper one is the epoch. */
enum judged {
	/* The rule that made the verdict; all ones where none did. */
	JUDGED_RULE = 0x007fffff,
	/* enum reason, 5 bits: of an audited flow, why it would have been dropped. */
	JUDGED_REASON_SHIFT = 23,
	/* enum verdict, 2 bits: forwarded or audit. */
	JUDGED_VERDICT_SHIFT = 28,
	/* flow.audited names a rule. */
	JUDGED_AUDITED = 0x40000000,
};

/* What TCP was seen to send in one direction (RFC 9293; G. van Rooij, "Real stateful TCP packet
 * filtering in IP Filter", 2001). Sequence numbers in host order. */
struct tcp_side {
	/* One past the highest octet sent. */
	__u32 end;
	/* One past the highest octet that the receiver has room for. Of a SYN without answer: the
	 * lowest number that may acknowledge it. */
	__u32 max_end;
	/* The largest window that this side offered, octets. */
	__u32 max_window;
	/* RFC 7323 section 2: 0-14, or TCP_SCALE_NONE until both have said that they use it. */
	__u8 scale;
	__u8 reserved[3];
};

#define TCP_SCALE_NONE 255

struct flow {
	/* Of the key (lib/conntrack.h): elements are used again while a program still holds them.
	 */
	__u64 owner;
	/* {epoch:32 | enum judged}: one word, so that nobody reads half of it. Another epoch than
	 * the packet's means: judge again. */
	__u64 judged;
	/* {epoch:32 | rule:32}: the first rule in audit mode that would have decided earlier. */
	__u64 audited;
	/* By the clock of lib/clock.h, ns: the last packet that belonged to it. */
	__u64 last_seen;
	/* enum flow_mark */
	__u32 marks;
	/* Which of the checks that wait for this key is the flow's; see flow_check. */
	__u32 serial;
	/* By enum packet_direction of the sender. */
	struct tcp_side side[PACKET_DIRECTION_COUNT];
	/* enum packet_direction of the first packet */
	__u8 originator;
	/* Of the first packet, where the protocol is ICMP or ICMPv6. */
	__u8 icmp_type;
	__u8 icmp_code;
	__u8 reserved[5];
};

/* A confirmed flow waits in a queue to be looked at for expiry. */
struct flow_check {
	struct flow_key key;
	/* The flow's own serial, or it is another flow by now. */
	__u32 serial;
	__u32 reserved;
};

#endif
