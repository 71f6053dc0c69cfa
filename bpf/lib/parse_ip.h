/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* From an IP header, wherever it stands, to the transport header behind it. */
#ifndef EBPF_PERSONAS_LIB_PARSE_IP_H
#define EBPF_PERSONAS_LIB_PARSE_IP_H

#include <bpf/bpf_endian.h>
#include "lib/headers.h"
#include "lib/options.h"
#include "lib/packet.h"

#define IPV6_EXTENSION_HEADERS_MAX 6

/* Where to read, and how much there is. Offsets count from the network header. */
struct extent {
	/* Of the IP header. */
	__u32 start;
	/* Of the frame's end; 0 where the packet is a quoted one, of which a part is enough. */
	__u32 frame_end;
	/* Of the packet's end, as its header says; what follows in the frame is padding. */
	__u32 end;
};

/*
 * `length` octets follow `start`, says the header; 0 where that is too much for it and segmentation
 * is put off (BIG TCP). False where the frame is shorter.
 */
static __always_inline bool find_end(struct __sk_buff *skb, __u32 header_length, __u32 length,
				     struct extent *extent)
{
	if (!extent->frame_end) {
		extent->end = (__u32)-1;
		return true;
	}
	extent->end = length == 0 && skb->gso_size ? extent->frame_end
						   : extent->start + header_length + length;
	return extent->end <= extent->frame_end;
}

static __always_inline enum parse_result parse_ipv4(struct __sk_buff *skb, struct extent *extent,
						    struct packet *packet)
{
	struct ipv4_header ip;
	__u32 header_length, length;
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	if (!load(skb, extent->start, &ip, sizeof(ip)))
		return PARSE_TRUNCATED;
	header_length = (ip.version_length & 0x0f) * 4;
	length = bpf_ntohs(ip.total_length);
	if (ip.version_length >> 4 != 4 || header_length < sizeof(ip) ||
	    (length < header_length && !(length == 0 && skb->gso_size)))
		return PARSE_INVALID;
	if (!find_end(skb, 0, length, extent) || extent->start + header_length > extent->end)
		return PARSE_TRUNCATED;
	if (bpf_ntohs(ip.fragment) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return PARSE_FRAGMENT;
	packet->key.protocol = ip.protocol;
	packet->key.local[0] = egress ? ip.source : ip.destination;
	packet->key.remote[0] = egress ? ip.destination : ip.source;
	packet->hop_limit = ip.ttl;
	packet->transport_offset = extent->start + header_length;
	return PARSE_OK;
}

static __always_inline bool is_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_DSTOPTS || header == IPPROTO_AH;
}

/* Walks the extension headers of RFC 8200 section 4 to the transport header. */
static __always_inline enum parse_result parse_ipv6(struct __sk_buff *skb, struct extent *extent,
						    struct packet *packet)
{
	__u32 offset = extent->start + sizeof(struct ipv6_header);
	struct ipv6_header ip;
	__u8 next;
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	if (!load(skb, extent->start, &ip, sizeof(ip)))
		return PARSE_TRUNCATED;
	if ((bpf_ntohl(ip.version_class_label) >> 28) != 6)
		return PARSE_INVALID;
	if (!find_end(skb, sizeof(ip), bpf_ntohs(ip.payload_length), extent))
		return PARSE_TRUNCATED;
	__builtin_memcpy(packet->key.local, egress ? ip.source : ip.destination, 16);
	__builtin_memcpy(packet->key.remote, egress ? ip.destination : ip.source, 16);
	packet->hop_limit = ip.hop_limit;
	next = ip.next_header;
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSION_HEADERS_MAX; i++) {
		/* Next header, length, and of a routing header the type. */
		__u8 extension[3];

		if (!is_extension(next))
			break;
		/* RFC 8200 section 4.1: right behind the IPv6 header and nowhere else. */
		if (next == IPPROTO_HOPOPTS && i > 0)
			return PARSE_INVALID;
		if (!load(skb, offset, extension, sizeof(extension)))
			return PARSE_TRUNCATED;
		/* RFC 5095: type 0 sends packets round in circles. */
		if (next == IPPROTO_ROUTING && extension[2] == 0)
			return PARSE_INVALID;
		/* RFC 4302 section 2.2: AH counts 4 octets, minus 2; the others 8, minus 1. */
		offset += next == IPPROTO_AH ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8;
		if (offset > extent->end)
			return PARSE_TRUNCATED;
		next = extension[0];
	}
	if (next == IPPROTO_FRAGMENT)
		return PARSE_FRAGMENT;
	if (is_extension(next))
		return next == IPPROTO_HOPOPTS ? PARSE_INVALID : PARSE_UNKNOWN_PROTOCOL;
	packet->key.protocol = next;
	packet->transport_offset = offset;
	return PARSE_OK;
}

#endif
