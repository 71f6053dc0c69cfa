/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Nearly every packet is TCP or UDP right behind an IP header without options. Those are read in
 * one piece; a call for each header field costs more than all the rest of a lookup. Whatever is
 * unusual is left to lib/parse.h, which says what is wrong with it.
 */
#ifndef EBPF_PERSONAS_LIB_PARSE_USUAL_H
#define EBPF_PERSONAS_LIB_PARSE_USUAL_H

#include "lib/link_maps.h"
#include "lib/parse.h"

/* A whole TCP header, or as many octets of UDP: a shorter one is unusual. */
struct usual_ipv4 {
	struct ipv4_header ip;
	struct tcp_header transport;
};

struct usual_ipv6 {
	struct ipv6_header ip;
	struct tcp_header transport;
};

/* `length`: octets of the IP packet from the transport header on. */
static __always_inline bool read_usual_transport(const struct tcp_header *transport, __u32 length,
						 __u8 protocol, struct packet *packet)
{
	if (protocol == IPPROTO_TCP) {
		__u32 header_length = (transport->data_offset >> 4) * 4;

		if (header_length < sizeof(*transport) || header_length > length ||
		    !is_tcp_combination(transport->flags))
			return false;
		packet->tcp_flags = transport->flags;
		packet->sequence = bpf_ntohl(transport->sequence);
		packet->acknowledgement = bpf_ntohl(transport->acknowledgement);
		packet->window = bpf_ntohs(transport->window);
		packet->payload = length - header_length;
	} else if (protocol == IPPROTO_UDP) {
		__u32 udp_length = bpf_ntohs(((const struct udp_header *)transport)->length);

		if (udp_length < sizeof(struct udp_header) || udp_length > length)
			return false;
	} else {
		return false;
	}
	packet->key.protocol = protocol;
	set_ports(packet, transport->source, transport->destination);
	return true;
}

/* `octets`: of the frame, from the network header on. */
static __always_inline bool read_usual_ipv4(const struct usual_ipv4 *usual, __u32 octets,
					    struct packet *packet)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
	__u32 length = bpf_ntohs(usual->ip.total_length);

	if (usual->ip.version_length != 0x45 || length < sizeof(usual->ip) || length > octets ||
	    (usual->ip.fragment & bpf_htons(IPV4_MORE_FRAGMENTS | IPV4_FRAGMENT_OFFSET)))
		return false;
	packet->key.local[0] = egress ? usual->ip.source : usual->ip.destination;
	packet->key.remote[0] = egress ? usual->ip.destination : usual->ip.source;
	packet->hop_limit = usual->ip.ttl;
	packet->transport_offset = sizeof(usual->ip);
	return read_usual_transport(&usual->transport, length - sizeof(usual->ip),
				    usual->ip.protocol, packet);
}

static __always_inline bool read_usual_ipv6(const struct usual_ipv6 *usual, __u32 octets,
					    struct packet *packet)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
	__u32 length = bpf_ntohs(usual->ip.payload_length);

	if ((usual->ip.version_class_label & bpf_htonl(0xf0000000)) != bpf_htonl(0x60000000) ||
	    length + sizeof(usual->ip) > octets)
		return false;
	__builtin_memcpy(packet->key.local, egress ? usual->ip.source : usual->ip.destination, 16);
	__builtin_memcpy(packet->key.remote, egress ? usual->ip.destination : usual->ip.source, 16);
	packet->hop_limit = usual->ip.hop_limit;
	packet->transport_offset = sizeof(usual->ip);
	return read_usual_transport(&usual->transport, length, usual->ip.next_header, packet);
}

/*
 * The network header where it can be read without a call: behind an Ethernet header, of an
 * interface that is known to have one, of a frame that agrees. NULL elsewhere.
 */
static __always_inline void *network_header(struct __sk_buff *skb)
{
	struct ethernet_header *ethernet = (void *)(long)skb->data;
	__u32 key = skb->ifindex;
	__u32 *known = bpf_map_lookup_elem(&ethernet_links, &key);

	if (!known || !*known || (void *)(ethernet + 1) > (void *)(long)skb->data_end ||
	    ethernet->protocol != skb->protocol)
		return NULL;
	return ethernet + 1;
}

/* The same by a call, for other links. A function of its own, for what it copies to the stack. */
__noinline int read_usual_copy(struct __sk_buff *skb, struct packet *packet)
{
	union {
		struct usual_ipv4 ipv4;
		struct usual_ipv6 ipv6;
	} copy;

	if (!packet)
		return false;
	if (packet->key.family == ADDRESS_FAMILY_IPV6)
		return load(skb, 0, &copy.ipv6, sizeof(copy.ipv6)) &&
		       read_usual_ipv6(&copy.ipv6, network_octets(skb), packet);
	return load(skb, 0, &copy.ipv4, sizeof(copy.ipv4)) &&
	       read_usual_ipv4(&copy.ipv4, network_octets(skb), packet);
}

static __always_inline bool read_usual(struct __sk_buff *skb, struct packet *packet)
{
	void *header = network_header(skb), *end = (void *)(long)skb->data_end;

	if (packet->key.family == ADDRESS_FAMILY_IPV6) {
		struct usual_ipv6 *ipv6 = header;

		if (ipv6 && (void *)(ipv6 + 1) <= end)
			return read_usual_ipv6(ipv6, skb->len - ETHERNET_LENGTH, packet);
	} else {
		struct usual_ipv4 *ipv4 = header;

		if (ipv4 && (void *)(ipv4 + 1) <= end)
			return read_usual_ipv4(ipv4, skb->len - ETHERNET_LENGTH, packet);
	}
	return read_usual_copy(skb, packet);
}

/*
 * False where the packet is not of the usual kind; then nothing is said of it. packet->direction
 * and packet->key.family are given.
 */
static __always_inline bool parse_usual(struct __sk_buff *skb, struct packet *packet)
{
	return read_usual(skb, packet) &&
	       (!(packet->tcp_flags & TCP_SYN) || read_window_scale(skb, packet));
}

#endif
