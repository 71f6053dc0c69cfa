// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* The early verdict as a program that a test can call. */
#include "lib/early.h"
#include "tests/judge_socket.h"
