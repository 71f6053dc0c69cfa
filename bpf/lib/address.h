/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From an address to its class: an interval tree for each word of the address, or a list for the
 * rest of it. */
#ifndef EBPF_PERSONAS_LIB_ADDRESS_H
#define EBPF_PERSONAS_LIB_ADDRESS_H

#include <bpf/bpf_endian.h>
#include "lib/intervals.h"

/* IPv6 has four words, IPv4 one. */
#define ADDRESS_WORDS_MAX 4

#define INTERVALS_PER_LINE (INTERVALS_PER_LIST / 2)

/*
 * The class of the first interval of the list that does not end before the address. A function of
 * its own, verified once.
 */
__noinline __u32 find_in_list(const struct slot *slot, __u32 line, __u64 middle, __u32 low)
{
	if (!slot)
		return REFERENCE_CLASS;
	for (int i = 0; i < 2; i++) {
		const struct address_interval *interval = (const void *)policy_line(slot, line + i);

		if (!interval)
			break;
#pragma unroll
		for (int j = 0; j < INTERVALS_PER_LINE; j++, interval++) {
			__u64 last = (__u64)interval->last[0] << 32 | interval->last[1];

			if (middle < last || (middle == last && low <= interval->last[2]))
				return interval->reference;
		}
	}
	return REFERENCE_CLASS;
}

/* The rest of an IPv6 address, where its first word does not decide. */
static __always_inline __u32 find_rest(const struct slot *slot, __u32 reference,
				       const __be32 *address)
{
	__u32 word = address[1], third = address[2], fourth = address[3];

	for (int i = 1; i < ADDRESS_WORDS_MAX; i++) {
		if (reference & (REFERENCE_CLASS | REFERENCE_LIST))
			break;
		reference = find_interval_again(slot, reference, bpf_ntohl(word), REFERENCE_CLASS);
		word = third;
		third = fourth;
	}
	if (reference & REFERENCE_LIST)
		reference = find_in_list(slot, reference & REFERENCE_LINE,
					 (__u64)bpf_ntohl(address[1]) << 32 | bpf_ntohl(address[2]),
					 bpf_ntohl(address[3]));
	return reference;
}

/* The line of the class of an address. */
static __always_inline __u32 find_class(const struct slot *slot, __u32 root, const __be32 *address)
{
	__u32 reference = root < ROOT_COUNT ? slot->root[root] : REFERENCE_CLASS;

	if (!(reference & REFERENCE_CLASS))
		reference = find_interval(slot, reference, bpf_ntohl(address[0]), REFERENCE_CLASS);
	if (!(reference & REFERENCE_CLASS))
		reference = find_rest(slot, reference, address);
	return reference & REFERENCE_LINE;
}

#endif
