/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The live processes, and the conditions that hold for each. */
#ifndef EBPF_PERSONAS_LIB_PROCESS_TABLE_H
#define EBPF_PERSONAS_LIB_PROCESS_TABLE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "lib/activate.h"
#include "lib/process_maps.h"

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

/* Without a place in `processes` the exit would go unseen, and so no condition may count. */
static __always_inline bool process_insert(__u32 pid, __u64 conditions, __u64 as_parent)
{
	__u32 serial = next_serial();
	struct traced_process process = {
	    .half = {half_of(serial, conditions), half_of(serial, conditions >> 32)},
	    .as_parent = as_parent,
	};

	if (!bpf_map_update_elem(&processes, &pid, &process, BPF_NOEXIST))
		return true;
	process_event_lost();
	return false;
}

/* A process has a new image; gives the conditions that turned. */
static __always_inline __u64 process_begins(__u32 pid, __u64 conditions, __u64 as_parent)
{
	struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);

	if (!known)
		return process_insert(pid, conditions, as_parent)
			   ? change_conditions(pid, 0, conditions)
			   : 0;
	known->as_parent = as_parent;
	return change_conditions(pid, exchange_conditions(known, next_serial(), conditions),
				 conditions);
}

/* A child has its parent's image. */
static __always_inline __u64 process_forks(__u32 pid, __u32 parent_pid)
{
	const struct traced_process *parent = bpf_map_lookup_elem(&processes, &parent_pid);

	return process_begins(pid, parent ? conditions_of(parent) : 0,
			      parent ? parent->as_parent : 0);
}

/* Whether it was known; for one of several callers at once, as the conditions that turned are. */
static __always_inline bool process_ends(__u32 pid, __u64 *turned)
{
	struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);

	*turned = 0;
	if (known)
		*turned = change_conditions(pid, exchange_conditions(known, NO_SERIAL, 0), 0);
	return bpf_map_delete_elem(&processes, &pid) == 0;
}

#define EXCHANGE_ATTEMPTS 16

/* Changes the conditions in a half, if the image is still the one with this serial; gives those
 * that it had, or -1. */
static __always_inline __s64 change_half(__u64 *half, __u32 serial, __u32 take, __u32 give)
{
	for (int i = 0; i < EXCHANGE_ATTEMPTS; i++) {
		__u64 seen = *(volatile __u64 *)half;
		__u64 next = half_of(serial, ((__u32)seen & ~take) | give);

		if (seen >> 32 != serial)
			return -1;
		if (__sync_val_compare_and_swap(half, seen, next) == seen)
			return (__u32)seen;
	}
	return -1;
}

/* False where the image is another by now: whatever it is, its exec was told the conditions. */
static __always_inline bool add_conditions(__u32 pid, struct traced_process *process, __u32 serial,
					   __u64 conditions)
{
	__s64 low = change_half(&process->half[0], serial, 0, conditions);
	__s64 high = change_half(&process->half[1], serial, 0, conditions >> 32);

	if (low >= 0)
		change_conditions(pid, low, (__u32)low | (__u32)conditions);
	if (high >= 0)
		change_conditions(pid, high << 32, high << 32 | (conditions >> 32 << 32));
	return low >= 0 && high >= 0;
}

static long forget_of_process(void *map, const __u32 *pid, struct traced_process *process,
			      void *context)
{
	__u64 conditions = *(const __u64 *)context;
	__s64 low = change_half(&process->half[0], serial_of(process), conditions, 0);
	__s64 high = change_half(&process->half[1], serial_of(process), conditions >> 32, 0);

	if (low > 0)
		change_conditions(*pid, low, low & ~(__u32)conditions);
	if (high > 0)
		change_conditions(*pid, high << 32, high << 32 & ~conditions);
	process->as_parent &= ~conditions;
	return 0;
}

#endif
