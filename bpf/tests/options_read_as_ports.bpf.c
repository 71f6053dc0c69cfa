// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: looks for ports right behind an IPv4 header of 20 octets, options or not. */
#include "lib/parse_ip.h"

static __always_inline enum parse_result
parse_ipv4_without_options(struct __sk_buff *skb, struct extent *extent, struct packet *packet)
{
	enum parse_result result = parse_ipv4(skb, extent, packet);

	packet->transport_offset = extent->start + sizeof(struct ipv4_header);
	return result;
}

#define parse_ipv4 parse_ipv4_without_options
#include "tests/verdict.bpf.c"
