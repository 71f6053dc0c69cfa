// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The packet filter: one program for each direction, on every interface but loopback. */
#include "abi/first_packet.h"
#include "lib/account.h"
#include "lib/decide.h"

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = bpf_ktime_get_coarse_ns();
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

/*
 * What a resident persona, active or not, says of the first packet of a flow: user space asks
 * before it makes a persona active. 0, or -1 where there is no such slot.
 */
SEC("syscall")
int judge_first_packet(struct judge_request *request)
{
	struct first_packet packet = request->packet;
	__u32 key = request->slot;
	const struct slot *slot = bpf_map_lookup_elem(&slots, &key);
	struct classification said;

	if (!slot)
		return -1;
	said =
	    classify(slot, packet.direction, packet.family, packet.peer, lane_of(packet.protocol),
		     key_of(packet.protocol, packet.port, packet.icmp_type, packet.icmp_code));
	request->action = said.action;
	request->rule = said.rule;
	request->audited_rule = said.audited_rule;
	return 0;
}

char LICENSE[] SEC("license") = "GPL";
