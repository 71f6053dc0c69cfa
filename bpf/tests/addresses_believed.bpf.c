// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: believes every address. */
#include "lib/check_addresses.h"
#define check_addresses(skb, packet) (check_addresses(skb, packet) ? 0 : 0)
#include "tests/verdict.bpf.c"
