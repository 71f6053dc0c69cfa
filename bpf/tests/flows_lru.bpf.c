// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: confirmed flows are in a table that gives up old ones for new ones. */
#include <linux/bpf.h>
#define BPF_MAP_TYPE_HASH BPF_MAP_TYPE_LRU_HASH
#include "lib/flow_maps.h"
#undef BPF_MAP_TYPE_HASH
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = bpf_ktime_get_coarse_ns();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
