/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Answers pass the filter once more on their way, and no persona is asked about them. Nothing in or
 * on the packet says so, or others would say it too: the filter remembers what it sent, to the bit.
 * Who forges that very packet, within EXPECTED_FOR_NS, gets it through instead of ours.
 */
#ifndef EBPF_PERSONAS_LIB_EXPECT_H
#define EBPF_PERSONAS_LIB_EXPECT_H

#include "lib/packet.h"
#include "lib/parse.h"
#include "lib/reject_maps.h"

/* To the other hook it is microseconds, and a wait in the backlog of a busy CPU. */
#define EXPECTED_FOR_NS 1000000000ULL

static __always_inline bool expect_answer(const struct expected_answer *answer, __u64 now)
{
	__u64 until = now + EXPECTED_FOR_NS;

	return bpf_map_update_elem(&expected_answers, answer, &until, BPF_ANY) == 0;
}

/* Few packets are: no others cost a look into the map. */
static __always_inline bool may_be_answer(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP ? packet->tcp_flags & TCP_RST
						   : is_icmp_error(packet);
}

/* Each is one once: of two that delete, one does. */
__noinline bool take_expected_answer(struct __sk_buff *skb, const struct packet *packet, __u64 now)
{
	struct expected_answer answer = {};
	const __u64 *until;
	bool egress;

	if (!packet)
		return false;
	egress = packet->direction == PACKET_DIRECTION_EGRESS;
	if (!load(skb, packet->transport_offset, answer.head, sizeof(answer.head)))
		return false;
	__builtin_memcpy(answer.source, egress ? packet->key.local : packet->key.remote, 16);
	__builtin_memcpy(answer.destination, egress ? packet->key.remote : packet->key.local, 16);
	answer.interface_index = skb->ifindex;
	answer.protocol = packet->key.protocol;
	answer.family = packet->key.family;
	answer.direction = packet->direction;
	until = bpf_map_lookup_elem(&expected_answers, &answer);
	return until && now <= *until && bpf_map_delete_elem(&expected_answers, &answer) == 0;
}

/* Whether this is an answer that is on its way. */
static __always_inline bool is_expected_answer(struct __sk_buff *skb, const struct packet *packet,
					       __u64 now)
{
	return may_be_answer(packet) && take_expected_answer(skb, packet, now);
}

#endif
