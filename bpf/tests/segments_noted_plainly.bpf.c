// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: of two segments that two CPUs note at once, the earlier may stay. It takes
 * its time between reading and writing, so that it often does. */
#include "lib/sequence.h"

static __always_inline void advance_plainly(__u32 *number, __u32 to)
{
	if (!is_after(to, *(volatile __u32 *)number))
		return;
	for (int i = 0; i < 16; i++)
		bpf_ktime_get_ns();
	*(volatile __u32 *)number = to;
}

#define advance advance_plainly
#include "tests/verdict.bpf.c"
