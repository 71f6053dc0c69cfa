/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
#ifndef EBPF_PERSONAS_KERNEL_ADDRESSES_H
#define EBPF_PERSONAS_KERNEL_ADDRESSES_H

#include <linux/types.h>

/* include/uapi/linux/if.h */
#define IFF_LOOPBACK 8

/*
 * What we read of a network namespace's interfaces and their addresses. Only names count: libbpf
 * looks every field up in the running kernel's BTF (CO-RE), so order, offsets and missing
 * neighbours do not matter.
 */
#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

struct list_head {
	struct list_head *next;
};

struct in6_addr {
	union {
		__be32 u6_addr32[4];
	} in6_u;
};

struct in_ifaddr {
	struct in_ifaddr *ifa_next;
	__be32 ifa_local;
	__be32 ifa_mask;
};

struct in_device {
	struct in_ifaddr *ifa_list;
};

struct inet6_ifaddr {
	struct in6_addr addr;
	struct list_head if_list;
};

struct inet6_dev {
	struct list_head addr_list;
};

struct net_device {
	unsigned int flags;
	struct list_head dev_list;
	struct in_device *ip_ptr;
	struct inet6_dev *ip6_ptr;
};

struct net {
	struct list_head dev_base_head;
};

typedef struct {
	struct net *net;
} possible_net_t;

struct sock_common {
	possible_net_t skc_net;
};

struct sock {
	struct sock_common __sk_common;
};

#pragma clang attribute pop

#endif
