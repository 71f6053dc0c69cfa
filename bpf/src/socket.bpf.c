// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Early verdicts: a program whose first packet the filter would stop gets EPERM from connect(2),
 * sendto(2) or sendmsg(2). One program for each hook of the cgroup; the maps are the filter's.
 */
#include "lib/maps.h"
#include "lib/early.h"
#include "lib/own_address.h"

/* What a cgroup program of a socket returns: EPERM, or go on. */
#define EARLY_DENY  0
#define EARLY_ALLOW 1

/* include/uapi/linux/if.h gives it no name: the first interface of every namespace. */
#define LOOPBACK_INDEX 1

/* The one network namespace that is governed: its net_cookie, which is never reused. */
const volatile __u64 netns_cookie;

/* 127.0.0.0/8, ::1, and no address at all, which the kernel takes for loopback. */
static __always_inline bool is_loopback(const struct socket_request *request)
{
	const __be32 *peer = request->peer;

	if (request->family == ADDRESS_FAMILY_IPV4)
		return !peer[0] || bpf_ntohl(peer[0]) >> 24 == 127;
	return !(peer[0] | peer[1] | peer[2]) && bpf_ntohl(peer[3]) <= 1;
}

static __always_inline void count(enum socket_hook hook, bool denied)
{
	__u32 key = hook;
	struct early_verdicts *verdicts = bpf_map_lookup_elem(&early_verdicts, &key);

	/* These programs can be preempted, so even a CPU's own counter needs an atomic addition. */
	if (verdicts)
		__sync_fetch_and_add(denied ? &verdicts->denied : &verdicts->allowed, 1);
}

static __always_inline int answer(struct bpf_sock_addr *ctx, struct socket_request *request,
				  enum socket_hook hook)
{
	struct bpf_sock *sk = ctx->sk;
	bool denied;
	int verdict;

	if (!sk)
		return EARLY_ALLOW;
	request->peer_port = bpf_ntohs(ctx->user_port);
	request->local_port = sk->src_port;
	request->protocol = ctx->protocol;
	denied = stops_first_packet(request) && !is_loopback(request) &&
		 sk->bound_dev_if != LOOPBACK_INDEX &&
		 !may_be_own_address(socket_address(sk), request);
	count(hook, denied);
	verdict = denied ? EARLY_DENY : EARLY_ALLOW;
	/* The verifier must see that it is 0 or 1; the compiler knows, and would not say so. */
	barrier_var(verdict);
	return verdict & 1;
}

static __always_inline int ask_ipv4(struct bpf_sock_addr *ctx, enum socket_hook hook)
{
	struct socket_request request = {};

	if (bpf_get_netns_cookie(ctx) != netns_cookie)
		return EARLY_ALLOW;
	request.family = ADDRESS_FAMILY_IPV4;
	request.peer[0] = ctx->user_ip4;
	return answer(ctx, &request, hook);
}

static __always_inline int ask_ipv6(struct bpf_sock_addr *ctx, enum socket_hook hook)
{
	struct socket_request request = {};

	if (bpf_get_netns_cookie(ctx) != netns_cookie)
		return EARLY_ALLOW;
	request.peer[0] = ctx->user_ip6[0];
	request.peer[1] = ctx->user_ip6[1];
	request.peer[2] = ctx->user_ip6[2];
	request.peer[3] = ctx->user_ip6[3];
	request.family = ADDRESS_FAMILY_IPV6;
	/* ::ffff:a.b.c.d is sent as IPv4 (RFC 4038 section 4.2). */
	if (!(request.peer[0] | request.peer[1]) && request.peer[2] == bpf_htonl(0xffff)) {
		request.family = ADDRESS_FAMILY_IPV4;
		request.peer[0] = request.peer[3];
		request.peer[2] = 0;
		request.peer[3] = 0;
	}
	return answer(ctx, &request, hook);
}

SEC("cgroup/connect4")
int connect4(struct bpf_sock_addr *ctx)
{
	return ask_ipv4(ctx, SOCKET_HOOK_CONNECT);
}

SEC("cgroup/connect6")
int connect6(struct bpf_sock_addr *ctx)
{
	return ask_ipv6(ctx, SOCKET_HOOK_CONNECT);
}

SEC("cgroup/sendmsg4")
int sendmsg4(struct bpf_sock_addr *ctx)
{
	return ask_ipv4(ctx, SOCKET_HOOK_SENDMSG);
}

SEC("cgroup/sendmsg6")
int sendmsg6(struct bpf_sock_addr *ctx)
{
	return ask_ipv6(ctx, SOCKET_HOOK_SENDMSG);
}

char LICENSE[] SEC("license") = "GPL";
