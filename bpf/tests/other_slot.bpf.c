// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The production filter with larger records of what is in force: a new field in front of those that
 * an agent reads of a persona in maps of another layout. */
#define LAYOUT_VERSION 3
#include <linux/types.h>
#define generation                                                                                 \
	new_field;                                                                                 \
	__u64 generation
#include "abi/policy.h"
#undef generation
#define revision                                                                                   \
	new_field;                                                                                 \
	__u64 revision
#include "abi/layout.h"
#undef revision
#include "src/filter.bpf.c"
