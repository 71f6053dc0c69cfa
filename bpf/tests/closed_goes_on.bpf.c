// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: what is closed is not closed to segments that do not belong to it. */
#include "lib/flows.h"
#define is_closed(marks) (is_closed(marks) && false)
#include "tests/verdict.bpf.c"
