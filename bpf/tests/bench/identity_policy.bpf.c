// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * A peer: how Cilium classifies. The address gives an identity by longest prefix match; identity,
 * direction, protocol and port give the policy by another one, in which the more specific entry
 * wins. Programs of our own with these semantics, behind our own parser and with one counter, so
 * that only the classifiers differ.
 */
#include "lib/parse_usual.h"
#include "tests/bench/tuples.h"

#define TC_ACT_UNSPEC (-1)
#define TC_ACT_SHOT   2

/* The identity of addresses that no prefix names. */
#define IDENTITY_WORLD 0

struct ipv4_prefix {
	__u32 length;
	__be32 address;
};

struct ipv6_prefix {
	__u32 length;
	__be32 address[4];
};

/* From the most general condition to the most specific one: the prefix may end behind any. */
struct policy_prefix {
	__u32 length;
	__be32 identity;
	__u8 direction;
	__u8 protocol;
	__be16 port;
};

#define POLICY_BITS 64

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1048576);
	__type(key, struct ipv4_prefix);
	__type(value, __u32);
} identities_v4 SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 1048576);
	__type(key, struct ipv6_prefix);
	__type(value, __u32);
} identities_v6 SEC(".maps");

/* Value: whether it is allowed. */
struct {
	__uint(type, BPF_MAP_TYPE_LPM_TRIE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__uint(max_entries, 8388608);
	__type(key, struct policy_prefix);
	__type(value, __u32);
} policy SEC(".maps");

/* Key: whether it was allowed. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2);
	__type(key, __u32);
	__type(value, __u64);
} policy_counters SEC(".maps");

static __always_inline __u32 find_identity(const struct packet *packet)
{
	__u32 *identity;

	if (packet->key.family == ADDRESS_FAMILY_IPV6) {
		struct ipv6_prefix key = {.length = 128};

		__builtin_memcpy(key.address, packet->key.remote, sizeof(key.address));
		identity = bpf_map_lookup_elem(&identities_v6, &key);
	} else {
		struct ipv4_prefix key = {.length = 32, .address = packet->key.remote[0]};

		identity = bpf_map_lookup_elem(&identities_v4, &key);
	}
	return identity ? *identity : IDENTITY_WORLD;
}

static __always_inline int apply_policy(struct __sk_buff *skb, __u8 direction)
{
	struct packet packet = {.direction = direction};
	struct policy_prefix key = {.length = POLICY_BITS, .direction = direction};
	__u32 *found, allowed;
	__u64 *counter;

	if (skb->protocol == bpf_htons(ETH_P_IPV6))
		packet.key.family = ADDRESS_FAMILY_IPV6;
	if (!parse_usual(skb, &packet) && parse(skb, 0, false, &packet) != PARSE_OK)
		return TC_ACT_SHOT;
	key.identity = bpf_htonl(find_identity(&packet));
	key.protocol = packet.key.protocol;
	key.port = packet.key.local_port;
	found = bpf_map_lookup_elem(&policy, &key);
	allowed = found && *found;
	counter = bpf_map_lookup_elem(&policy_counters, &allowed);
	if (counter)
		(*counter)++;
	return allowed ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int replay_policy(struct __sk_buff *skb)
{
	if (!write_tuple(take_tuple_number(), (void *)(long)skb->data, (void *)(long)skb->data_end))
		return TC_ACT_SHOT;
	return apply_policy(skb, PACKET_DIRECTION_INGRESS);
}

SEC("tc")
int policy_ingress(struct __sk_buff *skb)
{
	return apply_policy(skb, PACKET_DIRECTION_INGRESS);
}

char LICENSE[] SEC("license") = "GPL";
