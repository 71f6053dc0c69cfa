// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Somebody else's program: ends the chain and lets everything pass. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("tc")
int pass_all(struct __sk_buff *skb)
{
	return 0; /* TC_ACT_OK */
}

char LICENSE[] SEC("license") = "GPL";
