/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* BPF_PROG_TEST_RUN does not run the programs of a cgroup: this one calls what decides in them. */
#ifndef EBPF_PERSONAS_TESTS_JUDGE_SOCKET_H
#define EBPF_PERSONAS_TESTS_JUDGE_SOCKET_H

/* 1 where the socket gets EPERM, else 0. */
SEC("syscall")
int judge_socket(struct socket_request *request)
{
	struct socket_request asked = *request;

	return stops_first_packet(&asked);
}

char LICENSE[] SEC("license") = "GPL";

#endif
