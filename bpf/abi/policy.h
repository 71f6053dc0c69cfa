/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* A compiled persona as the filter reads it. User space writes, the programs only read. */
#ifndef EBPF_PERSONAS_ABI_POLICY_H
#define EBPF_PERSONAS_ABI_POLICY_H

#include <linux/types.h>
#include "abi/verdict.h"

/* Personas that can be resident at once, and slot 0, which is "no persona": everything passes, and
 * is counted as such. */
#define SLOT_COUNT 128

/* "No rule": a default, or the datapath itself, made the verdict. */
#define RULE_NONE 0xffffffffU

/* One root per direction and family: [direction * ADDRESS_FAMILY_COUNT + family]. */
#define ROOT_COUNT 4

enum slot_flags {
	/* The slot holds no persona. */
	SLOT_NO_PERSONA = 1,
	/* What the persona would drop is counted as audit, and passes. */
	SLOT_AUDIT = 2,
	/* A connection that is established when the persona becomes active goes on, whatever the
	 * rules say. */
	SLOT_KEEP_ESTABLISHED = 4,
};

struct slot {
	/* The controller's number of the desired state that brought the persona here. */
	__u64 generation;
	/* enum slot_flags */
	__u32 flags;
	/* Rule r of the persona counts in rule_counters[cpu * the CPU's share + rule_counter_base +
	 * r]. */
	__u32 rule_counter_base;
	__u32 rule_count;
	/* The persona's first line in the map policy_lines; everything below counts from there. */
	__u32 line_base;
	/* enum rule_action for flows that no rule matches, by direction. */
	__u32 default_action[PACKET_DIRECTION_COUNT];
	/* References, see enum reference. */
	__u32 root[ROOT_COUNT];
};

/*
 * A persona lies in lines of one cache line each. A lookup goes from its root through address nodes
 * to a class, which says what happens to every port and protocol of the addresses in it.
 */
struct policy_line {
	__u32 word[16];
};

/* A reference is the number of a line, and says what begins there. */
enum reference {
	/* A class_record. */
	REFERENCE_CLASS = 0x40000000,
	/* An address_list; with neither bit an address_node for the next word of the address. */
	REFERENCE_LIST = 0x20000000,
	REFERENCE_LINE = 0x1fffffff,
};

enum interval_node_flags {
	/* The next line holds 16 values, one for each interval. */
	INTERVAL_NODE_LEAF = 0x40000000,
	/* The children are leaves, of two lines each; else they are nodes of one line. */
	INTERVAL_NODE_ABOVE_LEAVES = 0x20000000,
	INTERVAL_NODE_LINE = 0x1fffffff,
};

/*
 * One line: cuts the 32-bit numbers into up to 16 intervals. Interval i ends with last[i], the
 * sixteenth with the last number; what is not used ends there too. The numbers are the words of an
 * address (IPv4 has one, IPv6 four, host order; the values are references), or lanes with their
 * keys (the values are tags).
 */
struct interval_node {
	/* enum interval_node_flags, and of an inner node the line of the first child. */
	__u32 first;
	__u32 last[15];
};

/* An interval of IPv6 addresses that have the first word in common: how it ends, host order, and
 * what it is. */
struct address_interval {
	__u32 last[3];
	/* A class. */
	__u32 reference;
};

#define INTERVALS_PER_LIST 8

/* Two lines for few intervals, which a tree for each word would spread over many. What is not used
 * ends with the last address. */
struct address_list {
	struct address_interval interval[INTERVALS_PER_LIST];
};

/*
 * Protocols that share a space of 65,536 keys: the port that the originator connects to; type * 256
 * + code of ICMP; protocol number * 256 of what has neither.
 */
enum lane {
	LANE_TCP = 0,
	LANE_UDP = 1,
	LANE_SCTP = 2,
	LANE_ICMP = 3,
	LANE_ICMPV6 = 4,
	LANE_OTHER = 5,
	LANE_COUNT = 6,
};

/*
 * What a rule does, and how strong it is: the greatest tag decides, and 0 is no rule.
 * {rank:23 | lanes:6 | audit:1 | enum rule_action:2}; rank is rule_count - number of the rule.
 */
enum tag {
	/* The bits of the action. */
	TAG_ACTION = 3,
	TAG_AUDIT = 4,
	/* The bit of lane 0; lane n is TAG_LANE << n. */
	TAG_LANE = 8,
	/* What one rank is worth. */
	TAG_RANK = 512,
};

/* Of the lanes in its tag the keys from first to last. */
struct port_entry {
	__u16 first;
	__u16 last;
	__u32 tag;
};

#define CLASS_ENTRY_COUNT 7

/*
 * One line. What holds for a class stands in up to three places, and the greatest tag of all
 * decides: entries of its own, greatest tag first (what is not used has tag 0); where those are too
 * many, the line of an interval tree of its own; and the line of a port tree that it shares with
 * others. 0 where there is none.
 */
struct class_record {
	struct port_entry entry[CLASS_ENTRY_COUNT];
	__u32 intervals;
	__u32 ports;
};

/* In trees the lanes of audited rules begin here. */
#define LANE_AUDIT 8

/* The number in an interval tree of a class: {lane:16 | key:16}. */
#define LANE_SHIFT 16

/*
 * An inner node of a port tree has 16 branches in two lines, one for each value of 4 bits: first of
 * the lane, then of the key. A node for the last 4 bits is one line of 16 tags. The tag of a branch
 * holds for all that is below it.
 */
struct port_branch {
	__u32 tag;
	/* A line, or 0 where nothing is below. */
	__u32 child;
};

#define BRANCHES_PER_LINE 8

#endif
