/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What passes before any persona is asked, so that no persona can cut the VM off. */
#ifndef EBPF_PERSONAS_LIB_FAILSAFE_H
#define EBPF_PERSONAS_LIB_FAILSAFE_H

#include "lib/dhcp.h"
#include "lib/link_scope.h"
#include "lib/maps.h"
#include "lib/packet.h"

struct failsafe_match {
	const struct packet *packet;
	const struct failsafe_table *table;
	bool found;
};

static __always_inline bool same_peer(const __be32 *address, const __be32 *peer, const __be32 *mask)
{
	return !(((address[0] ^ peer[0]) & mask[0]) | ((address[1] ^ peer[1]) & mask[1]) |
		 ((address[2] ^ peer[2]) & mask[2]) | ((address[3] ^ peer[3]) & mask[3]));
}

static long match_failsafe_entry(__u32 index, void *context)
{
	struct failsafe_match *match = context;
	const struct packet *packet = match->packet;
	const struct failsafe_entry *entry;
	__u16 port;

	if (index >= FAILSAFE_ENTRY_COUNT)
		return 1;
	entry = &match->table->entry[index];
	if (entry->family != packet->key.family || entry->protocol != packet->key.protocol ||
	    !same_peer(packet->key.remote, entry->peer, entry->mask))
		return 0;
	port =
	    entry->direction == PACKET_DIRECTION_EGRESS ? remote_port(packet) : local_port(packet);
	if (has_ports(packet->key.protocol) &&
	    (port < entry->port_first || port > entry->port_last))
		return 0;
	/* The other way only as an answer: nobody opens a connection from a failsafe port. */
	if (entry->direction != packet->direction && opens_connection(packet))
		return 0;
	match->found = true;
	return 1;
}

/*
 * A function of its own, verified once: it is asked about the packet, and about one that an ICMP
 * error quotes.
 */
__noinline bool is_failsafe(const struct packet *packet)
{
	struct failsafe_match match = {.packet = packet};
	__u32 zero = 0, index;
	__u64 *in_use;

	if (!packet)
		return false;
	if (is_dhcp_client(packet) || is_link_failsafe(packet))
		return true;
	in_use = bpf_map_lookup_elem(&failsafe_in_use, &zero);
	if (!in_use)
		return false;
	index = *in_use;
	match.table = bpf_map_lookup_elem(&failsafe, &index);
	if (!match.table)
		return false;
	bpf_loop(match.table->count, match_failsafe_entry, &match, 0);
	return match.found;
}

#endif
