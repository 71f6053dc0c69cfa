/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Parts of datagrams. Only the first has the transport header; the others are read as if they had
 * it too. It is remembered when the first part has passed, so a part that comes earlier, or whose
 * first part did not pass, is dropped.
 */
#ifndef EBPF_PERSONAS_LIB_FRAGMENTS_H
#define EBPF_PERSONAS_LIB_FRAGMENTS_H

#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "lib/packet.h"

/* As long as Linux collects the parts of an IPv4 datagram. */
#ifndef FRAGMENTS_FOR_NS
#define FRAGMENTS_FOR_NS 30000000000ULL
#endif

/* RFC 791 section 3.2, RFC 8200 section 4.5. */
struct fragment_key {
	/* IPv4 in word 0 with the others zero. */
	__be32 source[4];
	__be32 destination[4];
	__be32 id;
	/* Of IPv4. In IPv6 it does not belong to the key, and later parts may say what they like.
	 */
	__u8 protocol;
	/* enum address_family */
	__u8 family;
	/* enum packet_direction */
	__u8 direction;
	__u8 reserved;
};

struct first_fragment {
	/* By lib/clock.h, ns. */
	__u64 seen;
	__be16 local_port;
	__be16 remote_port;
	/* Octets of the datagram that it holds. */
	__u16 end;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
	/* enum icmp_kind */
	__u8 icmp_kind;
	__u8 reserved[6];
};

/*
 * First parts that passed. Programs insert and read; what nobody asks about any more is evicted.
 * Large enough for what is under way at any time: parts follow each other at once.
 */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct fragment_key);
	__type(value, struct first_fragment);
} fragments SEC(".maps");

static __always_inline void make_fragment_key(const struct packet *packet, struct fragment_key *key)
{
	bool egress = packet->direction == PACKET_DIRECTION_EGRESS;

	__builtin_memcpy(key->source, egress ? packet->key.local : packet->key.remote, 16);
	__builtin_memcpy(key->destination, egress ? packet->key.remote : packet->key.local, 16);
	key->id = packet->fragment_id;
	key->family = packet->key.family;
	key->direction = packet->direction;
	if (key->family == ADDRESS_FAMILY_IPV4)
		key->protocol = packet->key.protocol;
}

/* Gives a later part the ports of the first one: enum parse_result. One that would overwrite what
 * the first one said is dropped (RFC 1858, RFC 5722). */
__noinline int read_first_fragment(struct packet *packet)
{
	const struct first_fragment *first;
	struct fragment_key key = {};

	if (!packet)
		return PARSE_FRAGMENT;
	make_fragment_key(packet, &key);
	first = bpf_map_lookup_elem(&fragments, &key);
	if (!first || (__s64)(packet->time - first->seen) >= (__s64)FRAGMENTS_FOR_NS ||
	    packet->fragment_octets < first->end)
		return PARSE_FRAGMENT;
	packet->key.local_port = first->local_port;
	packet->key.remote_port = first->remote_port;
	packet->key.protocol = first->protocol;
	packet->icmp_type = first->icmp_type;
	packet->icmp_code = first->icmp_code;
	packet->icmp_kind = first->icmp_kind;
	return PARSE_OK;
}

/* To be called for a first part, once it is certain that it passes. */
__noinline int remember_first_fragment(const struct packet *packet)
{
	struct first_fragment first = {};
	struct fragment_key key = {};

	if (!packet)
		return 0;
	make_fragment_key(packet, &key);
	first.seen = packet->time;
	first.local_port = packet->key.local_port;
	first.remote_port = packet->key.remote_port;
	first.end = packet->fragment_octets;
	first.protocol = packet->key.protocol;
	first.icmp_type = packet->icmp_type;
	first.icmp_code = packet->icmp_code;
	first.icmp_kind = packet->icmp_kind;
	return bpf_map_update_elem(&fragments, &key, &first, BPF_ANY);
}

#endif
