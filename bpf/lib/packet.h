/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* A packet as the decisions see it. */
#ifndef EBPF_PERSONAS_LIB_PACKET_H
#define EBPF_PERSONAS_LIB_PACKET_H

#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include "abi/flow.h"
#include "abi/verdict.h"
#include "kernel/net.h"

/* What a message of ICMP in IPv4, or of ICMPv6 in IPv6, is. */
enum icmp_kind {
	/* No ICMP of its own family, or a message that stands for itself. */
	ICMP_KIND_OTHER = 0,
	ICMP_KIND_ECHO_REQUEST,
	ICMP_KIND_ECHO_REPLY,
	/* Quotes the packet that caused it (RFC 1122 section 3.2.2, RFC 4443 section 3). */
	ICMP_KIND_ERROR,
};

/* What becomes of bytes. */
enum parse_result {
	PARSE_OK = 0,
	PARSE_FRAGMENT,
	PARSE_TRUNCATED,
	PARSE_INVALID,
	PARSE_UNKNOWN_PROTOCOL,
	PARSE_SPOOFED,
};

struct packet {
	struct flow_key key;
	/* By lib/clock.h, ns: when the filter saw it. */
	__u64 time;
	/* enum packet_direction of this packet */
	__u8 direction;
	/* IPv4 TTL or IPv6 hop limit */
	__u8 hop_limit;
	__u8 tcp_flags;
	__u8 icmp_type;
	__u8 icmp_code;
	/* enum icmp_kind */
	__u8 icmp_kind;
	/* Of the transport header, counted from the network header. */
	__u16 transport_offset;
	/* Of TCP, host order; of a quoted packet only the sequence number is known. */
	__u32 sequence;
	__u32 acknowledgement;
	/* Octets behind the TCP header, or of the ICMP message, as the IP header says: padding of
	 * the frame is none. */
	__u32 payload;
	/* As it stands in the header. */
	__u16 window;
	/* Of packets with SYN: the option of RFC 7323, at most 14, or TCP_SCALE_NONE. */
	__u8 window_scale;
	/* Part of a datagram: the one with the transport header. */
	__u8 first_fragment : 1;
	/* Part of a datagram without the transport header: ports, type and code are those of the
	 * first one, and nothing is known of TCP. It belongs to a flow or not, and never makes one.
	 */
	__u8 later_fragment : 1;
	/* The packet that an ICMP error quotes: it says nothing of its flow. */
	__u8 quoted : 1;
	/* Of either part: which datagram; and how much of it the first part holds, or comes before
	 * the later one. */
	__be32 fragment_id;
	__u16 fragment_octets;
	/* enum asked: whether the rules were asked about it, how, and to what end. */
	__u8 asked;
	__u8 reserved;
};

enum asked {
	ASKED_FOR_INGRESS = 1,
	ASKED_FOR_EGRESS = 2,
	/* And for the other direction too, where that one is denied. */
	ASKED_EITHER_WAY = 4,
	/* By them it is stopped. */
	ASKED_AND_STOPPED = 8,
};

#define WINDOW_SCALE_MAX 14

/*
 * Bit n: the control bits n (RFC 9293 section 3.1, without ECE and CWR) can stand together in a
 * packet. SYN, SYN+ACK, RST, RST+ACK, FIN+ACK, ACK, each with PSH or without; URG with SYN, ACK and
 * FIN+ACK. Nobody's stack sends any others.
 */
#define TCP_CONTROL_BITS 0x3f
#define TCP_COMBINATIONS 0x0303040417171414ULL

/* Host order; of protocols that have ports. */
static __always_inline __u16 local_port(const struct packet *packet)
{
	return bpf_ntohs(packet->key.local_port);
}

static __always_inline __u16 remote_port(const struct packet *packet)
{
	return bpf_ntohs(packet->key.remote_port);
}

static __always_inline __u8 opposite(__u8 direction)
{
	return direction ^ 1;
}

static __always_inline bool has_ports(__u8 protocol)
{
	return protocol == IPPROTO_TCP || protocol == IPPROTO_UDP || protocol == IPPROTO_SCTP;
}

static __always_inline bool is_icmp(__u8 protocol)
{
	return protocol == IPPROTO_ICMP || protocol == IPPROTO_ICMPV6;
}

/* A TCP packet that asks for a new connection (RFC 9293 section 3.5). */
static __always_inline bool opens_connection(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK | TCP_RST | TCP_FIN)) == TCP_SYN;
}

/* Of its own family: ICMP in IPv4, ICMPv6 in IPv6. */
static __always_inline bool is_own_icmp(const struct packet *packet)
{
	return packet->key.protocol ==
	       (packet->key.family == ADDRESS_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP);
}

static __always_inline enum icmp_kind icmp_kind(const struct packet *packet)
{
	__u8 type = packet->icmp_type;

	if (!is_own_icmp(packet))
		return ICMP_KIND_OTHER;
	if (packet->key.family == ADDRESS_FAMILY_IPV6) {
		if (type >= ICMPV6_ERROR_FIRST && type <= ICMPV6_ERROR_LAST)
			return ICMP_KIND_ERROR;
		return type == ICMPV6_ECHO_REQUEST ? ICMP_KIND_ECHO_REQUEST
		       : type == ICMPV6_ECHO_REPLY ? ICMP_KIND_ECHO_REPLY
						   : ICMP_KIND_OTHER;
	}
	if (type == ICMP_UNREACHABLE || type == ICMP_SOURCE_QUENCH || type == ICMP_TIME_EXCEEDED ||
	    type == ICMP_PARAMETER_PROBLEM)
		return ICMP_KIND_ERROR;
	return type == ICMP_ECHO_REQUEST ? ICMP_KIND_ECHO_REQUEST
	       : type == ICMP_ECHO_REPLY ? ICMP_KIND_ECHO_REPLY
					 : ICMP_KIND_OTHER;
}

static __always_inline bool is_echo(const struct packet *packet)
{
	return packet->icmp_kind == ICMP_KIND_ECHO_REQUEST ||
	       packet->icmp_kind == ICMP_KIND_ECHO_REPLY;
}

static __always_inline bool is_echo_request(const struct packet *packet)
{
	return packet->icmp_kind == ICMP_KIND_ECHO_REQUEST;
}

static __always_inline bool is_icmp_error(const struct packet *packet)
{
	return packet->icmp_kind == ICMP_KIND_ERROR;
}

#endif
