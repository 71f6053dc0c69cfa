// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: tells programs that the persona stops what the failsafe lets pass. */
#include "lib/failsafe.h"
#define is_failsafe(packet) (is_failsafe(packet) && false)
#include "lib/early.h"
#include "tests/judge_socket.h"
