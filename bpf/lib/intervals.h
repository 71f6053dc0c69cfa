/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Interval trees: B-trees of one cache line a level, over 32-bit numbers. */
#ifndef EBPF_PERSONAS_LIB_INTERVALS_H
#define EBPF_PERSONAS_LIB_INTERVALS_H

#include "lib/maps.h"

/* Enough for 16^5 intervals; the compiler makes no more (RulePrefixes). */
#define INTERVAL_LEVELS_MAX 5

static __always_inline const struct policy_line *policy_line(const struct slot *slot, __u32 line)
{
	__u32 key = slot->line_base + line;

	return bpf_map_lookup_elem(&policy_lines, &key);
}

/*
 * The interval that holds `number`: how many end before it. Written as instructions, because clang
 * makes a branch of every comparison: they mispredict, and each doubles what the verifier walks.
 */
static __always_inline __u64 interval_of(const struct interval_node *node, __u64 number)
{
	__u64 before = 0;

#pragma unroll
	for (int i = 0; i < 15; i++) {
		__u64 last = node->last[i];

		asm volatile("%[last] -= %[number]\n"
			     "%[last] >>= 63\n"
			     "%[before] += %[last]"
			     : [last] "+r"(last), [before] "+r"(before)
			     : [number] "r"(number));
	}
	return before;
}

/* The value of the interval that holds `number` in the tree of this root; `otherwise` where there
 * is no such tree. */
static __always_inline __u32 find_interval(const struct slot *slot, __u32 root, __u32 number,
					   __u32 otherwise)
{
	__u32 line = root;

	for (int level = 0; level < INTERVAL_LEVELS_MAX; level++) {
		const struct interval_node *node = (const void *)policy_line(slot, line);
		const struct policy_line *values;
		__u64 interval;

		if (!node)
			break;
		interval = interval_of(node, number);
		if (node->first & INTERVAL_NODE_LEAF) {
			values = policy_line(slot, line + 1);
			return values ? values->word[interval & 15] : otherwise;
		}
		if (node->first & INTERVAL_NODE_ABOVE_LEAVES)
			interval *= 2;
		line = (node->first & INTERVAL_NODE_LINE) + interval;
	}
	return otherwise;
}

/* The same as a function of its own, for the trees behind the first one: verified once, and a call
 * dearer. */
__noinline __u32 find_interval_again(const struct slot *slot, __u32 root, __u32 number,
				     __u32 otherwise)
{
	return slot ? find_interval(slot, root, number, otherwise) : otherwise;
}

#endif
