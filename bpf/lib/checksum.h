/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The internet checksum (RFC 1071). */
#ifndef EBPF_PERSONAS_LIB_CHECKSUM_H
#define EBPF_PERSONAS_LIB_CHECKSUM_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <bpf/bpf_helpers.h>

/* bpf_csum_diff() of kernels before 6.13 takes no more octets at once. */
#define CHECKSUM_CHUNK 512

/* Of TCP and ICMPv6: RFC 9293 section 3.1, RFC 8200 section 8.1. The words that IPv4 leaves zero
 * add nothing. */
struct pseudo_header {
	__be32 source[4];
	__be32 destination[4];
	__be32 length;
	__be32 protocol;
};

/* The sum of 16-bit words; `size` is a multiple of 4 and at most CHECKSUM_CHUNK. */
static __always_inline __u32 checksum_add(__u32 sum, void *data, __u32 size)
{
	return bpf_csum_diff(NULL, 0, data, size, sum);
}

static __always_inline __be16 checksum_fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return ~sum;
}

#endif
