/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Which rule decides on a flow: the first entry of the slot's run that matches. */
#ifndef EBPF_PERSONAS_LIB_CLASSIFY_H
#define EBPF_PERSONAS_LIB_CLASSIFY_H

#include "abi/policy.h"
#include "lib/failsafe.h"
#include "lib/maps.h"
#include "lib/packet.h"

/* The first packet of a flow. */
struct first_packet {
	__be32 peer[4];
	/* The port that the originator connects to, host order. */
	__u16 port;
	__u8 direction;
	__u8 family;
	__u8 protocol;
	__u8 icmp_type;
	__u8 icmp_code;
};

struct classification {
	/* enum rule_action */
	__u32 action;
	__u32 rule;
	/* The first rule in audit mode that would have decided earlier. */
	__u32 audited_action;
	__u32 audited_rule;
};

struct classify_context {
	struct first_packet packet;
	struct classification result;
	__u32 start;
	__u32 resume;
};

static __always_inline bool entry_matches(const struct rule_entry *entry,
					  const struct first_packet *packet)
{
	__u8 match = entry->match;

	return same_peer(packet->peer, entry->peer, entry->mask) &&
	       (!(match & RULE_ENTRY_PROTOCOL) || entry->protocol == packet->protocol) &&
	       (!(match & RULE_ENTRY_PORTS) ||
		(has_ports(packet->protocol) && packet->port >= entry->port_first &&
		 packet->port <= entry->port_last)) &&
	       (!(match & RULE_ENTRY_ICMP) || is_icmp(packet->protocol)) &&
	       (!(match & RULE_ENTRY_ICMP_TYPE) || entry->icmp_type == packet->icmp_type) &&
	       (!(match & RULE_ENTRY_ICMP_CODE) || entry->icmp_code == packet->icmp_code);
}

static long classify_entry(__u32 index, void *context)
{
	struct classify_context *classify = context;
	const struct rule_entry *entry;
	__u32 key = classify->start + index;

	if (index < classify->resume)
		return 0;
	entry = bpf_map_lookup_elem(&rule_entries, &key);
	if (!entry || !entry_matches(entry, &classify->packet))
		return 0;
	if (entry->action == RULE_ACTION_SKIP) {
		classify->resume = entry->next;
		return 0;
	}
	if (entry->match & RULE_ENTRY_AUDIT) {
		if (classify->result.audited_action == RULE_ACTION_NONE) {
			classify->result.audited_action = entry->action;
			classify->result.audited_rule = entry->rule;
		}
		return 0;
	}
	classify->result.action = entry->action;
	classify->result.rule = entry->rule;
	return 1;
}

static __always_inline struct classification classify(const struct slot *slot,
						      const struct first_packet *packet)
{
	struct classify_context context = {
	    .packet = *packet,
	    .result = {.rule = RULE_NONE, .audited_rule = RULE_NONE},
	};
	__u32 run = packet->direction * ADDRESS_FAMILY_COUNT + packet->family;

	if (run >= RULE_RUN_COUNT)
		return context.result;
	context.start = slot->run[run].start;
	bpf_loop(slot->run[run].count, classify_entry, &context, 0);
	if (context.result.action == RULE_ACTION_NONE)
		context.result.action = slot->default_action[packet->direction & 1];
	return context.result;
}

#endif
