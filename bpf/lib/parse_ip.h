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

#define DATAGRAM_MAX 65535

/*
 * A part of a datagram, `offset` octets into it, from packet->transport_offset on. Of a quoted one
 * only the first says something. `kept` octets of a header come before the datagram when it is put
 * together. Checked is what RFC 791, RFC 1858 and RFC 8200 section 4.5 demand; the first part's
 * headers are read later.
 */
static __always_inline enum parse_result parse_fragment(const struct extent *extent, __u32 kept,
							__u32 offset, bool more, __be32 id,
							struct packet *packet)
{
	__u32 length = extent->end - packet->transport_offset;

	if (!extent->frame_end)
		return offset ? PARSE_FRAGMENT : PARSE_OK;
	if (length == 0 || (more && length % 8) || kept + offset + length > DATAGRAM_MAX)
		return PARSE_FRAGMENT;
	packet->first_fragment = offset == 0;
	packet->later_fragment = offset != 0;
	packet->fragment_id = id;
	packet->fragment_octets = offset ? offset : length;
	return PARSE_OK;
}

static __always_inline enum parse_result parse_ipv4(struct __sk_buff *skb, struct extent *extent,
						    struct packet *packet)
{
	struct ipv4_header ip;
	__u32 header_length, length, fragment;
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
	packet->key.protocol = ip.protocol;
	packet->key.local[0] = egress ? ip.source : ip.destination;
	packet->key.remote[0] = egress ? ip.destination : ip.source;
	packet->hop_limit = ip.ttl;
	packet->transport_offset = extent->start + header_length;
	fragment = bpf_ntohs(ip.fragment);
	if (!(fragment & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)))
		return PARSE_OK;
	return parse_fragment(extent, header_length, (fragment & IPV4_FRAGMENT_OFFSET) * 8,
			      fragment & IPV4_MORE_FRAGMENTS, ip.id, packet);
}

static __always_inline bool is_extension(__u8 header)
{
	return header == IPPROTO_HOPOPTS || header == IPPROTO_ROUTING ||
	       header == IPPROTO_FRAGMENT || header == IPPROTO_DSTOPTS || header == IPPROTO_AH;
}

struct extension_header {
	__u8 next_header;
	/* Of most headers. */
	__u8 length;
	union {
		/* Of a routing header. */
		__u8 routing_type;
		/* Of a fragment header. */
		__be16 fragment;
	};
	__be32 id;
};

/* Octets: RFC 4302 section 2.2: AH counts 4, minus 2; the others count 8, minus 1. */
static __always_inline __u32 extension_length(__u8 kind, const struct extension_header *header)
{
	return kind == IPPROTO_FRAGMENT ? sizeof(*header)
	       : kind == IPPROTO_AH	? (header->length + 2) * 4
					: (header->length + 1) * 8;
}

/* Walks the extension headers of RFC 8200 section 4 to the transport header. */
static __always_inline enum parse_result parse_extensions(struct __sk_buff *skb,
							  const struct extent *extent, __u8 next,
							  __u32 offset, struct packet *packet)
{
	struct extension_header header;
	bool fragmented = false;

#pragma unroll
	for (int i = 0; i < IPV6_EXTENSION_HEADERS_MAX; i++) {
		if (!is_extension(next))
			break;
		/* RFC 8200 section 4.1: right behind the IPv6 header and nowhere else. */
		if (next == IPPROTO_HOPOPTS && i > 0)
			return PARSE_INVALID;
		/* All are 8 octets or more. RFC 7112: the first part of a datagram has all headers.
		 */
		if (offset + sizeof(header) > extent->end)
			return fragmented ? PARSE_FRAGMENT : PARSE_TRUNCATED;
		if (!load(skb, offset, &header, sizeof(header)))
			return PARSE_TRUNCATED;
		/* RFC 5095: type 0 sends packets round in circles. */
		if (next == IPPROTO_ROUTING && header.routing_type == 0)
			return PARSE_INVALID;
		offset += extension_length(next, &header);
		if (next == IPPROTO_FRAGMENT) {
			__u32 fragment = bpf_ntohs(header.fragment);

			if (fragmented)
				return PARSE_FRAGMENT;
			fragmented = true;
			packet->transport_offset = offset;
			/* Neither offset nor more: a whole datagram (RFC 6946). */
			if ((fragment & (IPV6_FRAGMENT_OFFSET | IPV6_MORE_FRAGMENTS)) &&
			    parse_fragment(extent, 0, fragment & IPV6_FRAGMENT_OFFSET,
					   fragment & IPV6_MORE_FRAGMENTS, header.id,
					   packet) != PARSE_OK)
				return PARSE_FRAGMENT;
			if (packet->later_fragment)
				return PARSE_OK;
		}
		next = header.next_header;
	}
	if (is_extension(next))
		return next == IPPROTO_HOPOPTS ? PARSE_INVALID : PARSE_UNKNOWN_PROTOCOL;
	packet->key.protocol = next;
	packet->transport_offset = offset;
	if (offset > extent->end)
		return fragmented ? PARSE_FRAGMENT : PARSE_TRUNCATED;
	return PARSE_OK;
}

static __always_inline enum parse_result parse_ipv6(struct __sk_buff *skb, struct extent *extent,
						    struct packet *packet)
{
	struct ipv6_header ip;
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
	return parse_extensions(skb, extent, ip.next_header, extent->start + sizeof(ip), packet);
}

#endif
