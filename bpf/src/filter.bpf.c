// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The packet filter: one program for each direction, on every interface but loopback. */
#include "lib/account.h"
#include "lib/decide.h"
#include "src/change_stages.h"
#include "src/judge_first_packet.h"
#include "src/start_flow_expiry.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

SEC("tc")
int filter_ingress(struct __sk_buff *skb)
{
	return filter(skb, PACKET_DIRECTION_INGRESS);
}

SEC("tc")
int filter_egress(struct __sk_buff *skb)
{
	return filter(skb, PACKET_DIRECTION_EGRESS);
}

char LICENSE[] SEC("license") = "GPL";
