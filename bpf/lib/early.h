/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * The verdict on a flow before it has a packet, for programs on this machine: no at once, in place
 * of a time-out. Only where the filter is certain to stop the first packet; the filter stays the
 * guarantee.
 */
#ifndef EBPF_PERSONAS_LIB_EARLY_H
#define EBPF_PERSONAS_LIB_EARLY_H

#include "abi/socket_request.h"
#include "lib/active.h"
#include "lib/classify.h"
#include "lib/failsafe.h"

/* Protocols whose sockets ask. The others are left to the filter. */
static __always_inline bool is_judged_early(const struct socket_request *request)
{
	__u8 icmp = request->family == ADDRESS_FAMILY_IPV6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;

	return has_ports(request->protocol) || request->protocol == icmp;
}

/* What the rules say of a flow that begins in this direction; of ICMP the socket sends echo
 * requests. A function of its own, verified once. */
__noinline bool denies_socket(const struct slot *slot, const struct socket_request *request,
			      __u32 direction)
{
	struct classification by;
	__u16 port;
	__u8 type;

	if (!slot || !request)
		return false;
	port = direction == PACKET_DIRECTION_EGRESS ? request->peer_port : request->local_port;
	type = request->protocol == IPPROTO_ICMPV6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST;
	by = classify(slot, direction, request->family, request->peer, lane_of(request->protocol),
		      key_of(request->protocol, port, type, 0));
	return by.action != RULE_ACTION_ALLOW;
}

static __always_inline bool passes_by_failsafe(const struct socket_request *request)
{
	struct packet packet = {.direction = PACKET_DIRECTION_EGRESS};

	packet.key.family = request->family;
	packet.key.protocol = request->protocol;
	packet.key.remote[0] = request->peer[0];
	packet.key.remote[1] = request->peer[1];
	packet.key.remote[2] = request->peer[2];
	packet.key.remote[3] = request->peer[3];
	packet.key.remote_port = bpf_htons(request->peer_port);
	packet.key.local_port = bpf_htons(request->local_port);
	if (request->protocol == IPPROTO_TCP)
		packet.tcp_flags = TCP_SYN;
	return is_failsafe(&packet);
}

/* Whether the first packet of the flow is certain to be stopped. A function of its own, verified
 * once. */
__noinline bool stops_first_packet(const struct socket_request *request)
{
	struct active_persona active = read_active_word();
	const struct slot *slot = bpf_map_lookup_elem(&slots, &active.slot);
	bool opens, answers;

	if (!request)
		return false;
	opens = request->protocol == IPPROTO_TCP;
	answers = request->protocol == IPPROTO_UDP || request->protocol == IPPROTO_SCTP;
	/* 1. Without a persona, or under one that only counts, everything passes. */
	if (!slot || slot->flags & (SLOT_NO_PERSONA | SLOT_AUDIT) || !is_judged_early(request))
		return false;
	/* 2. Nobody sends datagrams to port 0: getaddrinfo(3) asks so for the route alone. */
	if (request->protocol == IPPROTO_UDP && !request->peer_port)
		return false;
	/* 3. What may be sent passes. */
	if (!denies_socket(slot, request, PACKET_DIRECTION_EGRESS))
		return false;
	/* 4. A TCP connection begins with a SYN, which is judged by itself; anything else may
	 * belong to a flow that is established, or answer one that came in. */
	if (!opens && slot->flags & SLOT_KEEP_ESTABLISHED)
		return false;
	if (answers && !denies_socket(slot, request, PACKET_DIRECTION_INGRESS))
		return false;
	/* 5. The failsafe passes before any persona is asked. */
	return !passes_by_failsafe(request);
}

#endif
