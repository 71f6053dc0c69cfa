// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: takes the port before the one that is asked about, so that the rules say
 * something else here than they mean. */
#include "lib/ports.h"
#define key_of(...) (key_of(__VA_ARGS__) - 1)
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
