/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What stands in front of the network header, and how much follows. */
#ifndef EBPF_PERSONAS_LIB_LINK_LENGTH_H
#define EBPF_PERSONAS_LIB_LINK_LENGTH_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>

#define ETHERNET_LENGTH 14
#define NO_LINK_LENGTH	((__u32)-1)

static __always_inline bool load(struct __sk_buff *skb, __u32 offset, void *to, __u32 size)
{
	return bpf_skb_load_bytes_relative(skb, offset, to, size, BPF_HDR_START_NET) == 0;
}

/* Whether the network header is `length` octets into the frame: `linear` octets from there on are
 * what can be read, and no more. */
static __always_inline bool link_length_is(struct __sk_buff *skb, __u32 length, __u32 linear)
{
	__u8 octet;

	return linear > length && load(skb, linear - length - 1, &octet, 1) &&
	       !load(skb, linear - length, &octet, 1);
}

/* Octets of the link-layer header: Ethernet's, or none on a tunnel. */
static __always_inline __u32 find_link_length(struct __sk_buff *skb)
{
	void *data = (void *)(long)skb->data;
	void *end = (void *)(long)skb->data_end;
	__u64 linear = end - data;

	if (link_length_is(skb, ETHERNET_LENGTH, linear))
		return ETHERNET_LENGTH;
	return link_length_is(skb, 0, linear) ? 0 : NO_LINK_LENGTH;
}

/*
 * Octets from the network header to the end of the frame, padding included. On a link of another
 * kind than the two above its header counts too, so a packet may claim that many octets more than
 * it has. A function of its own, verified once.
 */
__noinline __u32 network_octets(struct __sk_buff *skb)
{
	__u32 link_length = find_link_length(skb);

	return skb->len - (link_length == NO_LINK_LENGTH ? 0 : link_length);
}

#endif
