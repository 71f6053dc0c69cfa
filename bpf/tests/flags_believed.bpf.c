// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: takes any TCP flags together. */
#include "lib/parse_transport.h"
#define is_tcp_combination(flags) (is_tcp_combination(flags) || true)
#include "tests/verdict.bpf.c"
