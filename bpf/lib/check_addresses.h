/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Addresses that cannot be what they claim: martians that come in (RFC 1812 section 5.3.7, RFC
 * 6890, RFC 4291), and sources that are not the VM's in what it sends.
 */
#ifndef EBPF_PERSONAS_LIB_CHECK_ADDRESSES_H
#define EBPF_PERSONAS_LIB_CHECK_ADDRESSES_H

#include <bpf/bpf_endian.h>
#include "lib/dhcp.h"
#include "lib/local_addresses.h"
#include "lib/packet.h"

static __always_inline bool is_zero(const __be32 *address)
{
	return !(address[0] | address[1] | address[2] | address[3]);
}

/* ::1 */
static __always_inline bool is_loopback_ipv6(const __be32 *address)
{
	return !(address[0] | address[1] | address[2]) && address[3] == bpf_htonl(1);
}

/* ::ffff:0:0/96: IPv4 as a program sees it, never on a wire. */
static __always_inline bool is_mapped(const __be32 *address)
{
	return !(address[0] | address[1]) && address[2] == bpf_htonl(0xffff);
}

/* Whoever has no address yet says 0.0.0.0 to DHCP servers (RFC 2131) and in IGMP (RFC 4541). In
 * IPv6 it does so in neighbour discovery and MLD, which do not come here. */
static __always_inline bool may_be_without_address(const struct packet *packet)
{
	__u16 source =
	    packet->direction == PACKET_DIRECTION_EGRESS ? local_port(packet) : remote_port(packet);
	__u16 destination =
	    packet->direction == PACKET_DIRECTION_EGRESS ? remote_port(packet) : local_port(packet);

	return packet->key.protocol == IPPROTO_IGMP ||
	       (packet->key.protocol == IPPROTO_UDP && source == DHCP_CLIENT_PORT &&
		destination == DHCP_SERVER_PORT);
}

/* 0.0.0.0 means no address; the rest of 0/8, loopback, multicast, reserved and broadcast addresses
 * are nobody's. */
static __always_inline bool is_impossible_ipv4_source(const struct packet *packet,
						      const __be32 *address)
{
	__u32 source = bpf_ntohl(address[0]);

	if (source == 0)
		return !may_be_without_address(packet);
	return source >> 24 == 0 || source >> 24 == 127 || source >= 0xe0000000;
}

/* Multicast may be; reserved ones not, but for broadcast. */
static __always_inline bool is_impossible_ipv4_destination(const __be32 *address)
{
	__u32 destination = bpf_ntohl(address[0]);

	return destination >> 24 == 0 || destination >> 24 == 127 ||
	       (destination >= 0xf0000000 && destination != 0xffffffff);
}

static __always_inline bool is_multicast_ipv6(const __be32 *address)
{
	return (address[0] & bpf_htonl(0xff000000)) == bpf_htonl(0xff000000);
}

static __always_inline bool is_impossible_ipv6(const __be32 *address)
{
	return is_zero(address) || is_loopback_ipv6(address) || is_mapped(address);
}

/* Multicast of no scope, or of the scope of one interface, never leaves a host (RFC 4291 section
 * 2.7). */
static __always_inline bool is_host_scope_ipv6(const __be32 *address)
{
	return is_multicast_ipv6(address) &&
	       (address[0] & bpf_htonl(0x000f0000)) <= bpf_htonl(0x00010000);
}

static __always_inline bool is_martian(const struct packet *packet)
{
	const __be32 *source = packet->key.remote, *destination = packet->key.local;

	if (packet->key.family == ADDRESS_FAMILY_IPV4)
		return is_impossible_ipv4_source(packet, source) ||
		       is_impossible_ipv4_destination(destination);
	return is_impossible_ipv6(source) || is_multicast_ipv6(source) ||
	       is_impossible_ipv6(destination) || is_host_scope_ipv6(destination);
}

/* include/linux/socket.h, include/linux/net.h, include/net/tcp_states.h */
#define AF_INET		 2
#define AF_INET6	 10
#define SOCK_STREAM	 1
#define SOCK_DGRAM	 2
#define TCP_TIME_WAIT	 6
#define TCP_NEW_SYN_RECV 12

/*
 * Whether the kernel's own TCP or UDP sends it, which takes no address that is not the VM's. So an
 * address that nobody has told us of yet works. Raw and packet sockets say what they like.
 */
static __always_inline bool is_sent_by_own_stack(struct __sk_buff *skb, const struct packet *packet)
{
	struct bpf_sock *any = skb->sk, *socket;
	__u32 bound;

	if (!any)
		return false;
	/* A connection that is being made, or was just closed: there is no whole socket. */
	if (any->state == TCP_NEW_SYN_RECV || any->state == TCP_TIME_WAIT)
		return packet->key.protocol == IPPROTO_TCP;
	socket = bpf_sk_fullsock(any);
	if (!socket || (socket->type != SOCK_STREAM && socket->type != SOCK_DGRAM))
		return false;
	if (packet->key.family == ADDRESS_FAMILY_IPV4) {
		bound = socket->src_ip4;
		return (socket->family == AF_INET || socket->family == AF_INET6) &&
		       (!bound || bound == packet->key.local[0]);
	}
	return socket->family == AF_INET6 && (!(socket->src_ip6[0] | socket->src_ip6[1] |
						socket->src_ip6[2] | socket->src_ip6[3]) ||
					      (socket->src_ip6[0] == packet->key.local[0] &&
					       socket->src_ip6[1] == packet->key.local[1] &&
					       socket->src_ip6[2] == packet->key.local[2] &&
					       socket->src_ip6[3] == packet->key.local[3]));
}

/* Whether the VM's own packet has a source that the VM may use. */
static __always_inline bool is_own_source(struct __sk_buff *skb, const struct packet *packet)
{
	if (packet->key.family == ADDRESS_FAMILY_IPV4 && !packet->key.local[0])
		return may_be_without_address(packet);
	return is_local_address(packet->key.family, packet->key.local) ||
	       is_sent_by_own_stack(skb, packet);
}

/*
 * To be asked where no flow is known: a packet of a flow was looked at when the flow began. 0, or
 * the reason to drop the packet. What is forwarded for others has their source.
 */
__noinline int check_addresses(struct __sk_buff *skb, const struct packet *packet)
{
	if (!packet)
		return REASON_INVALID_PACKET;
	if (packet->direction == PACKET_DIRECTION_INGRESS) {
		if (is_martian(packet))
			return REASON_MARTIAN;
		return knows_local_addresses() &&
			       is_local_address(packet->key.family, packet->key.remote)
			   ? REASON_MARTIAN
			   : 0;
	}
	if (skb->ingress_ifindex || !knows_local_addresses() || is_own_source(skb, packet))
		return 0;
	return REASON_SPOOFED_SOURCE;
}

#endif
