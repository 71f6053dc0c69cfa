/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Packets for benchmarks: each run takes the next tuple of a large array and writes it into the
 * frame. A constant packet would hide every cache miss of what is measured.
 */
#ifndef EBPF_PERSONAS_TESTS_BENCH_TUPLES_H
#define EBPF_PERSONAS_TESTS_BENCH_TUPLES_H

#include <linux/bpf.h>
#include <linux/types.h>
#include <stdbool.h>
#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>
#include "kernel/net.h"
#include "lib/headers.h"

/* A power of two; 5 MiB. */
#define BENCH_TUPLE_COUNT 131072

/* What differs between two packets. */
struct bench_tuple {
	/* IPv4 in word 0. */
	__be32 source[4];
	__be32 destination[4];
	/* The first four octets behind the IP header: ports, or ICMP type, code and checksum. */
	__be32 transport;
	__u8 protocol;
	__u8 tcp_flags;
	/* Of the IPv4 header. */
	__be16 checksum;
};

/* User space fills the array before a run, programs read. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_TUPLE_COUNT);
	__type(key, __u32);
	__type(value, struct bench_tuple);
} bench_tuples SEC(".maps");

/* Key 0: how many tuples were taken so far. Programs add, user space sets it back. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} bench_taken SEC(".maps");

struct bench_ipv4 {
	struct ethernet_header ethernet;
	struct ipv4_header ip;
	__be32 transport;
	__u8 rest[9];
	__u8 tcp_flags;
} __attribute__((packed));

struct bench_ipv6 {
	struct ethernet_header ethernet;
	struct ipv6_header ip;
	__be32 transport;
	__u8 rest[9];
	__u8 tcp_flags;
} __attribute__((packed));

/* The number of the next tuple. One CPU runs a benchmark, so a plain addition will do. */
static __always_inline __u32 take_tuple_number(void)
{
	__u32 zero = 0;
	__u64 *taken = bpf_map_lookup_elem(&bench_taken, &zero);

	return taken ? (*taken)++ & (BENCH_TUPLE_COUNT - 1) : 0;
}

/* Writes tuple `number` into the frame; false where the frame is too short. */
static __always_inline bool write_tuple(__u32 number, void *data, void *end)
{
	const struct bench_tuple *tuple = bpf_map_lookup_elem(&bench_tuples, &number);
	struct bench_ipv4 *ipv4 = data;
	struct bench_ipv6 *ipv6 = data;

	if (!tuple || (void *)(ipv4 + 1) > end)
		return false;
	if (ipv4->ethernet.protocol == bpf_htons(ETH_P_IP)) {
		ipv4->ip.source = tuple->source[0];
		ipv4->ip.destination = tuple->destination[0];
		ipv4->ip.protocol = tuple->protocol;
		ipv4->ip.checksum = tuple->checksum;
		ipv4->transport = tuple->transport;
		ipv4->tcp_flags = tuple->tcp_flags;
		return true;
	}
	if ((void *)(ipv6 + 1) > end)
		return false;
	__builtin_memcpy(ipv6->ip.source, tuple->source, sizeof(ipv6->ip.source));
	__builtin_memcpy(ipv6->ip.destination, tuple->destination, sizeof(ipv6->ip.destination));
	ipv6->ip.next_header = tuple->protocol;
	ipv6->transport = tuple->transport;
	ipv6->tcp_flags = tuple->tcp_flags;
	return true;
}

#endif
