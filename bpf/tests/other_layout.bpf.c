// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The production filter with another layout of its maps: another version, and a new field in front
 * of those that a flow has. */
#define LAYOUT_VERSION 2
#include <linux/types.h>
#define last_seen                                                                                  \
	new_field;                                                                                 \
	__u64 last_seen
#include "abi/flow.h"
#undef last_seen
#include "src/filter.bpf.c"
