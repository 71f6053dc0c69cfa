/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* An address of the VM itself. */
#ifndef EBPF_PERSONAS_ABI_LOCAL_ADDRESS_H
#define EBPF_PERSONAS_ABI_LOCAL_ADDRESS_H

#include <linux/types.h>

struct local_address {
	/* IPv4 in word 0 with the others zero. */
	__be32 address[4];
	/* enum address_family */
	__u32 family;
};

#endif
