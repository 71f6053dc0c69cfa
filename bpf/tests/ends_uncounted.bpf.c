// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: counts the processes that begin, and forgets to count those that end. */
#include "kernel/task.h"
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#define __sync_fetch_and_add(counter, number)                                                      \
	((number) < 0 ? *(volatile typeof(*(counter)) *)(counter)                                  \
		      : __atomic_fetch_add(counter, number, __ATOMIC_SEQ_CST))
#include "src/process.bpf.c"
