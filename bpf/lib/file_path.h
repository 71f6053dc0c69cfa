/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_LIB_FILE_PATH_H
#define EBPF_PERSONAS_LIB_FILE_PATH_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "abi/process_event.h"
#include "kernel/task.h"

#define FILE_NAME_MAX	      255 /* NAME_MAX of the kernel */
#define FILE_PATH_PLAIN_STEPS 8	  /* directories up to the root of the mount */
#define FILE_PATH_STEPS	      512 /* directories and mounts on the way to the root */

/*
 * A path grows from its last byte, at PROCESS_PATH_SIZE - 1, towards the front; what lies behind is
 * room for the verifier, which does not know that `start + length` stays below PROCESS_PATH_SIZE.
 */
struct file_path {
	char text[PROCESS_PATH_SIZE + FILE_NAME_MAX + 1];
};

struct file_path_walk {
	struct file_path *path;
	struct dentry *dentry;
	struct mount *mount;
	__u32 start;
	__u32 complete;
};

static __always_inline struct mount *mount_of(struct vfsmount *mnt)
{
	return (void *)mnt - bpf_core_field_offset(struct mount, mnt);
}

/* Puts "/name" in front of what begins at *start; false where it does not fit. */
static __always_inline bool file_path_prepend(struct file_path *path, __u32 *start,
					      const unsigned char *name, __u32 length)
{
	__u32 at = *start;

	if (length == 0 || length > FILE_NAME_MAX || length + 1 > at)
		return false;

	at = (at - length) & (PROCESS_PATH_SIZE - 1);
	if (bpf_probe_read_kernel(&path->text[at], length, name))
		return false;

	at = (at - 1) & (PROCESS_PATH_SIZE - 1);
	path->text[at] = '/';
	*start = at;
	return true;
}

static __always_inline bool file_path_prepend_read(struct file_path_walk *walk,
						   struct dentry *dentry)
{
	return file_path_prepend(walk->path, &walk->start, BPF_CORE_READ(dentry, d_name.name),
				 BPF_CORE_READ(dentry, d_name.len));
}

/* One step towards the root, as prepend_path() of fs/d_path.c takes it; 1 ends the walk. */
static long file_path_step(__u32 index, void *context)
{
	struct file_path_walk *walk = context;
	struct dentry *dentry = walk->dentry;
	struct mount *mount = walk->mount;
	struct dentry *parent = BPF_CORE_READ(dentry, d_parent);

	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		struct mount *above = BPF_CORE_READ(mount, mnt_parent);

		if (above == mount) {
			walk->complete = 1;
			return 1;
		}
		walk->dentry = BPF_CORE_READ(mount, mnt_mountpoint);
		walk->mount = above;
		return 0;
	}

	if (dentry == parent) {
		/* A file without a directory (memfd); the root of a file system that is reached
		 * so lies outside of what is mounted and has no path.
		 */
		unsigned char first = 0;

		bpf_probe_read_kernel(&first, sizeof(first), BPF_CORE_READ(dentry, d_name.name));
		walk->complete = first != '/' && file_path_prepend_read(walk, dentry);
		return 1;
	}

	walk->dentry = parent;
	return !file_path_prepend_read(walk, dentry);
}

/*
 * The path of a file from the root of its mount namespace; `bpf_d_path` is not allowed in tracing
 * programs. Returns its length and leaves it at the end of path->text, from PROCESS_PATH_SIZE -
 * length; 0 where it is deeper than FILE_PATH_STEPS or longer than PROCESS_PATH_SIZE - 1: a part of
 * a path would name another file.
 */
static __always_inline __u32 file_path_resolve(struct file_path *path, struct file *file)
{
	struct mount *mount = mount_of(file->f_path.mnt);
	struct file_path_walk walk = {.path = path, .mount = mount};
	struct dentry *root = file->f_path.mnt->mnt_root;
	struct dentry *dentry = file->f_path.dentry;
	__u32 start = PROCESS_PATH_SIZE;

	/* Most files are not deep. Here the verifier knows the type of what a pointer leads to and
	 * lets the program read it; in a callback each read is a call.
	 */
	for (int i = 0; i < FILE_PATH_PLAIN_STEPS; i++) {
		struct dentry *parent = dentry->d_parent;

		if (dentry == root || dentry == parent)
			break;
		if (!file_path_prepend(path, &start, dentry->d_name.name, dentry->d_name.len))
			return 0;
		dentry = parent;
	}
	if (dentry == root && BPF_CORE_READ(mount, mnt_parent) == mount)
		return (PROCESS_PATH_SIZE - start) & (PROCESS_PATH_SIZE - 1);

	walk.dentry = dentry;
	walk.start = start;
	bpf_loop(FILE_PATH_STEPS, file_path_step, &walk, 0);
	return walk.complete ? (PROCESS_PATH_SIZE - walk.start) & (PROCESS_PATH_SIZE - 1) : 0;
}

#endif
