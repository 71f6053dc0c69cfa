/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What stands behind the IP headers. `end` is that of the packet, counted from the network header.
 */
#ifndef EBPF_PERSONAS_LIB_PARSE_TRANSPORT_H
#define EBPF_PERSONAS_LIB_PARSE_TRANSPORT_H

#include <bpf/bpf_endian.h>
#include "lib/headers.h"
#include "lib/options.h"
#include "lib/packet.h"

static __always_inline void set_ports(struct packet *packet, __be16 source, __be16 destination)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	packet->key.local_port = egress ? source : destination;
	packet->key.remote_port = egress ? destination : source;
}

/* A packet that ends too early. RFC 1858: the first part of a datagram has the whole header. */
static __always_inline enum parse_result too_short(const struct packet *packet)
{
	return packet->first_fragment ? PARSE_FRAGMENT : PARSE_TRUNCATED;
}

/* A header of `size` octets. */
static __always_inline enum parse_result
load_transport(struct __sk_buff *skb, const struct packet *packet, __u32 end, void *to, __u32 size)
{
	if (packet->transport_offset + size > end)
		return too_short(packet);
	return load(skb, packet->transport_offset, to, size) ? PARSE_OK : PARSE_TRUNCATED;
}

/* Neither what quotes other packets nor what neighbours say (RFC 6980): the first part alone does
 * not tell what it does. */
static __always_inline bool may_be_fragmented(const struct packet *packet)
{
	return is_echo(packet) ||
	       !(is_own_icmp(packet) &&
		 (is_icmp_error(packet) || packet->key.family == ADDRESS_FAMILY_IPV6 ||
		  packet->icmp_type == ICMP_REDIRECT));
}

static __always_inline enum parse_result parse_icmp(struct __sk_buff *skb, struct packet *packet,
						    __u32 end)
{
	/* Type, code, checksum, identifier, sequence number: RFC 792, RFC 4443. */
	__u8 icmp[8];
	enum parse_result result;

	result = load_transport(skb, packet, end, icmp, sizeof(icmp));
	if (result != PARSE_OK)
		return result;
	packet->icmp_type = icmp[0];
	packet->icmp_code = icmp[1];
	packet->icmp_kind = icmp_kind(packet);
	packet->payload = end - packet->transport_offset;
	if (packet->first_fragment && !may_be_fragmented(packet))
		return PARSE_FRAGMENT;
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

static __always_inline bool is_tcp_combination(__u8 flags)
{
	return TCP_COMBINATIONS >> (flags & TCP_CONTROL_BITS) & 1;
}

static __always_inline enum parse_result parse_tcp(struct __sk_buff *skb, struct packet *packet,
						   __u32 end)
{
	struct tcp_header tcp;
	enum parse_result result;
	__u32 header_length;

	result = load_transport(skb, packet, end, &tcp, sizeof(tcp));
	if (result != PARSE_OK)
		return result;
	header_length = (tcp.data_offset >> 4) * 4;
	if (header_length < sizeof(tcp) || !is_tcp_combination(tcp.flags))
		return PARSE_INVALID;
	if (packet->transport_offset + header_length > end)
		return too_short(packet);
	set_ports(packet, tcp.source, tcp.destination);
	packet->tcp_flags = tcp.flags;
	packet->sequence = bpf_ntohl(tcp.sequence);
	packet->acknowledgement = bpf_ntohl(tcp.acknowledgement);
	packet->window = bpf_ntohs(tcp.window);
	packet->payload = end - packet->transport_offset - header_length;
	return PARSE_OK;
}

/* RFC 2675 section 4: a length that is too much for the field is 0. */
static __always_inline enum parse_result parse_udp(struct __sk_buff *skb, struct packet *packet,
						   __u32 end)
{
	struct udp_header udp;
	enum parse_result result;
	__u32 length;

	result = load_transport(skb, packet, end, &udp, sizeof(udp));
	if (result != PARSE_OK)
		return result;
	length = bpf_ntohs(udp.length);
	if (length < sizeof(udp) && !(length == 0 && skb->gso_size))
		return PARSE_INVALID;
	if (packet->transport_offset + length > end && !packet->first_fragment)
		return PARSE_TRUNCATED;
	set_ports(packet, udp.source, udp.destination);
	return PARSE_OK;
}

static __always_inline enum parse_result parse_sctp(struct __sk_buff *skb, struct packet *packet,
						    __u32 end)
{
	struct sctp_header sctp;
	enum parse_result result;

	result = load_transport(skb, packet, end, &sctp, sizeof(sctp));
	if (result != PARSE_OK)
		return result;
	set_ports(packet, sctp.source, sctp.destination);
	return PARSE_OK;
}

/* An ICMP error need not quote more than 8 octets of the transport header (RFC 792): two ports, and
 * of TCP the sequence number. */
static __always_inline enum parse_result parse_quoted_ports(struct __sk_buff *skb,
							    struct packet *packet)
{
	struct {
		__be16 ports[2];
		__be32 sequence;
	} quoted;

	if (!load(skb, packet->transport_offset, &quoted, sizeof(quoted)))
		return PARSE_TRUNCATED;
	set_ports(packet, quoted.ports[0], quoted.ports[1]);
	packet->sequence = bpf_ntohl(quoted.sequence);
	return PARSE_OK;
}

static __always_inline enum parse_result
parse_transport(struct __sk_buff *skb, struct packet *packet, __u32 end, bool quoted)
{
	__u8 protocol = packet->key.protocol;

	if (is_icmp(protocol))
		return parse_icmp(skb, packet, end);
	if (!has_ports(protocol))
		return PARSE_OK;
	if (quoted)
		return parse_quoted_ports(skb, packet);
	return protocol == IPPROTO_TCP	 ? parse_tcp(skb, packet, end)
	       : protocol == IPPROTO_UDP ? parse_udp(skb, packet, end)
					 : parse_sctp(skb, packet, end);
}

#endif
