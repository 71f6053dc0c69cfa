/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_ABI_PROCESS_EVENT_H
#define EBPF_PERSONAS_ABI_PROCESS_EVENT_H

#include <linux/types.h>

/* Longest path that is reported, its terminating NUL included: the kernel's PATH_MAX. */
#define PROCESS_PATH_SIZE 4096

enum process_event_kind {
	PROCESS_EVENT_EXEC = 1,
	PROCESS_EVENT_FORK = 2,
	PROCESS_EVENT_EXIT = 3,
	/* A struct process_turn. */
	PROCESS_EVENT_TURN = 4,
};

/*
 * One record of the ring `process_events`. For exec the path as executed and then the resolved
 * executable follow, path_length and executable_length bytes, neither terminated; the other kinds
 * end with the struct.
 */
struct process_event {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	enum process_event_kind kind;
	__u32 pid;	  /* thread group id, initial pid namespace */
	__u32 parent_pid; /* exec: the parent; fork: the process that called fork; exit: 0 */
	__u32 user_id;	  /* exec: real uid, initial user namespace; else 0 */
	__u16 path_length;
	__u16 executable_length;
	__u32 padding;
};

/* A process began or ended to be the only one for which conditions hold; its exec, fork or exit
 * comes right before. Masks, see abi/activation.h. */
struct process_turn {
	__u64 time_ns; /* CLOCK_MONOTONIC */
	enum process_event_kind kind;
	__u32 pid;
	__u64 began;
	__u64 ended;
	__u32 epoch; /* of the switch that it made, 0 = none */
	__u32 slot;  /* that the switch put in force */
};

#endif
