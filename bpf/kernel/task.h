/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_KERNEL_TASK_H
#define EBPF_PERSONAS_KERNEL_TASK_H

#include <linux/types.h>

/*
 * What we read of processes, files and mounts. Only names count: libbpf looks every field up in the
 * running kernel's BTF (CO-RE), so order, offsets and missing neighbours do not matter.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

typedef struct {
	int counter;
} atomic_t;

struct net {
	__u64 net_cookie;
};

struct nsproxy {
	struct net *net_ns;
};

struct signal_struct {
	atomic_t live;
};

struct mm_struct;

struct task_struct {
	int pid;
	int tgid;
	struct mm_struct *mm;
	struct task_struct *real_parent;
	struct signal_struct *signal;
	struct nsproxy *nsproxy;
};

struct qstr {
	union {
		struct {
			__u32 hash;
			__u32 len;
		};
		__u64 hash_len;
	};
	const unsigned char *name;
};

struct dentry {
	struct dentry *d_parent;
	struct qstr d_name;
};

struct vfsmount {
	struct dentry *mnt_root;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
};

struct linux_binprm {
	struct file *file;
	const char *filename;
	const char *interp;
	const char *fdpath;
};

#pragma clang attribute pop

#endif
