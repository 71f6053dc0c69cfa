// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: lets later parts of datagrams through as if their first one had passed. */
#include "lib/fragments.h"
#define read_first_fragment(packet) (read_first_fragment(packet) ? PARSE_OK : PARSE_OK)
#include "tests/verdict.bpf.c"
