// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: remembers the first parts of datagrams for as long as there is room. */
#define FRAGMENTS_FOR_NS (1ULL << 62)
#include "tests/verdict.bpf.c"
