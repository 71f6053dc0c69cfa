/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What neighbours on the link say to each other: ARP, neighbour discovery, MLD. */
#ifndef EBPF_PERSONAS_LIB_LINK_SCOPE_H
#define EBPF_PERSONAS_LIB_LINK_SCOPE_H

#include <bpf/bpf_endian.h>
#include "lib/check_addresses.h"
#include "lib/headers.h"
#include "lib/link_length.h"
#include "lib/packet.h"

#define ARP_REQUEST 1
#define ARP_REPLY   2

/* fe80::/10 */
static __always_inline bool is_link_local(const __be32 *address)
{
	return (address[0] & bpf_htonl(0xffc00000)) == bpf_htonl(0xfe800000);
}

/* RFC 826, for IPv4 over Ethernet; of a packet that was handed over as ARP, and is that on the wire
 * too: a packet socket's sender may claim what it likes. */
static __always_inline bool load_arp(struct __sk_buff *skb, struct ethernet_header *ethernet,
				     struct arp_packet *arp)
{
	return !bpf_skb_load_bytes_relative(skb, 0, ethernet, sizeof(*ethernet),
					    BPF_HDR_START_MAC) &&
	       ethernet->protocol == bpf_htons(ETH_P_ARP) && load(skb, 0, arp, sizeof(*arp)) &&
	       arp->hardware == bpf_htons(1) && arp->protocol == bpf_htons(ETH_P_IP) &&
	       arp->hardware_length == sizeof(arp->sender_hardware) &&
	       arp->protocol_length == sizeof(arp->sender) &&
	       (arp->operation == bpf_htons(ARP_REQUEST) || arp->operation == bpf_htons(ARP_REPLY));
}

/* Whether the sender has an address that it may speak for. 0.0.0.0 asks whether somebody has one
 * (RFC 5227). */
static __always_inline int check_arp_sender(struct __sk_buff *skb, __u32 direction, __be32 sender)
{
	__be32 address[4] = {sender};
	__u32 number = bpf_ntohl(sender);

	if (!sender)
		return 0;
	if (number >> 24 == 0 || number >> 24 == 127 || number >= 0xe0000000)
		return REASON_MARTIAN;
	if (!knows_local_addresses())
		return 0;
	if (direction == PACKET_DIRECTION_INGRESS)
		return is_local_address(ADDRESS_FAMILY_IPV4, address) ? REASON_SPOOFED_SOURCE : 0;
	/* The kernel itself, which has no socket for it, knows its addresses better than we. */
	return skb->ingress_ifindex || !skb->sk || is_local_address(ADDRESS_FAMILY_IPV4, address)
		   ? 0
		   : REASON_SPOOFED_SOURCE;
}

/* 0, or the reason to drop a packet that was handed over as ARP. */
__noinline int check_arp(struct __sk_buff *skb, __u32 direction)
{
	struct ethernet_header ethernet;
	struct arp_packet arp;

	if (!load_arp(skb, &ethernet, &arp)) {
		/* The headers may lie in pages; see parse(). */
		if (bpf_skb_pull_data(skb, skb->len < 64 ? skb->len : 64) ||
		    !load_arp(skb, &ethernet, &arp))
			return REASON_INVALID_PACKET;
	}
	for (int i = 0; i < ETHERNET_ADDRESS; i++) {
		if (ethernet.source[i] != arp.sender_hardware[i])
			return REASON_SPOOFED_SOURCE;
	}
	return check_arp_sender(skb, direction, arp.sender);
}

static __always_inline bool is_neighbour_discovery(__u8 type)
{
	return type >= ICMPV6_ND_ROUTER_SOLICIT && type <= ICMPV6_ND_REDIRECT;
}

static __always_inline bool is_mld(__u8 type)
{
	return (type >= ICMPV6_MLD_QUERY && type <= ICMPV6_MLD_DONE) || type == ICMPV6_MLD2_REPORT;
}

/* The shortest there is: RFC 4861 sections 6.1 and 7.1, 8.1. */
static __always_inline __u32 neighbour_discovery_length(__u8 type)
{
	switch (type) {
	case ICMPV6_ND_ROUTER_SOLICIT:
		return 8;
	case ICMPV6_ND_ROUTER_ADVERT:
		return 16;
	case ICMPV6_ND_REDIRECT:
		return 40;
	default:
		return 24;
	}
}

/* A neighbour that speaks for an address of ours. One that asks whether somebody has it (the
 * unspecified source of RFC 4862) may be answered. */
static __always_inline bool claims_own_address(const struct packet *packet, const __be32 *target)
{
	if (packet->direction != PACKET_DIRECTION_INGRESS || !knows_local_addresses())
		return false;
	return is_local_address(ADDRESS_FAMILY_IPV6, packet->key.remote) ||
	       (packet->icmp_type == ICMPV6_ND_NEIGHBOUR_ADVERT &&
		is_local_address(ADDRESS_FAMILY_IPV6, target));
}

static __always_inline int check_neighbour_discovery(struct __sk_buff *skb,
						     const struct packet *packet)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;
	const __be32 *source = egress ? packet->key.local : packet->key.remote;
	__u8 type = packet->icmp_type;
	__be32 target[4] = {};

	/* With hop limit 255 it has crossed no router. */
	if (packet->hop_limit != 255 || packet->icmp_code != 0 ||
	    packet->payload < neighbour_discovery_length(type))
		return PARSE_INVALID;
	if ((type == ICMPV6_ND_ROUTER_ADVERT || type == ICMPV6_ND_REDIRECT) &&
	    !is_link_local(source))
		return PARSE_INVALID;
	if (type == ICMPV6_ND_NEIGHBOUR_SOLICIT || type == ICMPV6_ND_NEIGHBOUR_ADVERT) {
		if (!load(skb, packet->transport_offset + 8, target, sizeof(target)))
			return PARSE_TRUNCATED;
		if (is_multicast_ipv6(target))
			return PARSE_INVALID;
	}
	return claims_own_address(packet, target) ? PARSE_SPOOFED : PARSE_OK;
}

/* enum parse_result of ICMPv6 that stays on its link, if it is that. */
__noinline int check_link_scope(struct __sk_buff *skb, const struct packet *packet)
{
	const __be32 *source;

	if (!packet)
		return PARSE_INVALID;
	if (is_neighbour_discovery(packet->icmp_type))
		return check_neighbour_discovery(skb, packet);
	if (!is_mld(packet->icmp_type))
		return PARSE_OK;
	/* RFC 2710 section 3, RFC 3810 section 5, RFC 3590. */
	source =
	    packet->direction == PACKET_DIRECTION_EGRESS ? packet->key.local : packet->key.remote;
	return packet->hop_limit == 1 &&
		       (is_link_local(source) ||
			(is_zero(source) && packet->icmp_type != ICMPV6_MLD_QUERY))
		   ? PARSE_OK
		   : PARSE_INVALID;
}

/*
 * Whether it passes without a persona; what is wrong with it was said by check_link_scope(). A VM
 * is no router: where it advertises itself as one, or redirects, rules are asked.
 */
static __always_inline bool is_link_failsafe(const struct packet *packet)
{
	__u8 type = packet->icmp_type;

	if (packet->key.protocol != IPPROTO_ICMPV6 || packet->key.family != ADDRESS_FAMILY_IPV6)
		return false;
	if (packet->direction == PACKET_DIRECTION_EGRESS &&
	    (type == ICMPV6_ND_ROUTER_ADVERT || type == ICMPV6_ND_REDIRECT))
		return false;
	return packet->hop_limit == (is_neighbour_discovery(type) ? 255 : 1) &&
	       (is_neighbour_discovery(type) || is_mld(type));
}

#endif
