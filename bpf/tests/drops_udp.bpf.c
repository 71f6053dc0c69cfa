// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Filters that are loaded in a moment: drop UDP over IPv4, count it, and let all else go on. */
#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "lib/link_maps.h"

#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2

/* Packets dropped: [0] ingress, [1] egress. Programs write, the test reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} dropped SEC(".maps");

static __always_inline int drop_udp(struct __sk_buff *skb, __u32 direction)
{
	__u8 protocol = 0;
	__u64 *count;

	if (skb->protocol != bpf_htons(0x0800) ||
	    bpf_skb_load_bytes(skb, 14 + 9, &protocol, sizeof(protocol)) || protocol != 17)
		return TC_ACT_UNSPEC;
	count = bpf_map_lookup_elem(&dropped, &direction);
	if (count)
		__sync_fetch_and_add(count, 1);
	return TC_ACT_SHOT;
}

SEC("tc")
int filter_ingress(struct __sk_buff *skb)
{
	return drop_udp(skb, 0);
}

SEC("tc")
int filter_egress(struct __sk_buff *skb)
{
	return drop_udp(skb, 1);
}

char LICENSE[] SEC("license") = "GPL";
