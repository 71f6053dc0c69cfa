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

static __always_inline __u32 lane_of(__u8 protocol)
{
	return LANE_OTHER + lanes[protocol];
}

static __always_inline __u32 key_of(__u8 protocol, __u16 port, __u8 icmp_type, __u8 icmp_code)
{
	if (has_ports(protocol))
		return port;
	return is_icmp(protocol) ? icmp_type << 8 | icmp_code : protocol << 8;
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

/*
 * What stands outside of the class's own line: {audited:32 | enforced:32}. A function of its own,
 * verified once.
 */
__noinline __u64 match_outside(const struct slot *slot, const struct class_record *record,
			       __u32 lane, __u32 key)
{
	__u32 enforced = 0, audited = 0, tag;

	if (!slot || !record)
		return 0;
	/* 1. Its own. */
	if (record->intervals) {
		enforced =
		    find_interval_again(slot, record->intervals, lane << LANE_SHIFT | key, 0);
		audited = find_interval_again(slot, record->intervals,
					      (LANE_AUDIT + lane) << LANE_SHIFT | key, 0);
	}
	/* 2. What it shares with others. */
	if (record->ports) {
		tag = port_tree_tag(slot, record->ports, lane, key);
		enforced = tag > enforced ? tag : enforced;
		tag = port_tree_tag(slot, record->ports, LANE_AUDIT + lane, key);
		audited = tag > audited ? tag : audited;
	}
	return (__u64)audited << 32 | enforced;
}

static __always_inline bool entry_matches(const struct port_entry *entry, __u32 lane, __u32 key)
{
	return key >= entry->first && key <= entry->last && entry->tag & ((__u32)TAG_LANE << lane);
}

/*
 * The class's own line: the greatest tag that matches. Greatest first, so it is the first one; what
 * is not used has tag 0, and no lanes.
 */
static __always_inline __u32 first_tag(const struct class_record *record, __u32 lane, __u32 key)
{
#pragma unroll
	for (int i = 0; i < CLASS_ENTRY_COUNT; i++) {
		if (entry_matches(&record->entry[i], lane, key))
			return record->entry[i].tag;
		if (!record->entry[i].tag)
			break;
	}
	return 0;
}

/* The same of the enforced entries alone. A function of its own, as rules in audit mode are few. */
__noinline __u32 first_enforced_tag(const struct class_record *record, __u32 lane, __u32 key)
{
	if (!record)
		return 0;
#pragma unroll
	for (int i = 0; i < CLASS_ENTRY_COUNT; i++) {
		if (!(record->entry[i].tag & TAG_AUDIT) &&
		    entry_matches(&record->entry[i], lane, key))
			return record->entry[i].tag;
	}
	return 0;
}

static __always_inline struct match match_ports(const struct slot *slot, __u32 class, __u32 lane,
						__u32 key)
{
	const struct class_record *record = (const void *)policy_line(slot, class);
	struct match match = {};

	if (!record)
		return match;
	/* 1. The class's own line. */
	match.enforced = first_tag(record, lane, key);
	if (match.enforced & TAG_AUDIT) {
		match.audited = match.enforced;
		match.enforced = first_enforced_tag(record, lane, key);
	}
	/* 2. What did not fit into it. */
	if (record->intervals | record->ports) {
		__u64 outside = match_outside(slot, record, lane, key);
		__u32 enforced = outside, audited = outside >> 32;

		match.enforced = enforced > match.enforced ? enforced : match.enforced;
		match.audited = audited > match.audited ? audited : match.audited;
	}
	/* 3. Behind the rule that decides no other one is asked. */
	if (match.audited < match.enforced)
		match.audited = 0;
	return match;
}

#endif
