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
 * The lane of each protocol number, less LANE_OTHER. A table, and not branches: then the verifier
 * does not know the lane, and walks what follows once for all of them.
 */
static const volatile __s8 lanes[256] = {
    [IPPROTO_TCP] = LANE_TCP - LANE_OTHER,	 [IPPROTO_UDP] = LANE_UDP - LANE_OTHER,
    [IPPROTO_SCTP] = LANE_SCTP - LANE_OTHER,	 [IPPROTO_ICMP] = LANE_ICMP - LANE_OTHER,
    [IPPROTO_ICMPV6] = LANE_ICMPV6 - LANE_OTHER,
};

static __always_inline __u32 lane_of(const struct first_packet *packet)
{
	return LANE_OTHER + lanes[packet->protocol];
}

static __always_inline __u32 key_of(const struct first_packet *packet)
{
	if (has_ports(packet->protocol))
		return packet->port;
	return is_icmp(packet->protocol) ? packet->icmp_type << 8 | packet->icmp_code
					 : packet->protocol << 8;
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

static __always_inline struct match match_ports(const struct slot *slot, __u32 class, __u32 lane,
						__u32 key)
{
	const struct class_record *record = (const void *)policy_line(slot, class);
	__u32 in_lane = (__u32)TAG_LANE << lane, tag;
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
	/* 2. What is its own and too much for one line. */
	if (record->intervals) {
		tag = find_interval_again(slot, record->intervals, lane << LANE_SHIFT | key, 0);
		match.enforced = tag > match.enforced ? tag : match.enforced;
		tag = find_interval_again(slot, record->intervals,
					  (LANE_AUDIT + lane) << LANE_SHIFT | key, 0);
		match.audited = tag > match.audited ? tag : match.audited;
	}
	/* 3. What it shares with others. */
	if (record->ports) {
		tag = port_tree_tag(slot, record->ports, lane, key);
		match.enforced = tag > match.enforced ? tag : match.enforced;
		tag = port_tree_tag(slot, record->ports, LANE_AUDIT + lane, key);
		match.audited = tag > match.audited ? tag : match.audited;
	}
	/* 4. Behind the rule that decides no other one is asked. */
	if (match.audited < match.enforced)
		match.audited = 0;
	return match;
}

#endif
