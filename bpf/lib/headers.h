/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Headers as they stand on the wire, network order. */
#ifndef EBPF_PERSONAS_LIB_HEADERS_H
#define EBPF_PERSONAS_LIB_HEADERS_H

#include <linux/types.h>

#define ETHERNET_ADDRESS 6

struct ethernet_header {
	__u8 destination[ETHERNET_ADDRESS];
	__u8 source[ETHERNET_ADDRESS];
	__be16 protocol;
};

/* RFC 826, of IPv4 over Ethernet. */
struct arp_packet {
	__be16 hardware;
	__be16 protocol;
	__u8 hardware_length;
	__u8 protocol_length;
	__be16 operation;
	__u8 sender_hardware[ETHERNET_ADDRESS];
	__be32 sender;
	__u8 target_hardware[ETHERNET_ADDRESS];
	__be32 target;
} __attribute__((packed));

/* RFC 791 section 3.1 */
struct ipv4_header {
	__u8 version_length;
	__u8 service;
	__be16 total_length;
	__be16 id;
	__be16 fragment;
	__u8 ttl;
	__u8 protocol;
	__be16 checksum;
	__be32 source;
	__be32 destination;
};

/* RFC 8200 section 3 */
struct ipv6_header {
	__be32 version_class_label;
	__be16 payload_length;
	__u8 next_header;
	__u8 hop_limit;
	__be32 source[4];
	__be32 destination[4];
};

#define TCP_HEADER_LENGTH 20

/* RFC 9293 section 3.1 */
struct tcp_header {
	__be16 source;
	__be16 destination;
	__be32 sequence;
	__be32 acknowledgement;
	/* In the upper 4 bits, in units of 4 octets. */
	__u8 data_offset;
	__u8 flags;
	__be16 window;
	__be16 checksum;
	__be16 urgent;
};

/* RFC 768 */
struct udp_header {
	__be16 source;
	__be16 destination;
	__be16 length;
	__be16 checksum;
};

/* RFC 9260 section 3.1 */
struct sctp_header {
	__be16 source;
	__be16 destination;
	__be32 verification_tag;
	__be32 checksum;
};

#endif
