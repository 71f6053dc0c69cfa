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

/* A header of `size` octets; false where the packet does not hold it. */
static __always_inline bool load_transport(struct __sk_buff *skb, const struct packet *packet,
					   __u32 end, void *to, __u32 size)
{
	return packet->transport_offset + size <= end &&
	       load(skb, packet->transport_offset, to, size);
}

static __always_inline enum parse_result parse_icmp(struct __sk_buff *skb, struct packet *packet,
						    __u32 end)
{
	/* Type, code, checksum, identifier, sequence number: RFC 792, RFC 4443. */
	__u8 icmp[8];

	if (!load_transport(skb, packet, end, icmp, sizeof(icmp)))
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

static __always_inline bool is_tcp_combination(__u8 flags)
{
	return TCP_COMBINATIONS >> (flags & TCP_CONTROL_BITS) & 1;
}

static __always_inline enum parse_result parse_tcp(struct __sk_buff *skb, struct packet *packet,
						   __u32 end)
{
	struct tcp_header tcp;
	__u32 header_length;

	if (!load_transport(skb, packet, end, &tcp, sizeof(tcp)))
		return PARSE_TRUNCATED;
	header_length = (tcp.data_offset >> 4) * 4;
	if (header_length < sizeof(tcp) || !is_tcp_combination(tcp.flags))
		return PARSE_INVALID;
	if (packet->transport_offset + header_length > end)
		return PARSE_TRUNCATED;
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
	__u32 length;

	if (!load_transport(skb, packet, end, &udp, sizeof(udp)))
		return PARSE_TRUNCATED;
	length = bpf_ntohs(udp.length);
	if (length < sizeof(udp) && !(length == 0 && skb->gso_size))
		return PARSE_INVALID;
	if (packet->transport_offset + length > end)
		return PARSE_TRUNCATED;
	set_ports(packet, udp.source, udp.destination);
	return PARSE_OK;
}

static __always_inline enum parse_result parse_sctp(struct __sk_buff *skb, struct packet *packet,
						    __u32 end)
{
	struct sctp_header sctp;

	if (!load_transport(skb, packet, end, &sctp, sizeof(sctp)))
		return PARSE_TRUNCATED;
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
