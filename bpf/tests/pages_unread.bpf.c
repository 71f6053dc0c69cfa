// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: takes what lies in pages for cut off. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#define bpf_skb_pull_data(skb, length) (-1)
#include "tests/verdict.bpf.c"
