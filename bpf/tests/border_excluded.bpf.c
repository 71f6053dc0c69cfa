// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: the last number of an interval belongs to the one behind it. */
#include "lib/intervals.h"
#define find_interval(slot, root, number, otherwise)                                               \
	find_interval(slot, root, (number) + 1, otherwise)
#define find_interval_again(slot, root, number, otherwise)                                         \
	find_interval_again(slot, root, (number) + 1, otherwise)
#include "tests/verdict.bpf.c"
