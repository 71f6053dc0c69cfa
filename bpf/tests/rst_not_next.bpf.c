// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: a RST anywhere in the window ends the connection (RFC 5961 section 3.1). */
#include "lib/tcp.h"
#define note_reset(flow, packet, sender) mark_flow(flow, FLOW_RESET)
#include "tests/verdict.bpf.c"
