/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How many packets a run of the filter sees, and how long they are. */
#ifndef EBPF_PERSONAS_LIB_WEIGH_H
#define EBPF_PERSONAS_LIB_WEIGH_H

#include <bpf/bpf_endian.h>
#include "kernel/net.h"
#include "lib/headers.h"
#include "lib/link_length.h"

/* What one run of the filter sees: many packets where segmentation is put off, or was undone. */
struct weight {
	__u32 packets;
	/* As on the wire: each segment has headers, of which the filter sees one set. */
	__u32 bytes;
};

/* Hop-by-hop options that Linux puts in where IPv6's payload length is too small (RFC 2675); no
 * segment has them. */
#define JUMBO_OPTIONS 8

/* Octets of the headers in front of what segments divide among them, all that is there; 0 where
 * that is not known. */
static __always_inline __u32 segment_headers(struct __sk_buff *skb, __u32 *jumbo)
{
	__u32 link = find_link_length(skb), offset;
	__u8 protocol, length;

	if (link == NO_LINK_LENGTH)
		return 0;
	if (skb->protocol == bpf_htons(ETH_P_IPV6)) {
		offset = sizeof(struct ipv6_header);
		if (!load(skb, offsetof(struct ipv6_header, next_header), &protocol, 1))
			return 0;
		if (protocol == IPPROTO_HOPOPTS) {
			if (!load(skb, offset, &protocol, 1))
				return 0;
			offset += JUMBO_OPTIONS;
			*jumbo = JUMBO_OPTIONS;
		}
	} else {
		if (!load(skb, 0, &length, 1) ||
		    !load(skb, offsetof(struct ipv4_header, protocol), &protocol, 1))
			return 0;
		offset = (length & 0x0f) * 4;
	}
	if (protocol == IPPROTO_UDP)
		return link + offset + sizeof(struct udp_header);
	if (protocol != IPPROTO_TCP ||
	    !load(skb, offset + offsetof(struct tcp_header, data_offset), &length, 1))
		return 0;
	return link + offset + (length >> 4) * 4;
}

/*
 * Packets and octets of segments in one. Who hands over what came from elsewhere (a tap device, a
 * virtual machine's host) does not say how many they are; Linux knows the octets of what goes out
 * only. A function of its own: few packets, each of many octets.
 */
__noinline __u64 weigh_segments(struct __sk_buff *skb)
{
	__u32 jumbo = 0, headers = segment_headers(skb, &jumbo);
	__u32 packets = skb->gso_segs, size = skb->gso_size, bytes = skb->len;

	if (!packets && size && headers < bytes)
		packets = (bytes - headers + size - 1) / size;
	if (!packets)
		packets = 1;
	if (headers)
		bytes += (packets - 1) * (headers - jumbo) - jumbo;
	/* Of tunnels it knows the headers inside too. */
	if (!jumbo && skb->wire_len > bytes)
		bytes = skb->wire_len;
	return (__u64)packets << 32 | bytes;
}

static __always_inline struct weight weigh(struct __sk_buff *skb)
{
	struct weight weight = {.packets = 1, .bytes = skb->len};

	if (skb->gso_size) {
		__u64 segments = weigh_segments(skb);

		weight.packets = segments >> 32;
		weight.bytes = segments;
	}
	return weight;
}

#endif
