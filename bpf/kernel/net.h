/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The constants of the kernel's network headers that the filter uses; the structs it reads come
 * from linux/bpf.h. */
#ifndef EBPF_PERSONAS_KERNEL_NET_H
#define EBPF_PERSONAS_KERNEL_NET_H

/* include/uapi/linux/if_ether.h */
#define ETH_P_IP   0x0800
#define ETH_P_ARP  0x0806
#define ETH_P_IPV6 0x86DD

/* include/uapi/linux/if_packet.h: a frame whose destination is this host. */
#define PACKET_HOST 0

/* include/uapi/linux/pkt_cls.h; the tcx verdicts have the same values. UNSPEC: whoever comes next
 * decides. */
#define TC_ACT_UNSPEC	(-1)
#define TC_ACT_SHOT	2
#define TC_ACT_REDIRECT 7

/* include/uapi/linux/in.h, in6.h: IANA protocol numbers and IPv6 extension headers. */
#define IPPROTO_HOPOPTS	 0
#define IPPROTO_ICMP	 1
#define IPPROTO_IGMP	 2
#define IPPROTO_TCP	 6
#define IPPROTO_UDP	 17
#define IPPROTO_ROUTING	 43
#define IPPROTO_FRAGMENT 44
#define IPPROTO_AH	 51
#define IPPROTO_ICMPV6	 58
#define IPPROTO_DSTOPTS	 60
#define IPPROTO_SCTP	 132

/* RFC 791: flags and offset of a fragment. */
#define IPV4_MORE_FRAGMENTS  0x2000
#define IPV4_FRAGMENT_OFFSET 0x1fff

/* RFC 8200 section 4.5 */
#define IPV6_MORE_FRAGMENTS  0x0001
#define IPV6_FRAGMENT_OFFSET 0xfff8

/* RFC 9293 section 3.1, octet 13 of the header. */
#define TCP_FIN 0x01
#define TCP_SYN 0x02
#define TCP_RST 0x04
#define TCP_ACK 0x10

/* RFC 792 */
#define ICMP_ECHO_REPLY	       0
#define ICMP_UNREACHABLE       3
#define ICMP_SOURCE_QUENCH     4
#define ICMP_REDIRECT	       5
#define ICMP_ECHO_REQUEST      8
#define ICMP_TIME_EXCEEDED     11
#define ICMP_PARAMETER_PROBLEM 12

/* Codes of ICMP_UNREACHABLE: RFC 792, RFC 1812 section 5.2.7.1. */
#define ICMP_PORT_UNREACHABLE 3
#define ICMP_PROHIBITED	      13

/* RFC 4443: errors are 1-4. RFC 2710, RFC 3810: MLD. RFC 4861: neighbour discovery. */
#define ICMPV6_ERROR_FIRST	    1
#define ICMPV6_ERROR_LAST	    4
#define ICMPV6_UNREACHABLE	    1
#define ICMPV6_INFORMATIONAL_FIRST  128
#define ICMPV6_ECHO_REQUEST	    128
#define ICMPV6_ECHO_REPLY	    129
#define ICMPV6_MLD_QUERY	    130
#define ICMPV6_MLD_DONE		    132
#define ICMPV6_ND_ROUTER_SOLICIT    133
#define ICMPV6_ND_ROUTER_ADVERT	    134
#define ICMPV6_ND_NEIGHBOUR_SOLICIT 135
#define ICMPV6_ND_NEIGHBOUR_ADVERT  136
#define ICMPV6_ND_REDIRECT	    137
#define ICMPV6_MLD2_REPORT	    143

/* Codes of ICMPV6_UNREACHABLE: RFC 4443 section 3.1. */
#define ICMPV6_PROHIBITED	1
#define ICMPV6_PORT_UNREACHABLE 4

#endif
