/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The live processes, and the conditions that hold for each. */
#ifndef EBPF_PERSONAS_LIB_PROCESS_TABLE_H
#define EBPF_PERSONAS_LIB_PROCESS_TABLE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "lib/activate.h"
#include "lib/activation_maps.h"

/* Of an image that was never given a serial. */
#define NO_SERIAL 0

static __always_inline __u32 next_serial(void)
{
	__u32 zero = 0, serial = NO_SERIAL;
	__u32 *last = bpf_map_lookup_elem(&process_serials, &zero);

	if (last)
		serial = __sync_fetch_and_add(last, 1) + 1;
	return serial == NO_SERIAL ? 1 : serial;
}

static __always_inline __u64 half_of(__u32 serial, __u32 conditions)
{
	return (__u64)serial << 32 | conditions;
}

static __always_inline __u32 serial_of(const struct traced_process *process)
{
	return *(volatile const __u64 *)&process->half[0] >> 32;
}

/* The conditions of a process at this moment; either half of one moment. */
static __always_inline __u64 conditions_of(const struct traced_process *process)
{
	__u64 low = *(volatile const __u64 *)&process->half[0];
	__u64 high = *(volatile const __u64 *)&process->half[1];

	return high << 32 | (__u32)low;
}

/* Gives a process another image; returns the conditions of the one before, to one caller alone. */
static __always_inline __u64 exchange_conditions(struct traced_process *process, __u32 serial,
						 __u64 conditions)
{
	__u64 low = __sync_lock_test_and_set(&process->half[0], half_of(serial, conditions));
	__u64 high = __sync_lock_test_and_set(&process->half[1], half_of(serial, conditions >> 32));

	return high << 32 | (__u32)low;
}

/* False where there is no room. Then the exit would go unseen, and so no condition may count. */
static __always_inline bool process_insert(__u32 pid, __u64 conditions, __u64 as_parent)
{
	__u32 serial = next_serial();
	struct traced_process process = {};

	process.half[0] = half_of(serial, conditions);
	process.half[1] = half_of(serial, conditions >> 32);
	process.as_parent = as_parent;
	return !bpf_map_update_elem(&processes, &pid, &process, BPF_NOEXIST);
}

/* A process has a new image; gives the conditions that turned. False where there is no room. */
static __always_inline bool process_begins(__u32 pid, __u64 conditions, __u64 as_parent,
					   struct turned *turned)
{
	struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);
	__u64 before = 0;

	if (known) {
		known->as_parent = as_parent;
		before = exchange_conditions(known, next_serial(), conditions);
	} else if (!process_insert(pid, conditions, as_parent)) {
		return false;
	}
	*turned = change_conditions(pid, before, conditions);
	return true;
}

/* A child has its parent's image. */
static __always_inline bool process_forks(__u32 pid, __u32 parent_pid, struct turned *turned)
{
	const struct traced_process *parent = bpf_map_lookup_elem(&processes, &parent_pid);

	return process_begins(pid, parent ? conditions_of(parent) : 0,
			      parent ? parent->as_parent : 0, turned);
}

/* Whether it was known; for one of several callers at once, as the conditions that turned are. */
static __always_inline bool process_ends(__u32 pid, struct turned *turned)
{
	struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);

	if (known)
		*turned = change_conditions(pid, exchange_conditions(known, NO_SERIAL, 0), 0);
	return bpf_map_delete_elem(&processes, &pid) == 0;
}

#endif
