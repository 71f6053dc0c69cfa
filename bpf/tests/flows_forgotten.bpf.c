// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* A filter of another version that calls a port by another name: flows that are carried over to its
 * maps, field by field and by name, are not found there again. */
#define LAYOUT_VERSION 2
#define local_port     renamed_port
#include "src/filter.bpf.c"
