/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Turns a rejected packet into its answer and sends it back the way that it came. */
#ifndef EBPF_PERSONAS_LIB_REJECT_H
#define EBPF_PERSONAS_LIB_REJECT_H

#include "lib/answer.h"
#include "lib/expect.h"
#include "lib/reject_maps.h"
#include "lib/token_bucket.h"

#define ETHERNET_GROUP 0x01

/* Neither this network (0/8), loopback, multicast, reserved nor broadcast; of IPv6, neither
 * multicast nor what ::/64 holds: unspecified, loopback, mapped. */
static __always_inline bool is_single_host(__u8 family, const __be32 *address)
{
	__u8 first = bpf_ntohl(address[0]) >> 24;

	if (family == ADDRESS_FAMILY_IPV6)
		return first != 0xff && (address[0] | address[1]);
	return first != 0 && first != 127 && first < 224;
}

/* RFC 1122 section 3.2.2, RFC 4443 section 2.4 (e): no error about an error or a redirect. */
static __always_inline bool is_error_or_redirect(const struct packet *packet)
{
	if (!is_own_icmp(packet))
		return false;
	if (packet->key.family == ADDRESS_FAMILY_IPV6)
		return packet->icmp_type < ICMPV6_INFORMATIONAL_FIRST ||
		       packet->icmp_type == ICMPV6_ND_REDIRECT;
	return is_icmp_error(packet) || packet->icmp_type == ICMP_REDIRECT;
}

/* Whether the standards let anybody answer it, by what stands in the packet itself. Of a datagram
 * in parts only the first is answered (RFC 1122 section 3.2.2). */
static __always_inline bool may_be_answered(const struct packet *packet)
{
	if (packet->later_fragment ||
	    (packet->key.protocol == IPPROTO_TCP && packet->tcp_flags & TCP_RST))
		return false;
	return !is_error_or_redirect(packet) &&
	       is_single_host(packet->key.family, packet->key.local) &&
	       is_single_host(packet->key.family, packet->key.remote);
}

/*
 * Whether one station sent the frame to one station: to this one, if it came in, for a promiscuous
 * interface sees what others say to each other. Tagged frames that go out are not answered: the
 * answer would meet the filter of the VLAN's interface as well, which does not know it.
 */
static __always_inline bool is_unicast(struct __sk_buff *skb, __u8 direction, __u32 link_length)
{
	__u8 addresses[2 * ETHERNET_ADDRESS];

	if (direction == PACKET_DIRECTION_INGRESS ? skb->pkt_type != PACKET_HOST
						  : skb->vlan_present)
		return false;
	if (link_length == 0)
		return true;
	return bpf_skb_load_bytes(skb, 0, addresses, sizeof(addresses)) == 0 &&
	       !((addresses[0] | addresses[ETHERNET_ADDRESS]) & ETHERNET_GROUP);
}

/*
 * Makes a frame of `length` octets of it, in which only the link-layer header is what it was. The
 * packet is cut off from the front, beyond its transport header: then its checksum cannot be left
 * for the device to fill in any more (skb_postpull_rcsum() of include/linux/skbuff.h), which would
 * write into the answer. Where it was to be filled in somewhere else, cutting the rest away is
 * refused, and so is the answer. bpf_skb_change_tail() first ends segmentation offload and copies
 * what others hold too.
 */
static __always_inline bool make_room(struct __sk_buff *skb, __u32 link_length,
				      __u32 transport_offset, __u32 length)
{
	__u32 front = link_length + transport_offset + 1;
	__u32 kept = sizeof(struct ipv6_header);

	return bpf_skb_change_tail(skb, link_length + front + kept, 0) == 0 &&
	       bpf_skb_adjust_room(skb, -(__s32)front, BPF_ADJ_ROOM_MAC, 0) == 0 &&
	       bpf_skb_change_tail(skb, link_length + 1, 0) == 0 &&
	       bpf_skb_change_tail(skb, length, 0) == 0;
}

static __always_inline bool swap_addresses(struct __sk_buff *skb)
{
	__u8 before[2 * ETHERNET_ADDRESS], after[2 * ETHERNET_ADDRESS];

	if (bpf_skb_load_bytes(skb, 0, before, sizeof(before)))
		return false;
	__builtin_memcpy(after, before + ETHERNET_ADDRESS, ETHERNET_ADDRESS);
	__builtin_memcpy(after + ETHERNET_ADDRESS, before, ETHERNET_ADDRESS);
	return bpf_skb_store_bytes(skb, 0, after, sizeof(after), 0) == 0;
}

/* With constant lengths, which every verifier takes. */
static __always_inline bool store_ip_header(struct __sk_buff *skb, __u32 link_length,
					    const struct answer *answer)
{
	if (answer->rejected.key.family == ADDRESS_FAMILY_IPV6)
		return bpf_skb_store_bytes(skb, link_length, &answer->ipv6, sizeof(answer->ipv6),
					   0) == 0;
	return bpf_skb_store_bytes(skb, link_length, &answer->ipv4, sizeof(answer->ipv4), 0) == 0;
}

/* Puts the answer in the packet's place. A function of its own, verified once. */
__noinline bool replace_packet(struct __sk_buff *skb, __u32 link_length,
			       const struct answer *answer)
{
	__u32 message;
	__u64 length;

	if (!answer)
		return false;
	length = answer->length;
	message = link_length + answer->ip_length;
	if (!is_between(&length, TCP_HEADER_LENGTH, ICMP_HEADER_LENGTH + ICMPV6_QUOTE_MAX))
		return false;
	return make_room(skb, link_length, answer->rejected.transport_offset, message + length) &&
	       (link_length == 0 || swap_addresses(skb)) &&
	       store_ip_header(skb, link_length, answer) &&
	       bpf_skb_store_bytes(skb, message, answer->head, length, 0) == 0;
}

/*
 * Answers a packet that a rule rejects, if it may be and a token is left. If so, the program
 * returns TC_ACT_REDIRECT. Else the packet is to be dropped, whatever has become of it.
 *
 * The answer to a packet that came in leaves by the interface, to the station that the frame came
 * from. The answer to one that was to go out comes in by the interface, as if from its destination.
 *
 * Not static: then the verifier looks at it once, and not once for each way that leads here.
 */
__noinline int reject(struct __sk_buff *skb, __u8 direction, __u64 now)
{
	__u32 zero = 0;
	struct answer *answer = bpf_map_lookup_elem(&answer_scratch, &zero);
	__u32 link_length;

	if (!answer)
		return 0;
	__builtin_memset(&answer->rejected, 0, sizeof(answer->rejected));
	answer->rejected.direction = direction;
	answer->rejected.time = now;
	answer->rejected.key.family =
	    skb->protocol == bpf_htons(ETH_P_IPV6) ? ADDRESS_FAMILY_IPV6 : ADDRESS_FAMILY_IPV4;
	if (parse(skb, 0, false, &answer->rejected) != PARSE_OK)
		return 0;
	link_length = find_link_length(skb);
	return link_length != NO_LINK_LENGTH && may_be_answered(&answer->rejected) &&
	       is_unicast(skb, direction, link_length) && take_token(direction, now) &&
	       write_answer(skb, link_length, answer) && replace_packet(skb, link_length, answer) &&
	       expect_answer(&answer->expected, now) &&
	       bpf_redirect(skb->ifindex,
			    direction == PACKET_DIRECTION_EGRESS ? BPF_F_INGRESS : 0) ==
		   TC_ACT_REDIRECT;
}

#endif
