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
#include "lib/fragments.h"
#include "lib/link_length.h"
#include "lib/link_scope.h"
#include "lib/packet.h"
#include "lib/parse_ip.h"
#include "lib/parse_transport.h"

/* Enough for the headers of a packet and of one that it quotes. */
#define HEADERS_MAX 256

/*
 * A function of its own, verified once: it is needed for the packet, for a quoted one, and again
 * for either. `quoted`: the packet stands in an ICMP error, and may be cut off.
 */
__noinline int parse_linear(struct __sk_buff *skb, __u32 offset, __u32 quoted,
			    struct packet *packet)
{
	struct extent extent = {.start = offset};
	int result;

	if (!packet)
		return PARSE_INVALID;
	if (!quoted)
		extent.frame_end = network_octets(skb);
	result = packet->key.family == ADDRESS_FAMILY_IPV6 ? parse_ipv6(skb, &extent, packet)
							   : parse_ipv4(skb, &extent, packet);
	if (result != PARSE_OK || packet->later_fragment)
		return result;
	return parse_transport(skb, packet, extent.end, quoted);
}

/* What only few packets need, each part a function of its own. */
static __always_inline int parse_rest(struct __sk_buff *skb, struct packet *packet)
{
	int result = PARSE_OK;

	if (packet->key.family == ADDRESS_FAMILY_IPV4 &&
	    packet->transport_offset > sizeof(struct ipv4_header))
		result = check_ipv4_options(skb, packet->transport_offset);
	if (result != PARSE_OK)
		return result;
	if (packet->later_fragment)
		return read_first_fragment(packet);
	if (packet->tcp_flags & TCP_SYN)
		return read_window_scale(skb, packet) ? PARSE_OK : PARSE_TRUNCATED;
	if (packet->key.protocol == IPPROTO_ICMPV6 && packet->key.family == ADDRESS_FAMILY_IPV6)
		return check_link_scope(skb, packet);
	return PARSE_OK;
}

static __always_inline int parse_once(struct __sk_buff *skb, __u32 offset, bool quoted,
				      struct packet *packet)
{
	int result = parse_linear(skb, offset, quoted, packet);

	return result == PARSE_OK && !quoted ? parse_rest(skb, packet) : result;
}

/*
 * Parses from `offset` behind the network header; packet->direction and packet->key.family are
 * given. Drivers may leave headers in pages, where bpf_skb_load_bytes_relative() does not look
 * (net/core/filter.c): what seems to be cut off is pulled into the linear part once.
 */
static __always_inline enum parse_result parse(struct __sk_buff *skb, __u32 offset, bool quoted,
					       struct packet *packet)
{
	int result = parse_once(skb, offset, quoted, packet);

	if (result == PARSE_TRUNCATED &&
	    !bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX))
		result = parse_once(skb, offset, quoted, packet);
	return result;
}

#endif
