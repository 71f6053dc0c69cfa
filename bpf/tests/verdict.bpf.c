// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The filter, telling what it decided: for BPF_PROG_TEST_RUN, which returns only what becomes of
 * the packet. */
#include "lib/account.h"
#include "lib/decide.h"

/* Key 0: the last decision. The program writes, the test reads. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct decision);
} last_decision SEC(".maps");

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);
	int action = account(skb, direction, now, &decision);
	__u32 zero = 0;

	bpf_map_update_elem(&last_decision, &zero, &decision, BPF_ANY);
	return action;
}

#include "tests/filter_programs.h"
