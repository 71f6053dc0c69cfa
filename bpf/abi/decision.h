/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What the filter says of one packet. */
#ifndef EBPF_PERSONAS_ABI_DECISION_H
#define EBPF_PERSONAS_ABI_DECISION_H

#include <linux/types.h>

struct decision {
	/* The slot that was asked. */
	__u32 slot;
	/* The rule that made the verdict, or RULE_NONE. */
	__u32 rule;
	/* The first rule in audit mode that would have decided earlier, or RULE_NONE. */
	__u32 audited_rule;
	/* enum verdict */
	__u8 verdict;
	/* enum reason */
	__u8 reason;
	__u8 reserved[2];
};

#endif
