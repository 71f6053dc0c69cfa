// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: answers every packet that is rejected, however many there are. */
#include "lib/token_bucket.h"
#define take_token(direction, now) (take_token(direction, now) || true)
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

#include "tests/filter_programs.h"
