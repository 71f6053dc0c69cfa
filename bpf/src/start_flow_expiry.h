/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The program that user space calls once when it has loaded the filter; every object with the
 * filter has it. */
#ifndef EBPF_PERSONAS_SRC_START_FLOW_EXPIRY_H
#define EBPF_PERSONAS_SRC_START_FLOW_EXPIRY_H

#include "lib/expiry.h"

/* Looks at no packet; 0, or -1 where the timer cannot be started. */
SEC("tc")
int start_flow_expiry(struct __sk_buff *skb)
{
	return start_expiry();
}

#endif
