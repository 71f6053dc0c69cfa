/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From an address to its class: a B-tree for each word of the address. */
#ifndef EBPF_PERSONAS_LIB_ADDRESS_H
#define EBPF_PERSONAS_LIB_ADDRESS_H

#include <bpf/bpf_endian.h>
#include "abi/first_packet.h"
#include "lib/maps.h"

/* IPv6 has four words, IPv4 one. */
#define ADDRESS_WORDS_MAX 4

/* Levels of a tree over one word: the compiler makes at most 2^23 intervals (RulePrefixes), 16^6
 * are twice as many. */
#define ADDRESS_LEVELS_MAX 6

static __always_inline const struct policy_line *policy_line(const struct slot *slot, __u32 line)
{
	__u32 key = slot->line_base + line;

	return bpf_map_lookup_elem(&policy_lines, &key);
}

/*
 * The number of the interval that holds `word`: how many end before it. Written as instructions,
 * because clang makes a branch of every comparison: they mispredict, and each doubles what the
 * verifier walks.
 */
static __always_inline __u64 address_interval(const struct address_node *node, __u64 word)
{
	__u64 before = 0;

#pragma unroll
	for (int i = 0; i < 15; i++) {
		__u64 last = node->last[i];

		asm volatile("%[last] -= %[word]\n"
			     "%[last] >>= 63\n"
			     "%[before] += %[last]"
			     : [last] "+r"(last), [before] "+r"(before)
			     : [word] "r"(word));
	}
	return before;
}

/* The reference of the interval that holds `word`, in the tree of a root; the class without rules
 * if there is none. */
static __always_inline __u32 find_interval(const struct slot *slot, __u32 root, __u32 word)
{
	__u32 line = root;

	for (int level = 0; level < ADDRESS_LEVELS_MAX; level++) {
		const struct address_node *node = (const void *)policy_line(slot, line);
		const struct policy_line *references;
		__u64 interval;

		if (!node)
			break;
		interval = address_interval(node, word);
		if (node->first & ADDRESS_NODE_LEAF) {
			references = policy_line(slot, line + 1);
			return references ? references->word[interval & 15] : REFERENCE_CLASS;
		}
		if (node->first & ADDRESS_NODE_ABOVE_LEAVES)
			interval *= 2;
		line = (node->first & ADDRESS_NODE_LINE) + interval;
	}
	return REFERENCE_CLASS;
}

/* The line of the class of the other end's address. A function of its own, verified once. */
__noinline __u32 find_class(const struct slot *slot, const struct first_packet *packet)
{
	__u32 reference = REFERENCE_CLASS, root, word, second, third, fourth;

	if (!slot || !packet)
		return 0;
	root = packet->direction * ADDRESS_FAMILY_COUNT + packet->family;
	if (root < ROOT_COUNT)
		reference = slot->root[root];
	word = packet->peer[0];
	second = packet->peer[1];
	third = packet->peer[2];
	fourth = packet->peer[3];
	for (int i = 0; i < ADDRESS_WORDS_MAX; i++) {
		if (reference & REFERENCE_CLASS)
			break;
		reference = find_interval(slot, reference, bpf_ntohl(word));
		word = second;
		second = third;
		third = fourth;
	}
	return reference & REFERENCE_LINE;
}

#endif
