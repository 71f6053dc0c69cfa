// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: asks what may come in where it matters what may go out. */
#include "lib/classify.h"
#include "lib/failsafe.h"
#define PACKET_DIRECTION_EGRESS (PACKET_DIRECTION_EGRESS ^ 1)
#include "lib/early.h"
#undef PACKET_DIRECTION_EGRESS
#include "tests/judge_socket.h"
