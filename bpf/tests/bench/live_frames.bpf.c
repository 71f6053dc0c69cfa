// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Sends packets into the network stack: with BPF_F_TEST_XDP_LIVE_FRAMES each frame that passes
 * arrives on the interface (Documentation/bpf/bpf_prog_run.rst). */
#include "tests/bench/tuples.h"

SEC("xdp")
int send_tuple(struct xdp_md *context)
{
	void *data = (void *)(long)context->data;
	void *end = (void *)(long)context->data_end;

	return write_tuple(take_tuple_number(), data, end) ? XDP_PASS : XDP_ABORTED;
}

char LICENSE[] SEC("license") = "GPL";
