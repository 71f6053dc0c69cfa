// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: marks are written over, so that the FIN of one side takes back the other's.
 */
#include "lib/flows.h"
#define mark_flow(flow, mark)                                                                      \
	((flow)->marks = ((flow)->marks & ~(FLOW_FIN_INGRESS | FLOW_FIN_EGRESS)) | (mark))
#include "tests/verdict.bpf.c"
