/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Nearly every packet is TCP or UDP right behind an IP header without options. Those are read in
 * one piece; a call for each header field costs more than all the rest of a lookup. Whatever is
 * unusual is left to lib/parse.h, which says what is wrong with it.
 */
#ifndef EBPF_PERSONAS_LIB_PARSE_USUAL_H
#define EBPF_PERSONAS_LIB_PARSE_USUAL_H

#include "lib/parse.h"

/* A whole TCP header (RFC 9293 section 3.1), or as many octets of UDP: a shorter one is unusual. */
struct usual_transport {
	__be16 source;
	__be16 destination;
	__u8 sequence[8];
	__u8 data_offset;
	__u8 flags;
	__u8 rest[6];
};

struct usual_ipv4 {
	struct ipv4_header ip;
	struct usual_transport transport;
};

struct usual_ipv6 {
	struct ipv6_header ip;
	struct usual_transport transport;
};

static __always_inline bool read_usual_transport(const struct usual_transport *transport,
						 __u8 protocol, struct packet *packet)
{
	if (protocol == IPPROTO_TCP) {
		if (transport->data_offset >> 4 < 5)
			return false;
		packet->tcp_flags = transport->flags;
	} else if (protocol != IPPROTO_UDP) {
		return false;
	}
	packet->key.protocol = protocol;
	set_ports(packet, transport->source, transport->destination);
	return true;
}

static __always_inline bool read_usual_ipv4(struct __sk_buff *skb, struct packet *packet)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
	struct usual_ipv4 usual;

	if (!load(skb, 0, &usual, sizeof(usual)) || usual.ip.version_length != 0x45 ||
	    bpf_ntohs(usual.ip.total_length) < sizeof(usual.ip) ||
	    (usual.ip.fragment & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)))
		return false;
	packet->key.local[0] = egress ? usual.ip.source : usual.ip.destination;
	packet->key.remote[0] = egress ? usual.ip.destination : usual.ip.source;
	packet->hop_limit = usual.ip.ttl;
	packet->transport_offset = sizeof(usual.ip);
	return read_usual_transport(&usual.transport, usual.ip.protocol, packet);
}

static __always_inline bool read_usual_ipv6(struct __sk_buff *skb, struct packet *packet)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
	struct usual_ipv6 usual;

	if (!load(skb, 0, &usual, sizeof(usual)) ||
	    (usual.ip.version_class_label & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000))
		return false;
	__builtin_memcpy(packet->key.local, egress ? usual.ip.source : usual.ip.destination, 16);
	__builtin_memcpy(packet->key.remote, egress ? usual.ip.destination : usual.ip.source, 16);
	packet->hop_limit = usual.ip.hop_limit;
	packet->transport_offset = sizeof(usual.ip);
	return read_usual_transport(&usual.transport, usual.ip.next_header, packet);
}

/*
 * False where the packet is not of the usual kind; then nothing is said of it. packet->direction
 * and packet->key.family are given.
 */
static __always_inline bool parse_usual(struct __sk_buff *skb, struct packet *packet)
{
	return packet->key.family == ADDRESS_FAMILY_IPV6 ? read_usual_ipv6(skb, packet)
							 : read_usual_ipv4(skb, packet);
}

#endif
