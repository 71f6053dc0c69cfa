// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: counts what is handed over in one as one packet. */
#include "lib/weigh.h"
#define weigh(skb) ((struct weight){.packets = 1, .bytes = (skb)->len})
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
