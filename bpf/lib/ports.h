/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From a class, a protocol and a port to the rules that decide. */
#ifndef EBPF_PERSONAS_LIB_PORTS_H
#define EBPF_PERSONAS_LIB_PORTS_H

#include "lib/address.h"
#include "lib/packet.h"

/* The lane, then the first three of the four groups of 4 bits that a key has; the fourth picks a
 * tag. */
#define PORT_TREE_LEVELS 4

/* Tags of the strongest rules that match: of all that are enforced, and of all in audit mode. */
struct match {
	__u32 enforced;
	__u32 audited;
};

/*
 * {lane:16 | key:16} of a packet. A function of its own: what the verifier knows of the lane it
 * would tell apart, and walk the rest once for each.
 */
__noinline __u32 lane_and_key(const struct first_packet *packet)
{
	if (!packet)
		return 0;
	switch (packet->protocol) {
	case IPPROTO_TCP:
		return LANE_TCP << LANE_SHIFT | packet->port;
	case IPPROTO_UDP:
		return LANE_UDP << LANE_SHIFT | packet->port;
	case IPPROTO_SCTP:
		return LANE_SCTP << LANE_SHIFT | packet->port;
	case IPPROTO_ICMP:
		return LANE_ICMP << LANE_SHIFT | packet->icmp_type << 8 | packet->icmp_code;
	case IPPROTO_ICMPV6:
		return LANE_ICMPV6 << LANE_SHIFT | packet->icmp_type << 8 | packet->icmp_code;
	default:
		return LANE_OTHER << LANE_SHIFT | packet->protocol << 8;
	}
}

/*
 * The greatest tag of those that a walk from branch `index` of the tree's root meets. A function of
 * its own, verified once.
 */
__noinline __u32 port_tree_tag(const struct slot *slot, __u32 node, __u32 index, __u32 key)
{
	const struct policy_line *line;
	__u32 tag = 0;

	if (!slot)
		return 0;
	for (int i = 0; i < PORT_TREE_LEVELS; i++) {
		const struct port_branch *branch;

		line = policy_line(slot, node + index / BRANCHES_PER_LINE);
		if (!line)
			return tag;
		branch = (const struct port_branch *)line + index % BRANCHES_PER_LINE;
		if (branch->tag > tag)
			tag = branch->tag;
		if (!branch->child)
			return tag;
		node = branch->child;
		index = (key >> 12) & 15;
		key <<= 4;
	}
	line = policy_line(slot, node);
	if (line && line->word[index & 15] > tag)
		tag = line->word[index & 15];
	return tag;
}

static __always_inline __u32 greater(__u32 one, __u32 other)
{
	return one > other ? one : other;
}

/*
 * What does not stand in a class's own line, added to what does. A function of its own, verified
 * once and not for each way through the line.
 */
__noinline int match_in_trees(const struct slot *slot, const struct class_record *record,
			      __u32 lane_and_key, struct match *match)
{
	__u32 lane = lane_and_key >> LANE_SHIFT, key = (__u16)lane_and_key;
	__u32 audited = LANE_AUDIT << LANE_SHIFT | lane_and_key;

	if (!slot || !record || !match)
		return 0;
	/* 2. What is its own and too much for one line. */
	if (record->intervals) {
		match->enforced = greater(match->enforced,
					  find_interval(slot, record->intervals, lane_and_key, 0));
		match->audited =
		    greater(match->audited, find_interval(slot, record->intervals, audited, 0));
	}
	/* 3. What it shares with others. */
	if (record->ports) {
		match->enforced =
		    greater(match->enforced, port_tree_tag(slot, record->ports, lane, key));
		match->audited = greater(
		    match->audited, port_tree_tag(slot, record->ports, LANE_AUDIT + lane, key));
	}
	return 0;
}

static __always_inline struct match match_ports(const struct slot *slot, __u32 class,
						__u32 lane_and_key)
{
	const struct class_record *record = (const void *)policy_line(slot, class);
	__u32 lane = lane_and_key >> LANE_SHIFT, key = (__u16)lane_and_key;
	__u32 in_lane = (__u32)TAG_LANE << lane;
	struct match match = {};

	if (!record)
		return match;
		/* 1. The class's own entries, greatest tag first: the first one that is enforced
		 * ends it. */
#pragma unroll
	for (int i = 0; i < CLASS_ENTRY_COUNT; i++) {
		const struct port_entry *entry = &record->entry[i];

		if (!entry->tag)
			break;
		if (key < entry->first || key > entry->last || !(entry->tag & in_lane))
			continue;
		if (!(entry->tag & TAG_AUDIT)) {
			match.enforced = entry->tag;
			break;
		}
		if (entry->tag > match.audited)
			match.audited = entry->tag;
	}
	/* 2. and 3. */
	if (record->intervals || record->ports)
		match_in_trees(slot, record, lane_and_key, &match);
	/* 4. Behind the rule that decides no other one is asked. */
	if (match.audited < match.enforced)
		match.audited = 0;
	return match;
}

#endif
