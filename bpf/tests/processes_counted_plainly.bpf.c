// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: two CPUs that count at once may count as one. It takes its time between
 * reading and writing, so that they do so often. */
#include "kernel/task.h"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

static __always_inline void linger(void)
{
	for (int i = 0; i < 64; i++)
		bpf_ktime_get_ns();
}

#define __sync_fetch_and_add(counter, number)                                                      \
	({                                                                                         \
		typeof(*(counter)) before = *(volatile typeof(*(counter)) *)(counter);             \
                                                                                                   \
		linger();                                                                          \
		*(volatile typeof(*(counter)) *)(counter) = before + (number);                     \
		before;                                                                            \
	})
#include "src/process.bpf.c"
