// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Somebody else's XDP program. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int passes_xdp(struct xdp_md *frame)
{
	return XDP_PASS;
}

char LICENSE[] SEC("license") = "GPL";
