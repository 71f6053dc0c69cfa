/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Options behind an IPv4 or TCP header, which have the same form: RFC 791, RFC 9293 section 3.1. */
#ifndef EBPF_PERSONAS_LIB_OPTIONS_H
#define EBPF_PERSONAS_LIB_OPTIONS_H

#include "lib/headers.h"
#include "lib/link_length.h"
#include "lib/packet.h"

/* 15 words of header, less the 5 that are always there. */
#define OPTIONS_MAX    40
#define OPTION_END     0
#define OPTION_NOTHING 1

struct option_search {
	/* With room for the value of an option that begins with the last one. */
	__u8 octets[OPTIONS_MAX + 4];
	__u32 length;
	__u32 at;
	/* Either is looked for. */
	__u8 kind;
	__u8 other_kind;
	bool found;
	/* An option claims to be longer than there is room, or has no room for its own length. */
	bool broken;
	/* The first octet behind the found option's length. */
	__u8 value;
};

static long next_option(__u32 index, void *context)
{
	struct option_search *search = context;
	__u32 at = search->at, length;
	__u8 kind;

	if (at >= OPTIONS_MAX || at >= search->length)
		return 1;
	kind = search->octets[at];
	if (kind == OPTION_END)
		return 1;
	if (kind == OPTION_NOTHING) {
		search->at = at + 1;
		return 0;
	}
	length = search->octets[at + 1];
	if (length < 2 || at + length > search->length) {
		search->broken = true;
		return 1;
	}
	if (kind == search->kind || kind == search->other_kind) {
		search->found = true;
		search->value = search->octets[at + 2];
		return 1;
	}
	search->at = at + length;
	return 0;
}

/* Looks through search->length octets behind `offset`; false where they cannot be read. */
static __always_inline bool find_option(struct __sk_buff *skb, __u32 offset,
					struct option_search *search)
{
	__u64 length = search->length;

	barrier_var(length);
	if (length < 4)
		return length == 0;
	barrier_var(length);
	if (length > OPTIONS_MAX || !load(skb, offset, search->octets, length))
		return false;
	bpf_loop(OPTIONS_MAX, next_option, search, 0);
	return true;
}

#define TCP_OPTION_WINDOW_SCALE 3

/*
 * Of a packet with SYN; false where it cannot be read. Broken options say nothing, as to Linux. A
 * function of its own: it is rare, and large.
 */
__noinline bool read_window_scale(struct __sk_buff *skb, struct packet *packet)
{
	struct option_search search = {};
	__u8 data_offset;

	if (!packet || !load(skb, packet->transport_offset + 12, &data_offset, sizeof(data_offset)))
		return false;
	search.length = (data_offset >> 4) * 4 - TCP_HEADER_LENGTH;
	search.kind = search.other_kind = TCP_OPTION_WINDOW_SCALE;
	if (!find_option(skb, packet->transport_offset + TCP_HEADER_LENGTH, &search))
		return false;
	packet->window_scale = !search.found			 ? TCP_SCALE_NONE
			       : search.value > WINDOW_SCALE_MAX ? WINDOW_SCALE_MAX
								 : search.value;
	return true;
}

#define IPV4_OPTION_LOOSE_ROUTE	 131
#define IPV4_OPTION_STRICT_ROUTE 137

/*
 * Whether a packet may have its IPv4 options: enum parse_result. A source route says where the
 * packet really goes, so that the address which the rules look at does not (RFC 7126 sections 4.3
 * and 4.4). The others change nothing for us.
 */
__noinline int check_ipv4_options(struct __sk_buff *skb, __u32 header_length)
{
	struct option_search search = {};

	search.length = header_length - sizeof(struct ipv4_header);
	search.kind = IPV4_OPTION_LOOSE_ROUTE;
	search.other_kind = IPV4_OPTION_STRICT_ROUTE;
	if (!find_option(skb, sizeof(struct ipv4_header), &search))
		return PARSE_TRUNCATED;
	return search.found || search.broken ? PARSE_INVALID : PARSE_OK;
}

#endif
