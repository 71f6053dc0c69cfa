// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: confirmed flows are in a table that gives up old ones for new ones. */
#include <linux/bpf.h>
#define BPF_MAP_TYPE_HASH BPF_MAP_TYPE_LRU_HASH
#include "lib/flow_maps.h"
#undef BPF_MAP_TYPE_HASH
#include "tests/verdict.bpf.c"
