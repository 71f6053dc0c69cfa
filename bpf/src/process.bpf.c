// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Follows the processes of one network namespace, and puts in force what their conditions say: at
 * exec before the new image has run an instruction. */
#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>
#include "abi/process_event.h"
#include "kernel/task.h"
#include "lib/match_image.h"
#include "lib/process_image.h"
#include "lib/process_maps.h"
#include "lib/process_table.h"

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

/* Switches first, and tells then. */
static __always_inline __u64 settle_after(const struct turned *turned)
{
	return turned->began | turned->ended ? settle() : 0;
}

static __always_inline void put_turn(__u32 pid, const struct turned *turned, __u64 switched)
{
	struct process_turn turn = {};

	if (!(turned->began | turned->ended))
		return;
	turn.time_ns = bpf_ktime_get_ns();
	turn.kind = PROCESS_EVENT_TURN;
	turn.pid = pid;
	turn.began = turned->began;
	turn.ended = turned->ended;
	turn.epoch = switched >> 32;
	turn.slot = switched;
	process_turn_put(&turn);
}

static __always_inline void end_process(__u32 pid)
{
	struct turned turned = {};
	bool known = process_ends(pid, &turned);
	__u64 switched = settle_after(&turned);

	if (known)
		put_exit(pid);
	put_turn(pid, &turned, switched);
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	__u32 pid = task->tgid, key = 0, length;
	struct process_image *image;
	struct turned turned = {};
	struct image_match match;
	__u64 switched;

	if (!process_in_namespace(task, netns_cookie)) {
		/* For this namespace a process that left it ends with its image. */
		end_process(pid);
		return 0;
	}

	image = bpf_map_lookup_elem(&process_scratch, &key);
	if (!image)
		return 0;

	image->event.time_ns = bpf_ktime_get_ns();
	image->event.kind = PROCESS_EVENT_EXEC;
	image->event.pid = pid;
	image->event.parent_pid = task->real_parent->tgid;
	image->event.user_id = bpf_get_current_uid_gid();
	length = process_image_read(image, bprm);
	match = match_image(image, bprm);
	if (!process_begins(pid, match.conditions, match.as_parent, &turned))
		process_event_lost();
	switched = settle_after(&turned);
	process_event_put(&image->event, length);
	put_turn(pid, &turned, switched);
	return 0;
}

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_fork, struct task_struct *parent, struct task_struct *child)
{
	struct process_event event = {};
	struct turned turned = {};
	__u64 switched;

	if (!process_is_new(child) || !process_in_namespace(child, netns_cookie))
		return 0;

	event.time_ns = bpf_ktime_get_ns();
	event.kind = PROCESS_EVENT_FORK;
	event.pid = child->tgid;
	event.parent_pid = parent->tgid;
	if (!process_forks(event.pid, event.parent_pid, &turned))
		process_event_lost();
	switched = settle_after(&turned);
	process_event_put(&event, sizeof(event));
	put_turn(event.pid, &turned, switched);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exit, struct task_struct *task)
{
	if (process_has_ended(task))
		end_process(task->tgid);
	return 0;
}
