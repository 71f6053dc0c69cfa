/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Flows that passed: found, kept and forgotten. */
#ifndef EBPF_PERSONAS_LIB_CONNTRACK_H
#define EBPF_PERSONAS_LIB_CONNTRACK_H

#include "lib/maps.h"
#include "lib/packet.h"

#define NS_PER_S 1000000000ULL

/* Idle times in seconds. An expired TCP flow that goes on is picked up again where the persona
 * allows it. */
const volatile __u32 tcp_timeout_s = 86400;
const volatile __u32 other_timeout_s = 120;

static __always_inline __u64 flow_timeout_ns(__u8 protocol)
{
	return (protocol == IPPROTO_TCP ? tcp_timeout_s : other_timeout_s) * NS_PER_S;
}

/*
 * The live flow of a packet, or NULL. Signed: another CPU, with a later clock tick, may have seen
 * the flow after `now`.
 */
static __always_inline struct flow *find_flow(const struct flow_key *key, __u64 now)
{
	struct flow *flow = bpf_map_lookup_elem(&flows, key);

	if (!flow || (__s64)(now - flow->last_seen) >= (__s64)flow_timeout_ns(key->protocol))
		return NULL;
	return flow;
}

/* Packets that belong to a flow or may begin one. Other ICMP messages stand for themselves. */
static __always_inline bool is_tracked(const struct packet *packet)
{
	return !is_icmp(packet->key.protocol) || is_echo(packet);
}

/* A new beginning is judged by itself, whatever flow had these ports before. */
static __always_inline bool begins_anew(const struct packet *packet)
{
	return packet->key.protocol == IPPROTO_TCP && opens_connection(packet);
}

/* An answer or a farewell never makes a flow. */
static __always_inline bool may_make_flow(const struct packet *packet)
{
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

#endif
