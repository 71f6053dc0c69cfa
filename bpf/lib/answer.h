/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a rejected packet is answered: a TCP reset or an ICMP error, in the name of its destination.
 */
#ifndef EBPF_PERSONAS_LIB_ANSWER_H
#define EBPF_PERSONAS_LIB_ANSWER_H

#include "abi/answer.h"
#include "lib/checksum.h"
#include "lib/packet.h"
#include "lib/parse.h"

#define ANSWER_HOP_LIMIT   64
#define IPV4_DONT_FRAGMENT 0x4000
#define IPV6_MIN_MTU	   1280
#define ICMP_HEADER_LENGTH 8
/* RFC 4443 section 2.4 (c): as much as fits into the smallest MTU. */
#define ICMPV6_QUOTE_MAX (IPV6_MIN_MTU - 40 - ICMP_HEADER_LENGTH)
/* RFC 792: the IP header, and 8 octets of what follows it. */
#define ICMP_QUOTED_PAYLOAD 8

struct icmp_error {
	__u8 type;
	__u8 code;
	__be16 checksum;
	__be32 unused;
	/* With room for the zeros that a checksum over whole words wants. */
	__u8 quote[ICMPV6_QUOTE_MAX + 4];
};

struct answer {
	/* The packet that is rejected. */
	struct packet rejected;
	struct expected_answer expected;
	struct pseudo_header pseudo;
	union {
		struct ipv4_header ipv4;
		struct ipv6_header ipv6;
	};
	union {
		struct tcp_header tcp;
		struct icmp_error icmp;
		__be32 head[5];
	};
	/* Octets of the IP header, and of the message behind it. */
	__u32 ip_length;
	__u32 length;
};

/*
 * Whether a length lies between two others. The barriers keep clang from making one comparison of a
 * difference out of two, which verifiers before 6.18 do not follow.
 */
static __always_inline bool is_between(__u64 *length, __u64 least, __u64 most)
{
	barrier_var(*length);
	if (*length < least)
		return false;
	barrier_var(*length);
	return *length <= most;
}

/* The length that the rejected packet's IP header gives, the header included. */
static __always_inline __u32 rejected_length(struct __sk_buff *skb, const struct packet *rejected)
{
	bool ipv6 = rejected->key.family == ADDRESS_FAMILY_IPV6;
	__be16 length;

	if (!load(skb, ipv6 ? 4 : 2, &length, sizeof(length)))
		return 0;
	return bpf_ntohs(length) + (ipv6 ? sizeof(struct ipv6_header) : 0);
}

/* RFC 9293 section 3.10.7.1: what a closed port says. */
__noinline bool write_reset(struct __sk_buff *skb, struct answer *answer)
{
	const struct packet *rejected;
	struct tcp_header segment;
	__u32 headers, end;

	if (!answer)
		return false;
	rejected = &answer->rejected;
	if (!load(skb, rejected->transport_offset, &segment, sizeof(segment)))
		return false;
	answer->tcp.source = segment.destination;
	answer->tcp.destination = segment.source;
	answer->tcp.data_offset = TCP_HEADER_LENGTH / 4 << 4;
	answer->tcp.window = 0;
	answer->tcp.checksum = 0;
	answer->tcp.urgent = 0;
	answer->length = TCP_HEADER_LENGTH;
	if (segment.flags & TCP_ACK) {
		answer->tcp.sequence = segment.acknowledgement;
		answer->tcp.acknowledgement = 0;
		answer->tcp.flags = TCP_RST;
		return true;
	}
	/* Everything that the segment holds is acknowledged; SYN and FIN take a number each. */
	headers = rejected->transport_offset + (segment.data_offset >> 4) * 4;
	end = rejected_length(skb, rejected);
	if (end < headers)
		return false;
	answer->tcp.sequence = 0;
	answer->tcp.acknowledgement =
	    bpf_htonl(bpf_ntohl(segment.sequence) + (end - headers) + !!(segment.flags & TCP_SYN) +
		      !!(segment.flags & TCP_FIN));
	answer->tcp.flags = TCP_RST | TCP_ACK;
	return true;
}

/*
 * Of UDP the port is unreachable: the only code that a connected socket is told at once, as
 * ECONNREFUSED, by Linux and the BSDs alike. Of the rest, communication is administratively
 * prohibited: RFC 1812 section 5.2.7.1, RFC 4443 section 3.1.
 */
static __always_inline void write_icmp_type(struct answer *answer)
{
	bool udp = answer->rejected.key.protocol == IPPROTO_UDP;

	if (answer->rejected.key.family == ADDRESS_FAMILY_IPV6) {
		answer->icmp.type = ICMPV6_UNREACHABLE;
		answer->icmp.code = udp ? ICMPV6_PORT_UNREACHABLE : ICMPV6_PROHIBITED;
	} else {
		answer->icmp.type = ICMP_UNREACHABLE;
		answer->icmp.code = udp ? ICMP_PORT_UNREACHABLE : ICMP_PROHIBITED;
	}
	answer->icmp.checksum = 0;
	answer->icmp.unused = 0;
}

/* Quotes what is there of the rejected packet, which begins `link_length` octets into the frame. */
__noinline bool write_icmp_error(struct __sk_buff *skb, __u32 link_length, struct answer *answer)
{
	const struct packet *rejected;
	__u32 present;
	__u64 quoted;

	if (!answer)
		return false;
	rejected = &answer->rejected;
	quoted = rejected_length(skb, rejected);
	present = skb->len - link_length;
	write_icmp_type(answer);
	if (quoted > present)
		quoted = present;
	if (rejected->key.family == ADDRESS_FAMILY_IPV4 &&
	    quoted > rejected->transport_offset + ICMP_QUOTED_PAYLOAD)
		quoted = rejected->transport_offset + ICMP_QUOTED_PAYLOAD;
	if (quoted > ICMPV6_QUOTE_MAX)
		quoted = ICMPV6_QUOTE_MAX;
	if (!is_between(&quoted, sizeof(struct ipv4_header), ICMPV6_QUOTE_MAX) ||
	    bpf_skb_load_bytes(skb, link_length, answer->icmp.quote, quoted))
		return false;
	__builtin_memset(answer->icmp.quote + quoted, 0, 4);
	answer->length = ICMP_HEADER_LENGTH + quoted;
	return true;
}

__noinline int write_ip_header(struct answer *answer)
{
	const struct packet *rejected;
	const __be32 *source, *destination;

	if (!answer)
		return 0;
	rejected = &answer->rejected;
	if (rejected->direction == PACKET_DIRECTION_EGRESS) {
		__builtin_memcpy(answer->expected.source, rejected->key.remote, 16);
		__builtin_memcpy(answer->expected.destination, rejected->key.local, 16);
	} else {
		__builtin_memcpy(answer->expected.source, rejected->key.local, 16);
		__builtin_memcpy(answer->expected.destination, rejected->key.remote, 16);
	}
	source = answer->expected.source;
	destination = answer->expected.destination;
	if (rejected->key.family == ADDRESS_FAMILY_IPV6) {
		answer->ip_length = sizeof(answer->ipv6);
		answer->ipv6.version_class_label = bpf_htonl(6u << 28);
		answer->ipv6.payload_length = bpf_htons(answer->length);
		answer->ipv6.next_header = answer->expected.protocol;
		answer->ipv6.hop_limit = ANSWER_HOP_LIMIT;
		__builtin_memcpy(answer->ipv6.source, source, 16);
		__builtin_memcpy(answer->ipv6.destination, destination, 16);
	} else {
		answer->ip_length = sizeof(answer->ipv4);
		answer->ipv4.version_length = 0x45;
		answer->ipv4.service = 0;
		answer->ipv4.total_length = bpf_htons(sizeof(answer->ipv4) + answer->length);
		/* RFC 6864: what is never fragmented needs no identification. */
		answer->ipv4.id = 0;
		answer->ipv4.fragment = bpf_htons(IPV4_DONT_FRAGMENT);
		answer->ipv4.ttl = ANSWER_HOP_LIMIT;
		answer->ipv4.protocol = answer->expected.protocol;
		answer->ipv4.checksum = 0;
		answer->ipv4.source = source[0];
		answer->ipv4.destination = destination[0];
		answer->ipv4.checksum =
		    checksum_fold(checksum_add(0, &answer->ipv4, sizeof(answer->ipv4)));
	}
	return 0;
}

/*
 * This and the two above are not static: then what came before them does not matter, and the
 * verifier looks at them once.
 */
__noinline int write_checksum(struct answer *answer)
{
	__u32 sum = 0;

	if (!answer)
		return 0;
	/* ICMP of IPv4 does without the pseudo-header. */
	if (answer->expected.protocol != IPPROTO_ICMP) {
		__builtin_memcpy(answer->pseudo.source, answer->expected.source, 16);
		__builtin_memcpy(answer->pseudo.destination, answer->expected.destination, 16);
		answer->pseudo.length = bpf_htonl(answer->length);
		answer->pseudo.protocol = bpf_htonl(answer->expected.protocol);
		sum = checksum_add(0, &answer->pseudo, sizeof(answer->pseudo));
	}
	if (answer->expected.protocol == IPPROTO_TCP) {
		sum = checksum_add(sum, &answer->tcp, sizeof(answer->tcp));
		answer->tcp.checksum = checksum_fold(sum);
		return 0;
	}
#pragma unroll
	for (__u32 at = 0; at < ICMP_HEADER_LENGTH + ICMPV6_QUOTE_MAX; at += CHECKSUM_CHUNK) {
		__u32 room = ICMP_HEADER_LENGTH + ICMPV6_QUOTE_MAX - at;
		__u64 rest = answer->length - at;

		if (answer->length <= at)
			break;
		if (rest > CHECKSUM_CHUNK)
			rest = CHECKSUM_CHUNK;
		/* Whole words, the last one filled up with zeros. */
		rest = (rest + 3) & ~3ULL;
		if (!is_between(&rest, 4, room < CHECKSUM_CHUNK ? room : CHECKSUM_CHUNK))
			break;
		sum = checksum_add(sum, (void *)&answer->icmp + at, rest);
	}
	answer->icmp.checksum = checksum_fold(sum);
	return 0;
}

/* Writes the answer to answer->rejected; false where there is none. */
static __always_inline bool write_answer(struct __sk_buff *skb, __u32 link_length,
					 struct answer *answer)
{
	const struct packet *rejected = &answer->rejected;
	bool ipv6 = rejected->key.family == ADDRESS_FAMILY_IPV6;
	bool tcp = rejected->key.protocol == IPPROTO_TCP;

	if (tcp ? !write_reset(skb, answer) : !write_icmp_error(skb, link_length, answer))
		return false;
	answer->expected.family = rejected->key.family;
	answer->expected.direction = opposite(rejected->direction);
	answer->expected.interface_index = skb->ifindex;
	answer->expected.protocol = tcp ? IPPROTO_TCP : ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	answer->expected.reserved = 0;
	write_ip_header(answer);
	write_checksum(answer);
	__builtin_memcpy(answer->expected.head, answer->head, sizeof(answer->head));
	return true;
}

#endif
