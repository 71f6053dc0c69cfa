/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The words in which the datapath speaks: verdict, reason, direction, action. Mirrored in C#,
 * proven through BTF. */
#ifndef EBPF_PERSONAS_ABI_VERDICT_H
#define EBPF_PERSONAS_ABI_VERDICT_H

/* Way of a packet, or of a flow's first packet, seen from the VM. */
enum packet_direction {
	PACKET_DIRECTION_INGRESS = 0,
	PACKET_DIRECTION_EGRESS = 1,
	PACKET_DIRECTION_COUNT = 2,
};

enum address_family {
	ADDRESS_FAMILY_IPV4 = 0,
	ADDRESS_FAMILY_IPV6 = 1,
	ADDRESS_FAMILY_COUNT = 2,
};

enum rule_action {
	RULE_ACTION_NONE = 0,
	RULE_ACTION_ALLOW = 1,
	RULE_ACTION_DENY = 2,
	RULE_ACTION_REJECT = 3,
};

enum verdict {
	VERDICT_FORWARDED = 0,
	VERDICT_DROPPED = 1,
	/* Dropped, and the sender was told. */
	VERDICT_REJECTED = 2,
	/* Forwarded, but would have been dropped if the rule or the persona were enforced. */
	VERDICT_AUDIT = 3,
	VERDICT_COUNT = 4,
};

/* The closed list of reasons: the same word is verdict, metric label and log word. */
enum reason {
	REASON_ALLOWED_RULE = 0,
	REASON_DEFAULT_ALLOW = 1,
	REASON_NO_PERSONA = 2,
	REASON_ESTABLISHED = 3,
	REASON_REEVALUATED = 4,
	REASON_RELATED_ICMP = 5,
	/* Passes before any persona is asked; so do answers to rejected packets. */
	REASON_FAILSAFE = 6,
	REASON_DENIED_RULE = 7,
	REASON_DEFAULT_DENY = 8,
	REASON_ACL_DENIED = 9,
	REASON_PERSONA_SWITCH = 10,
	REASON_UNENCRYPTED = 11,
	REASON_TLS_VERSION = 12,
	REASON_SNI_DENIED = 13,
	REASON_AUTH_PROTOCOL = 14,
	REASON_RATE_LIMITED = 15,
	REASON_CONNECTION_LIMIT = 16,
	REASON_FRAGMENT = 17,
	REASON_TRUNCATED = 18,
	REASON_INVALID_PACKET = 19,
	REASON_UNKNOWN_PROTOCOL = 20,
	REASON_UNSUPPORTED_ETHERTYPE = 21,
	REASON_SPOOFED_SOURCE = 22,
	REASON_MARTIAN = 23,
	REASON_CONNTRACK_FULL = 24,
	/* Room for words to come; sizes the counters. */
	REASON_COUNT = 32,
};

#endif
