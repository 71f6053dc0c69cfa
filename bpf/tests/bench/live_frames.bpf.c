// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Sends packets into the network stack: with BPF_F_TEST_XDP_LIVE_FRAMES each frame that passes
 * arrives on the interface (Documentation/bpf/bpf_prog_run.rst). */
#include "tests/bench/tuples.h"

#define TTL 64

/* A frame that is played again is as the network stack left it, which may have sent it on. */
static __always_inline bool restore_frame(void *data, void *end)
{
	struct bench_ipv4 *ipv4 = data;

	if ((void *)(ipv4 + 1) > end)
		return false;
	__builtin_memset(ipv4->ethernet.destination, 0, sizeof(ipv4->ethernet.destination));
	__builtin_memset(ipv4->ethernet.source, 0, sizeof(ipv4->ethernet.source));
	if (ipv4->ethernet.protocol == bpf_htons(ETH_P_IP))
		ipv4->ip.ttl = TTL;
	return true;
}

SEC("xdp")
int send_tuple(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;

	return restore_frame(data, end) && write_tuple(take_tuple_number(), data, end)
		   ? XDP_PASS
		   : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "GPL";
