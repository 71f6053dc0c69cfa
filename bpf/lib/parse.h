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
#include "lib/link_length.h"
#include "lib/packet.h"
#include "lib/parse_ip.h"
#include "lib/parse_transport.h"

/* Enough for the headers of a packet and of one that it quotes. */
#define HEADERS_MAX 256

/*
 * Whether a packet that is handed over as ARP is that on the wire too: a packet socket's sender may
 * claim what it likes. RFC 826, for IPv4 over Ethernet.
 */
static __always_inline bool is_arp(struct __sk_buff *skb)
{
	__be16 ethertype;
	struct {
		__be16 hardware;
		__be16 protocol;
		__u8 hardware_length;
		__u8 protocol_length;
	} arp;

	if (bpf_skb_load_bytes_relative(skb, 12, &ethertype, sizeof(ethertype),
					BPF_HDR_START_MAC) ||
	    ethertype != bpf_htons(ETH_P_ARP) || !load(skb, 0, &arp, sizeof(arp)))
		return false;
	return arp.hardware == bpf_htons(1) && arp.protocol == bpf_htons(ETH_P_IP) &&
	       arp.hardware_length == 6 && arp.protocol_length == 4;
}

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
	return result == PARSE_OK ? (int)parse_transport(skb, packet, extent.end, quoted) : result;
}

static __always_inline int parse_with_options(struct __sk_buff *skb, __u32 offset, bool quoted,
					      struct packet *packet)
{
	int result = parse_linear(skb, offset, quoted, packet);

	if (result != PARSE_OK || quoted)
		return result;
	if (packet->key.family == ADDRESS_FAMILY_IPV4 &&
	    packet->transport_offset > sizeof(struct ipv4_header))
		result = check_ipv4_options(skb, packet->transport_offset);
	if (result == PARSE_OK && packet->tcp_flags & TCP_SYN && !read_window_scale(skb, packet))
		result = PARSE_TRUNCATED;
	return result;
}

/*
 * Parses from `offset` behind the network header; packet->direction and packet->key.family are
 * given. Drivers may leave headers in pages, where bpf_skb_load_bytes_relative() does not look
 * (net/core/filter.c): what seems to be cut off is pulled into the linear part once.
 */
static __always_inline enum parse_result parse(struct __sk_buff *skb, __u32 offset, bool quoted,
					       struct packet *packet)
{
	int result = parse_with_options(skb, offset, quoted, packet);

	if (result == PARSE_TRUNCATED &&
	    !bpf_skb_pull_data(skb, skb->len < HEADERS_MAX ? skb->len : HEADERS_MAX))
		result = parse_with_options(skb, offset, quoted, packet);
	return result;
}

#endif
