/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Which rule decides on a flow: of all that match its first packet, the one of the highest rank. */
#ifndef EBPF_PERSONAS_LIB_CLASSIFY_H
#define EBPF_PERSONAS_LIB_CLASSIFY_H

#include "lib/ports.h"

struct classification {
	/* enum rule_action */
	__u32 action;
	__u32 rule;
	/* The first rule in audit mode that would have decided earlier. */
	__u32 audited_action;
	__u32 audited_rule;
};

static __always_inline __u32 rule_of_tag(const struct slot *slot, __u32 tag)
{
	return tag ? slot->rule_count - tag / TAG_RANK : RULE_NONE;
}

/* `peer` is the other end, `direction` and `key` (enum lane) are those of the flow's first packet.
 */
static __always_inline struct classification classify(const struct slot *slot, __u8 direction,
						      __u8 family, const __be32 *peer, __u32 lane,
						      __u32 key)
{
	__u32 root = direction * ADDRESS_FAMILY_COUNT + family;
	struct match match = match_ports(slot, find_class(slot, root, peer), lane, key);
	struct classification result = {};

	result.rule = rule_of_tag(slot, match.enforced);
	result.audited_rule = rule_of_tag(slot, match.audited);
	result.audited_action = match.audited & TAG_ACTION;
	result.action =
	    match.enforced ? match.enforced & TAG_ACTION : slot->default_action[direction & 1];
	return result;
}

#endif
