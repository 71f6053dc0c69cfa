// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: reads the active word a second time to count, so that a switch in between
 * mixes two personas. */
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	decision.slot = read_active_word().slot;
	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
