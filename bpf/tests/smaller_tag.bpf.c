// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: compares priorities the wrong way where a class's own rules meet those that
 * it shares. */
#include "lib/ports.h"

static __always_inline struct match match_smaller_tag(const struct slot *slot, __u32 class,
						      __u32 lane, __u32 key)
{
	const struct class_record *record = (const void *)policy_line(slot, class);
	struct match match = match_ports(slot, class, lane, key);
	__u32 tag;

	if (record && record->ports) {
		tag = port_tree_tag(slot, record->ports, lane, key);
		if (tag && tag < match.enforced)
			match.enforced = tag;
	}
	return match;
}

#define match_ports match_smaller_tag
#include "tests/verdict.bpf.c"
