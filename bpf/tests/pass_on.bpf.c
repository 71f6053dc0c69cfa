// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Somebody else's program: looks, and lets the next one decide. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int pass_on(struct __sk_buff *skb)
{
	return -1; /* TC_ACT_UNSPEC */
}

char LICENSE[] SEC("license") = "GPL";
