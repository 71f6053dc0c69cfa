/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* What a local program asks of the network before there is a packet, and how often it is told no.
 */
#ifndef EBPF_PERSONAS_ABI_SOCKET_REQUEST_H
#define EBPF_PERSONAS_ABI_SOCKET_REQUEST_H

#include <linux/types.h>

/* The system call that asks. */
enum socket_hook {
	SOCKET_HOOK_CONNECT = 0,
	/* sendto(2), sendmsg(2) of a socket that is not connected. */
	SOCKET_HOOK_SENDMSG = 1,
	SOCKET_HOOK_COUNT = 2,
};

/* A socket and where it wants to send to. */
struct socket_request {
	/* The other end, IPv4 in word 0 with the others zero. */
	__be32 peer[4];
	/* Host order; 0 where the protocol has none. */
	__u16 peer_port;
	/* Host order; 0 where the protocol has none, or the socket none yet. */
	__u16 local_port;
	/* enum address_family of the packets: IPv4 for ::ffff:a.b.c.d */
	__u8 family;
	/* IANA protocol number */
	__u8 protocol;
	__u8 reserved[2];
};

/* Per CPU, one per enum socket_hook. */
struct early_verdicts {
	__u64 allowed;
	/* EPERM. */
	__u64 denied;
};

#endif
