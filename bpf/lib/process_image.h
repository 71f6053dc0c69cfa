/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_LIB_PROCESS_IMAGE_H
#define EBPF_PERSONAS_LIB_PROCESS_IMAGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "abi/process_event.h"
#include "kernel/task.h"
#include "lib/file_path.h"

/* The exec record in the making, and behind it the room in which its executable's path is built. */
struct process_image {
	struct process_event event;
	char text[2 * PROCESS_PATH_SIZE];
	struct file_path walk;
};

static __always_inline bool process_in_namespace(struct task_struct *task, __u64 netns_cookie)
{
	return task->nsproxy->net_ns->net_cookie == netns_cookie;
}

/* A process of its own, not a thread, and with an image: kernel threads have none. */
static __always_inline bool process_is_new(struct task_struct *child)
{
	return child->pid == child->tgid && child->mm;
}

/* The two last threads of a process may both see this. */
static __always_inline bool process_has_ended(struct task_struct *task)
{
	return task->signal->live.counter == 0;
}

/* The kernel runs an interpreter (`#!`, binfmt_misc): bprm->file is then the interpreter's. */
static __always_inline bool process_is_script(struct linux_binprm *bprm)
{
	return bprm->interp != bprm->filename;
}

/*
 * What was given to exec. execveat() makes "/dev/fd/N" or "/dev/fd/N/name" of a descriptor
 * (alloc_bprm() of fs/exec.c): the first is no path, of the second only the name was given.
 */
static __always_inline const char *process_given_path(struct linux_binprm *bprm)
{
	const char *fdpath = bprm->fdpath;
	char head[24] = {};

	if (!fdpath)
		return bprm->filename;

	bpf_probe_read_kernel_str(head, sizeof(head), fdpath);
#pragma unroll
	for (int i = sizeof("/dev/fd/"); i < (int)sizeof(head); i++) {
		if (head[i] == '/')
			return fdpath + i + 1;
	}
	return NULL;
}

/* Fills path and executable in; returns the length of the whole record. */
static __always_inline __u32 process_image_read(struct process_image *image,
						struct linux_binprm *bprm)
{
	const char *given = process_given_path(bprm);
	__u32 path_length = 0, executable_length = 0;

	if (given) {
		long size = bpf_probe_read_kernel_str(image->text, PROCESS_PATH_SIZE, given);

		if (size > 0)
			path_length = (size - 1) & (PROCESS_PATH_SIZE - 1);
	}

	if (!process_is_script(bprm)) {
		executable_length =
		    file_path_resolve(&image->walk, bprm->file) & (PROCESS_PATH_SIZE - 1);
		if (executable_length &&
		    bpf_probe_read_kernel(&image->text[path_length], executable_length,
					  &image->walk.text[PROCESS_PATH_SIZE - executable_length]))
			executable_length = 0;
	}

	image->event.path_length = path_length;
	image->event.executable_length = executable_length;
	return sizeof(image->event) + path_length + executable_length;
}

#endif
