/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The programs that user space calls about stages and processes; every object with the filter has
 * them. */
#ifndef EBPF_PERSONAS_SRC_CHANGE_STAGES_H
#define EBPF_PERSONAS_SRC_CHANGE_STAGES_H

#include "lib/process_table.h"

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

/* Makes a place for a process that ran before it could be seen to begin, and tells its serial; -1
 * where there is no room. */
SEC("syscall")
int remember_process(struct process_request *request)
{
	__u32 pid = request->pid;
	const struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);

	if (!known) {
		if (!process_insert(pid, 0, 0))
			return -1;
		known = bpf_map_lookup_elem(&processes, &pid);
	}
	request->serial = known ? serial_of(known) : NO_SERIAL;
	return 0;
}

/* Of the conditions those hold for a process that runs already; 1 where it has another image by
 * now, or none. Conditions that are not named here stay as they are. */
SEC("syscall")
int adopt_process(struct process_request *request)
{
	__u32 pid = request->pid;
	struct traced_process *known = bpf_map_lookup_elem(&processes, &pid);

	if (!known)
		return 1;
	if (!add_conditions(pid, known, request->serial, request->conditions))
		return 1;
	known->as_parent |= request->as_parent;
	return 0;
}

/* Takes conditions from every process: user space will give their numbers to others. */
SEC("syscall")
int forget_conditions(struct process_request *request)
{
	__u64 conditions = request->conditions;

	bpf_for_each_map_elem(&processes, forget_of_process, &conditions, 0);
	return 0;
}

/* Makes what is in force what the table and the conditions say; the epoch of the switch in
 * `serial`, 0 where none was needed. */
SEC("syscall")
int settle_stages(struct process_request *request)
{
	request->serial = settle() >> 32;
	return 0;
}

#endif
