/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* A compiled persona as the filter reads it. User space writes, the programs only read. */
#ifndef EBPF_PERSONAS_ABI_POLICY_H
#define EBPF_PERSONAS_ABI_POLICY_H

#include <linux/types.h>
#include "abi/verdict.h"

/* Personas that can be resident at once. Slot 0 is "no persona": everything passes, and is counted
 * as such. */
#define SLOT_COUNT 64

/* "No rule": a default, or the datapath itself, made the verdict. */
#define RULE_NONE 0xffffffffU

/* One run of entries per direction and family: [direction * ADDRESS_FAMILY_COUNT + family]. */
#define RULE_RUN_COUNT 4

enum slot_flags {
	/* The slot holds no persona. */
	SLOT_NO_PERSONA = 1,
	/* What the persona would drop is counted as audit, and passes. */
	SLOT_AUDIT = 2,
};

/* Entries [start, start + count) of the map rule_entries, in order of evaluation. */
struct rule_run {
	__u32 start;
	__u32 count;
};

struct slot {
	/* The controller's number of the desired state that brought the persona here. */
	__u64 generation;
	/* enum slot_flags */
	__u32 flags;
	/* Rule r of the persona counts in rule_counters[rule_counter_base + r]. */
	__u32 rule_counter_base;
	/* enum rule_action for flows that no rule matches, by direction. */
	__u32 default_action[PACKET_DIRECTION_COUNT];
	struct rule_run run[RULE_RUN_COUNT];
};

/* Which fields of an entry take part in the match, besides the peer. */
enum rule_entry_match {
	RULE_ENTRY_PROTOCOL = 1,
	/* Only protocols that have ports match. */
	RULE_ENTRY_PORTS = 2,
	RULE_ENTRY_ICMP_TYPE = 4,
	RULE_ENTRY_ICMP_CODE = 8,
	/* Only ICMP and ICMPv6 match. */
	RULE_ENTRY_ICMP = 16,
	/* The rule is in audit mode: remembered, not carried out. */
	RULE_ENTRY_AUDIT = 32,
};

/* One peer prefix and one port range of one rule. */
struct rule_entry {
	/* Address and mask, IPv4 in word 0 with the others zero. */
	__be32 peer[4];
	__be32 mask[4];
	/* Host order, inclusive. */
	__u16 port_first;
	__u16 port_last;
	/* enum rule_entry_match */
	__u8 match;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	/* enum rule_action */
	__u32 action;
	/* The rule's place in the persona's order of evaluation, from 0. */
	__u32 rule;
	/* RULE_ACTION_SKIP: where in the run the next rule begins. */
	__u32 next;
	__u32 reserved[3];
};

#endif
