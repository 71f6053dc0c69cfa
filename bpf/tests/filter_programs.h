/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The programs of src/filter.bpf.c, for a test's own filter(), which is defined before this is
 * included. */
#ifndef EBPF_PERSONAS_TESTS_FILTER_PROGRAMS_H
#define EBPF_PERSONAS_TESTS_FILTER_PROGRAMS_H

#include "src/change_stages.h"
#include "src/judge_first_packet.h"
#include "src/start_flow_expiry.h"

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

#endif
