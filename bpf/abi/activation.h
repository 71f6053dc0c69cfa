/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which persona the kernel puts in force by itself. A condition is what a trigger says of one
 * process; while a process lives for which it holds, its persona is a candidate.
 */
#ifndef EBPF_PERSONAS_ABI_ACTIVATION_H
#define EBPF_PERSONAS_ABI_ACTIVATION_H

#include <linux/types.h>

/* Conditions that the kernel watches at once; bit n of a mask is condition n. */
#define CONDITION_COUNT 64

/* Room for the texts that conditions compare, zeros behind: a file name (NAME_MAX), or a path that
 * is no longer. Longer ones are for user space. */
#define CONDITION_TEXT_SIZE 256

/* The tables of stages: one is in use, user space writes another. So many that it seldom waits
 * until no program reads one that was in use. */
#define STAGE_TABLE_COUNT 8

/* A persona that waits for its condition, in a slot. */
struct stage {
	__u32 condition;
	__u32 slot;
};

/* What the kernel is to decide by, all of one moment. */
struct stage_table {
	/* Conditions whose persona is a candidate while a process lives for which they hold. */
	__u64 armed;
	/* Those of them whose persona stays a candidate until user space takes its bit of `latched`
	 * away. */
	__u64 latching;
	/* What is in force while no stage is a candidate. */
	__u32 floor_slot;
	/* Stages that come before the floor, the best first. */
	__u32 stage_count;
	struct stage stage[CONDITION_COUNT];
};

/* What became of one condition. Times by CLOCK_BOOTTIME, ns. */
struct condition {
	/* Live processes for which it holds. */
	__u32 live;
	/* The process that made it hold last. */
	__u32 pid;
	/* When the first of those that live began, and when the last ended. */
	__u64 began;
	__u64 ended;
};

struct activation_state {
	/* Candidates that user space has to end. Programs set bits, user space clears them. */
	__u64 latched;
	/* Switches that were left to user space, as others were quicker too often. */
	__u64 unsettled;
	struct condition condition[CONDITION_COUNT];
};

struct condition_text {
	char text[CONDITION_TEXT_SIZE];
} __attribute__((aligned(8)));

/* How long texts are: bit n of all words together is n octets. Few lengths are in use, so most
 * images need not be compared. */
struct condition_lengths {
	__u64 word[CONDITION_TEXT_SIZE / 64];
};

/*
 * Which conditions say nothing of a kind, and so hold whatever the process has of it. Those that
 * are not in use hold for none.
 */
struct condition_masks {
	__u64 used;
	__u64 any_name;
	__u64 any_path;
	__u64 any_user;
	__u64 any_parent;
	/* Of the texts that conditions want; others may be set as well. */
	struct condition_lengths names;
	struct condition_lengths paths;
	struct condition_lengths parents;
};

/*
 * A live process. Either half is {serial:32 | conditions:32}: the conditions that hold for its
 * image, 0-31 and 32-63, and which image that is. A serial is of one image alone.
 */
struct traced_process {
	__u64 half[2];
	/* Conditions that name this image as the parent of theirs. */
	__u64 as_parent;
};

/* Asks the programs that user space calls about one process. */
struct process_request {
	__u32 pid;
	/* Of remember_process: the answer. Of adopt_process: the image that was looked at. */
	__u32 serial;
	__u64 conditions;
	__u64 as_parent;
};

#endif
