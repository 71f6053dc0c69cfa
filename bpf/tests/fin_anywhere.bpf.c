// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: believes a FIN wherever it stands. */
#include "lib/tcp.h"
#define is_in_window(flow, packet, sender, receiver)                                               \
	(((packet)->tcp_flags & TCP_FIN) || is_in_window(flow, packet, sender, receiver))
#include "tests/verdict.bpf.c"
