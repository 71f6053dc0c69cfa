/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * From bytes to struct packet. Everything is read relative to the network header, so the same code
 * serves Ethernet, tunnels without a link layer, and packets quoted in ICMP errors.
 */
#ifndef EBPF_PERSONAS_LIB_PARSE_H
#define EBPF_PERSONAS_LIB_PARSE_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "abi/verdict.h"
#include "lib/packet.h"

#define IPV6_EXTENSION_HEADERS_MAX 6

/* Enough for the headers of a packet and of one that it quotes. */
#define HEADERS_MAX 256

struct ipv4_header {
	__u8 version_length;
	__u8 service;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 source;
	__be32 destination;
};

struct ipv6_header {
	__be32 version_class_label;
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__be32 source[4];
	__be32 destination[4];
};

enum parse_result {
	PARSE_OK = 0,
	PARSE_FRAGMENT,
	PARSE_TRUNCATED,
	PARSE_INVALID,
	PARSE_UNKNOWN_PROTOCOL,
};

static __always_inline bool load(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET) == 0;
}

/*
 * Whether a packet that is handed over as ARP is that on the wire too: a packet socket's sender may
 * claim what it likes. RFC 826, for IPv4 over Ethernet.
 */
static __always_inline bool is_arp(struct __sk_buff *skb)
{
	__be16 ethertype;
	struct {
		__be16 hardware;
		__be16 protocol;
		__u8 hardware_length;
		__u8 protocol_length;
	} arp;

	if (bpf_skb_load_bytes_relative(skb, 12, &ethertype, sizeof(ethertype),
					BPF_HDR_START_MAC) ||
	    ethertype != bpf_htons(ETH_P_ARP) || !load(skb, 0, &arp, sizeof(arp)))
		return false;
	return arp.hardware == bpf_htons(1) && arp.protocol == bpf_htons(ETH_P_IP) &&
	       arp.hardware_length == 6 && arp.protocol_length == 4;
}

static __always_inline enum parse_result parse_ipv4(struct __sk_buff *skb, __u32 offset,
						    struct packet *packet)
{
	struct ipv4_header ip;
	__u32 header_length;
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	if (!load(skb, offset, &ip, sizeof(ip)))
		return PARSE_TRUNCATED;
	header_length = (ip.version_length & 0x0f) * 4;
	if (ip.version_length >> 4 != 4 || header_length < sizeof(ip) ||
	    bpf_ntohs(ip.total_length) < header_length)
		return PARSE_INVALID;
	if (bpf_ntohs(ip.fragment) & (IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET))
		return PARSE_FRAGMENT;
	packet->key.protocol = ip.protocol;
	packet->key.local[0] = egress ? ip.source : ip.destination;
	packet->key.remote[0] = egress ? ip.destination : ip.source;
	packet->hop_limit = ip.ttl;
	packet->transport_offset = offset + header_length;
	return PARSE_OK;
}

/* Walks the extension headers of RFC 8200 section 4 to the transport header. */
static __always_inline enum parse_result parse_ipv6(struct __sk_buff *skb, __u32 offset,
						    struct packet *packet)
{
	struct ipv6_header ip;
	__u8 next;
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	if (!load(skb, offset, &ip, sizeof(ip)))
		return PARSE_TRUNCATED;
	if ((bpf_ntohl(ip.version_class_label) >> 28) != 6)
		return PARSE_INVALID;
	__builtin_memcpy(packet->key.local, egress ? ip.source : ip.destination, 16);
	__builtin_memcpy(packet->key.remote, egress ? ip.destination : ip.source, 16);
	packet->hop_limit = ip.hop_limit;
	offset += sizeof(ip);
	next = ip.next_header;
#pragma unroll
	for (int i = 0; i < IPV6_EXTENSION_HEADERS_MAX; i++) {
		__u8 extension[2];
		__u32 length;

		if (next == IPPROTO_FRAGMENT)
			return PARSE_FRAGMENT;
		if (next != IPPROTO_HOPOPTS && next != IPPROTO_ROUTING && next != IPPROTO_DSTOPTS &&
		    next != IPPROTO_AH)
			break;
		if (!load(skb, offset, extension, sizeof(extension)))
			return PARSE_TRUNCATED;
		/* RFC 4302 section 2.2: AH counts 4 octets, minus 2; the others 8, minus 1. */
		length = next == IPPROTO_AH ? (extension[1] + 2) * 4 : (extension[1] + 1) * 8;
		offset += length;
		next = extension[0];
	}
	if (next == IPPROTO_FRAGMENT)
		return PARSE_FRAGMENT;
	if (next == IPPROTO_HOPOPTS || next == IPPROTO_ROUTING || next == IPPROTO_DSTOPTS ||
	    next == IPPROTO_AH)
		return PARSE_UNKNOWN_PROTOCOL;
	packet->key.protocol = next;
	packet->transport_offset = offset;
	return PARSE_OK;
}

static __always_inline void set_ports(struct packet *packet, __be16 source, __be16 destination)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	packet->key.local_port = egress ? source : destination;
	packet->key.remote_port = egress ? destination : source;
}

static __always_inline enum parse_result parse_icmp(struct __sk_buff *skb, struct packet *packet)
{
	/* Type, code, checksum, identifier, sequence number: RFC 792, RFC 4443. */
	__u8 icmp[8];

	if (!load(skb, packet->transport_offset, icmp, sizeof(icmp)))
		return PARSE_TRUNCATED;
	packet->icmp_type = icmp[0];
	packet->icmp_code = icmp[1];
	packet->icmp_kind = icmp_kind(packet);
	if (is_echo(packet)) {
		bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
		__be16 id;

		__builtin_memcpy(&id, icmp + 4, sizeof(id));
		if (is_echo_request(packet) == egress)
			packet->key.local_port = id;
		else
			packet->key.remote_port = id;
	}
	return PARSE_OK;
}

/*
 * `quoted`: the packet stands in an ICMP error, which need not hold more than 8 octets of the
 * transport header (RFC 792).
 */
static __always_inline enum parse_result parse_transport(struct __sk_buff *skb,
							 struct packet *packet, bool quoted)
{
	__u8 protocol = packet->key.protocol;
	__be16 ports[2];

	if (is_icmp(protocol))
		return parse_icmp(skb, packet);
	if (!has_ports(protocol))
		return PARSE_OK;
	if (!load(skb, packet->transport_offset, ports, sizeof(ports)))
		return PARSE_TRUNCATED;
	set_ports(packet, ports[0], ports[1]);
	if (quoted)
		return PARSE_OK;
	if (protocol == IPPROTO_TCP) {
		/* From the data offset on: offset, flags, window, checksum, urgent pointer. */
		__u8 rest[8];

		if (!load(skb, packet->transport_offset + 12, rest, sizeof(rest)))
			return PARSE_TRUNCATED;
		if (rest[0] >> 4 < 5)
			return PARSE_INVALID;
		packet->tcp_flags = rest[1];
	} else {
		/* UDP's length and checksum, SCTP's verification tag: the header's second half. */
		__u8 rest[4];

		if (!load(skb, packet->transport_offset + 4, rest, sizeof(rest)))
			return PARSE_TRUNCATED;
	}
	return PARSE_OK;
}

/*
 * A function of its own, verified once: it is needed for the packet, for a quoted one, and again
 * for either.
 */
__noinline int parse_linear(struct __sk_buff *skb, __u32 offset, __u32 quoted,
			    struct packet *packet)
{
	int result;

	if (!packet)
		return PARSE_INVALID;
	result = packet->key.family == ADDRESS_FAMILY_IPV6 ? parse_ipv6(skb, offset, packet)
							   : parse_ipv4(skb, offset, packet);
	return result == PARSE_OK ? (int)parse_transport(skb, packet, quoted) : result;
}

/*
 * Parses from `offset` behind the network header; packet->direction and packet->key.family are
 * given. Drivers may leave headers in pages, where bpf_skb_load_bytes_relative() does not look
 * (net/core/filter.c): what seems to be cut off is pulled into the linear part once.
 */
static __always_inline enum parse_result parse(struct __sk_buff *skb, __u32 offset, bool quoted,
					       struct packet *packet)
{
	int result = parse_linear(skb, offset, quoted, packet);

	if (result == PARSE_TRUNCATED &&
	    !bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX))
		result = parse_linear(skb, offset, quoted, packet);
	return result;
}

#endif
