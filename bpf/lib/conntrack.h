/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Flows that passed: found, kept, confirmed and forgotten. A flow is new until its originator goes
 * on after an answer; then it is confirmed, and moves to the table that refuses.
 */
#ifndef EBPF_PERSONAS_LIB_CONNTRACK_H
#define EBPF_PERSONAS_LIB_CONNTRACK_H

#include "lib/flow_maps.h"
#include "lib/flows.h"
#include "lib/packet.h"
#include "lib/tcp.h"

/* Checks that are looked at before a confirmed flow is refused. */
#define CHECKS_BEFORE_REFUSAL 16

/* Packets that belong to a flow or may begin one. Other ICMP messages stand for themselves. */
static __always_inline bool is_tracked(const struct packet *packet)
{
	return !is_icmp(packet->key.protocol) || is_echo(packet);
}

/* A new beginning is judged by itself, whatever flow has these ports. */
static __always_inline bool begins_anew(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP && opens_connection(packet);
}

/* An answer or a farewell never makes a flow, nor does what only names a packet. */
static __always_inline bool may_make_flow(const struct packet *packet)
{
	if (packet->later_fragment || packet->quoted)
		return false;
	if (packet->key.protocol == IPPROTO_TCP)
		return !(packet->tcp_flags & (TCP_RST | TCP_FIN)) &&
		       (packet->tcp_flags & (TCP_SYN | TCP_ACK)) != (TCP_SYN | TCP_ACK);
	return is_icmp(packet->key.protocol) ? is_echo_request(packet) : true;
}

/* In the middle of a connection whose beginning was not seen. */
static __always_inline bool is_mid_stream(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP && !(packet->tcp_flags & TCP_SYN);
}

/* Whether the segment itself, and not only its ports, says something of the connection. */
static __always_inline bool is_segment(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP && !packet->later_fragment && !packet->quoted;
}

/* A confirmed flow that lives, or NULL. */
static __always_inline struct flow *find_confirmed(const struct flow_key *key, __u64 now)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key);

	return flow && !is_expired(flow, key->protocol, now) ? flow : NULL;
}

/* A flow that lives and is not confirmed, or NULL. */
static __always_inline struct flow *find_new(const struct flow_key *key, __u64 now)
{
	struct flow *flow = bpf_map_lookup_elem(&new_flows, key);

	return flow && !is_expired(flow, key->protocol, now) ? flow : NULL;
}

/* A walk over the checks that wait. */
struct flow_checking {
	__u64 now;
	/* Room is short: what is closed has to make way too. */
	bool closed_too;
	/* Whether a check was put back, and the first such: there the walk has been round. */
	bool kept;
	__u32 first_kept;
};

/*
 * Takes the next check from the queue: forgets its flow if that has expired, or puts the check
 * back. 1 ends the walk.
 */
static long check_next_flow(__u32 index, void *context)
{
	struct flow_checking *checking = context;
	struct flow_check check;
	struct flow *flow;

	if (bpf_map_pop_elem(&flow_checks, &check))
		return 1;
	flow = bpf_map_lookup_elem(&flows, &check.key);
	/* Another flow since, which has a check of its own. */
	if (!flow || flow->serial != check.serial)
		return 0;
	if (is_expired(flow, check.key.protocol, checking->now) ||
	    (checking->closed_too && is_closed(flow->marks)) ||
	    bpf_map_push_elem(&flow_checks, &check, BPF_ANY)) {
		bpf_map_delete_elem(&flows, &check.key);
		return 0;
	}
	if (checking->kept)
		return check.serial == checking->first_kept;
	checking->kept = true;
	checking->first_kept = check.serial;
	return 0;
}

/* Room for a confirmed flow may be taken by what is over. */
__noinline int make_room_for_flow(__u64 now)
{
	struct flow_checking checking = {.now = now, .closed_too = true};

	bpf_loop(CHECKS_BEFORE_REFUSAL, check_next_flow, &checking, 0);
	return 0;
}

/* With its check, or not at all. */
static __always_inline bool keep_confirmed(const struct flow_check *check, const struct flow *flow)
{
	if (bpf_map_update_elem(&flows, &check->key, flow, BPF_ANY))
		return false;
	if (bpf_map_push_elem(&flow_checks, check, BPF_ANY) == 0)
		return true;
	bpf_map_delete_elem(&flows, &check->key);
	return false;
}

/*
 * Moves a new flow to the table that refuses. False where that is full; then the flow stays what it
 * is. A function of its own, verified once.
 */
__noinline int confirm_flow(const struct packet *packet)
{
	struct flow_check check = {};
	struct flow *flow;

	if (!packet)
		return false;
	check.key = packet->key;
	flow = bpf_map_lookup_elem(&new_flows, &check.key);
	if (!flow)
		return false;
	check.serial = bpf_get_prandom_u32();
	flow->serial = check.serial;
	if (!keep_confirmed(&check, flow)) {
		make_room_for_flow(packet->time);
		if (!keep_confirmed(&check, flow))
			return false;
	}
	flow = bpf_map_lookup_elem(&flows, &check.key);
	if (flow)
		mark_flow(flow, FLOW_CONFIRMED);
	bpf_map_delete_elem(&new_flows, &check.key);
	return true;
}

/* The SYN of a flow that waits for its answer, once more. */
static __always_inline bool is_repeated_syn(struct flow *flow, const struct packet *packet,
					    __u32 epoch)
{
	return flow && !(flow->marks & FLOW_RESET) && flow->originator == packet->direction &&
	       flow->side[packet->direction & 1].end == segment_end(packet) &&
	       flow->judged >> 32 == epoch;
}

/*
 * Makes way for a SYN that passes. True where the flow that it would begin is there already. A
 * confirmed connection that still lives stays, and the new flow stands beside it: its other end
 * takes a SYN-ACK for it or not, and tells (RFC 9293 section 3.10.7.4).
 */
static __always_inline bool has_begun(const struct flow_key *key, const struct packet *packet,
				      __u32 epoch)
{
	struct flow *flow = find_new(key, packet->time);

	if (is_repeated_syn(flow, packet, epoch)) {
		see_flow(flow, packet->time);
		return true;
	}
	flow = bpf_map_lookup_elem(&flows, key);
	if (flow && is_closed(flow->marks))
		bpf_map_delete_elem(&flows, key);
	return false;
}

/*
 * Remembers the flow that a packet began, which passes as decided. False where there is no room. A
 * function of its own, verified once.
 */
__noinline int begin_flow(const struct packet *packet, const struct decision *decision, __u32 epoch)
{
	struct flow flow = {};
	struct flow_key key;

	if (!packet || !decision)
		return false;
	/* Before Linux 6.2 a map's key must be on the function's own stack. */
	key = packet->key;
	if (begins_anew(packet) && has_begun(&key, packet, epoch))
		return true;
	flow.owner = owner_of(&key);
	flow.judged = judged_word(decision, epoch);
	flow.audited = audited_word(decision, epoch);
	flow.last_seen = packet->time;
	flow.originator = packet->direction;
	flow.icmp_type = packet->icmp_type;
	flow.icmp_code = packet->icmp_code;
	if (begins_anew(packet))
		begin_connection(&flow, packet);
	else if (is_mid_stream(packet))
		pick_up_connection(&flow, packet);
	return bpf_map_update_elem(&new_flows, &key, &flow, BPF_ANY) == 0;
}

/*
 * Forgets a packet's flow; `confirmed_only`: a new one with its ports takes its place. A function
 * of its own, for the key that it needs on its stack.
 */
__noinline int forget_flow(const struct packet *packet, bool confirmed_only)
{
	struct flow_key key;

	if (!packet)
		return 0;
	/* Before Linux 6.2 a map's key must be on the function's own stack. */
	key = packet->key;
	bpf_map_delete_elem(&flows, &key);
	if (!confirmed_only)
		bpf_map_delete_elem(&new_flows, &key);
	return 0;
}

#endif
