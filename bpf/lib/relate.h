/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* ICMP errors: whose packet they are about. */
#ifndef EBPF_PERSONAS_LIB_RELATE_H
#define EBPF_PERSONAS_LIB_RELATE_H

#include "lib/conntrack.h"
#include "lib/failsafe.h"
#include "lib/parse.h"

/* What an ICMP error is about. */
enum relation {
	RELATED_TO_NOTHING = 0,
	RELATED_TO_FAILSAFE,
	RELATED_TO_FLOW,
};

/* RFC 5927 section 4.1: the segment that it quotes must be one that may still be under way. */
static __always_inline bool may_be_under_way(const struct flow *flow, const struct packet *quoted)
{
	const struct tcp_side *sender = &flow->side[quoted->direction & 1];
	const struct tcp_side *receiver = &flow->side[opposite(quoted->direction & 1)];

	if (!is_segment(quoted) || (flow->marks & FLOW_PICKED_UP))
		return true;
	return !is_after(quoted->sequence, sender->end) &&
	       !is_after(sender->end - larger(receiver->max_window, ACK_WINDOW_MIN),
			 quoted->sequence);
}

/* Whether a packet that is quoted is of a flow that lives. */
__noinline int is_of_live_flow(const struct packet *quoted)
{
	struct flow_key key;
	struct flow *flow;

	if (!quoted || !is_tracked(quoted))
		return false;
	key = quoted->key;
	flow = find_confirmed(&key, quoted->time);
	if (!flow)
		flow = find_new(&key, quoted->time);
	return flow && flow->owner == owner_of(&key) && may_be_under_way(flow, quoted);
}

/*
 * What an ICMP error is about: it belongs to the flow of the packet that it quotes, which went the
 * other way, if it goes to the one who sent that. Then `packet` becomes that one. A function of its
 * own, verified once.
 */
__noinline int relate(struct __sk_buff *skb, struct packet *packet)
{
	struct packet quoted = {};
	const __be32 *to, *from;

	if (!packet)
		return RELATED_TO_NOTHING;
	to = packet->direction == PACKET_DIRECTION_EGRESS ? packet->key.remote : packet->key.local;
	from = packet->direction == PACKET_DIRECTION_EGRESS ? quoted.key.remote : quoted.key.local;
	quoted.direction = opposite(packet->direction);
	quoted.key.family = packet->key.family;
	quoted.time = packet->time;
	if (parse(skb, packet->transport_offset + 8, true, &quoted) != PARSE_OK ||
	    ((to[0] ^ from[0]) | (to[1] ^ from[1]) | (to[2] ^ from[2]) | (to[3] ^ from[3])))
		return RELATED_TO_NOTHING;
	if (is_failsafe(&quoted))
		return RELATED_TO_FAILSAFE;
	if (!is_of_live_flow(&quoted))
		return RELATED_TO_NOTHING;
	*packet = quoted;
	packet->quoted = true;
	return RELATED_TO_FLOW;
}

#endif
