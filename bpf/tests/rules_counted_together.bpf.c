// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: all CPUs count rules in the share of the first one, without atomic adds, so
 * that two that count at once lose a packet. */
#include "lib/maps.h"
#define bpf_get_smp_processor_id() 0
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
