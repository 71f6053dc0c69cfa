// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: knows nothing of packets that are too long for their length field, to say
 * so. */
#include "lib/weigh.h"
/* 0 of every packet that nobody marked. */
#define gso_size mark
#include "lib/parse_ip.h"
#undef gso_size
#include "tests/verdict.bpf.c"
