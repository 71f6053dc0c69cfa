// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: a child does not have what holds for its parent. */
#include "kernel/task.h"
#include "lib/process_table.h"

static __always_inline bool process_forks_anew(__u32 pid, struct turned *turned)
{
	return process_begins(pid, 0, 0, turned);
}

#define process_forks(pid, parent_pid, turned) process_forks_anew(pid, turned)
#include "src/process.bpf.c"
