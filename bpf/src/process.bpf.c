// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "abi/process_event.h"
#include "kernel/task.h"
#include "lib/process_image.h"
#include "lib/process_maps.h"

char LICENSE[] SEC("license") = "GPL";

/* The one network namespace whose processes count: its net_cookie, which is never reused. */
const volatile __u64 netns_cookie;

static __always_inline void put_exit(__u32 pid)
{
	struct process_event event = {
	    .time_ns = bpf_ktime_get_ns(),
	    .kind = PROCESS_EVENT_EXIT,
	    .pid = pid,
	};

	process_event_put(&event, sizeof(event));
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	__u32 pid = task->tgid, key = 0;
	struct process_image *image;

	if (!process_in_namespace(task, netns_cookie)) {
		/* For this namespace a process that left it ends with its image. */
		if (process_forget(pid))
			put_exit(pid);
		return 0;
	}

	image = bpf_map_lookup_elem(&process_scratch, &key);
	if (!image)
		return 0;

	process_remember(pid);
	image->event.time_ns = bpf_ktime_get_ns();
	image->event.kind = PROCESS_EVENT_EXEC;
	image->event.pid = pid;
	image->event.parent_pid = task->real_parent->tgid;
	image->event.user_id = bpf_get_current_uid_gid();
	process_event_put(&image->event, process_image_read(image, bprm));
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_event event = {};

	if (!process_is_new(child) || !process_in_namespace(child, netns_cookie))
		return 0;

	event.time_ns = bpf_ktime_get_ns();
	event.kind = PROCESS_EVENT_FORK;
	event.pid = child->tgid;
	event.parent_pid = parent->tgid;
	process_remember(event.pid);
	process_event_put(&event, sizeof(event));
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	__u32 pid = task->tgid;

	if (process_has_ended(task) && process_forget(pid))
		put_exit(pid);
	return 0;
}
