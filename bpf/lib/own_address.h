/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Whether an address is one of the VM's own: what is sent there never leaves it, and no filter sees
 * it. */
#ifndef EBPF_PERSONAS_LIB_OWN_ADDRESS_H
#define EBPF_PERSONAS_LIB_OWN_ADDRESS_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "abi/socket_request.h"
#include "abi/verdict.h"
#include "kernel/addresses.h"

/* Interfaces and addresses together; with more, any address may be the VM's own. */
#define OWN_ADDRESS_STEPS_MAX 8192

/* Every step looks at one address, or goes on to the next interface. */
struct address_walk {
	const struct socket_request *request;
	/* Where the list of interfaces begins and ends. */
	const struct list_head *interfaces;
	const struct list_head *interface;
	/* The next address of the interface: struct in_ifaddr, or the link of struct inet6_ifaddr.
	 */
	const void *address;
	/* Where the interface's IPv6 addresses end. */
	const void *address_end;
	__u32 interface_flags;
	bool ended;
	bool found;
};

/* 1 at the end. */
static __always_inline long next_interface(struct address_walk *walk)
{
	const struct list_head *interface = walk->interface;
	const struct net_device *device;
	const struct in_device *ipv4;
	struct inet6_dev *ipv6;

	interface = BPF_CORE_READ(interface, next);
	walk->interface = interface;
	if (!interface || interface == walk->interfaces) {
		walk->ended = interface;
		return 1;
	}
	device = (const void *)interface - bpf_core_field_offset(struct net_device, dev_list);
	walk->interface_flags = BPF_CORE_READ(device, flags);
	if (walk->request->family == ADDRESS_FAMILY_IPV4) {
		ipv4 = BPF_CORE_READ(device, ip_ptr);
		walk->address = ipv4 ? BPF_CORE_READ(ipv4, ifa_list) : NULL;
	} else {
		ipv6 = BPF_CORE_READ(device, ip6_ptr);
		walk->address_end =
		    (const void *)ipv6 + bpf_core_field_offset(struct inet6_dev, addr_list);
		walk->address = ipv6 ? BPF_CORE_READ(ipv6, addr_list.next) : NULL;
	}
	return 0;
}

static __always_inline bool look_at_ipv4(struct address_walk *walk)
{
	const struct in_ifaddr *address = walk->address;
	/* The whole prefix of a loopback interface is the VM's own. */
	__be32 mask = walk->interface_flags & IFF_LOOPBACK ? BPF_CORE_READ(address, ifa_mask) : ~0U;

	walk->address = BPF_CORE_READ(address, ifa_next);
	return !((BPF_CORE_READ(address, ifa_local) ^ walk->request->peer[0]) & mask);
}

static __always_inline bool look_at_ipv6(struct address_walk *walk)
{
	const struct list_head *link = walk->address;
	const struct inet6_ifaddr *address =
	    walk->address - bpf_core_field_offset(struct inet6_ifaddr, if_list);
	const __be32 *peer = walk->request->peer;
	__be32 own[4];

	walk->address = BPF_CORE_READ(link, next);
	if (walk->address == walk->address_end)
		walk->address = NULL;
	BPF_CORE_READ_INTO(&own, address, addr.in6_u.u6_addr32);
	return !((own[0] ^ peer[0]) | (own[1] ^ peer[1]) | (own[2] ^ peer[2]) | (own[3] ^ peer[3]));
}

static long walk_addresses(__u32 index, struct address_walk *walk)
{
	if (!walk->address)
		return next_interface(walk);
	walk->found =
	    walk->request->family == ADDRESS_FAMILY_IPV4 ? look_at_ipv4(walk) : look_at_ipv6(walk);
	return walk->found;
}

/* The address of a socket as a number: the verifier allows no arithmetic on the pointer. */
static __always_inline __u64 socket_address(struct bpf_sock *socket)
{
	__u64 address = 0;

	bpf_probe_read_kernel(&address, sizeof(address), &socket);
	return address;
}

/*
 * True too where the addresses cannot be walked to their end. The caller holds the RCU read lock,
 * as BPF programs do. A function of its own, verified once.
 */
__noinline bool may_be_own_address(__u64 socket, const struct socket_request *request)
{
	const struct sock *sk = (const void *)socket;
	struct address_walk walk = {.request = request};
	const struct net *net;

	if (!request)
		return true;
	net = BPF_CORE_READ(sk, __sk_common.skc_net.net);
	if (!net)
		return true;
	walk.interfaces = (const void *)net + bpf_core_field_offset(struct net, dev_base_head);
	walk.interface = walk.interfaces;
	bpf_loop(OWN_ADDRESS_STEPS_MAX, walk_addresses, &walk, 0);
	return walk.found || !walk.ended;
}

#endif
