/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* How a VM gets its address, and keeps it. */
#ifndef EBPF_PERSONAS_LIB_DHCP_H
#define EBPF_PERSONAS_LIB_DHCP_H

#include "lib/packet.h"

/* A DHCP client's ports: RFC 2131 section 4.1, RFC 8415 section 7.2. */
#define DHCP_CLIENT_PORT   68
#define DHCP_SERVER_PORT   67
#define DHCPV6_CLIENT_PORT 546
#define DHCPV6_SERVER_PORT 547

static __always_inline bool is_dhcp_client(const struct packet *packet)
{
	if (packet->key.protocol != IPPROTO_UDP)
		return false;
	if (packet->key.family == ADDRESS_FAMILY_IPV6)
		return local_port(packet) == DHCPV6_CLIENT_PORT &&
		       remote_port(packet) == DHCPV6_SERVER_PORT;
	return local_port(packet) == DHCP_CLIENT_PORT && remote_port(packet) == DHCP_SERVER_PORT;
}

#endif
