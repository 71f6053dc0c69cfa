// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: a SYN passes because a flow of its ports did. */
#include "lib/conntrack.h"
#define begins_anew(packet) (begins_anew(packet) && false)
#include "tests/verdict.bpf.c"
