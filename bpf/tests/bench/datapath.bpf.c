// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/*
 * Our datapath for benchmarks. The programs replay_* write the next tuple into the frame first, for
 * BPF_PROG_TEST_RUN; the others take packets as they come, for a hook of the network stack.
 */
#include "src/change_stages.h"
#include "src/start_flow_expiry.h"
#include "tests/bench/classify_only.h"
#include "tests/bench/tuples.h"

/* Key: number of a tuple. What replay_decisions decided on it; user space reads. */
struct bench_decision {
	__u32 rule;
	/* enum verdict */
	__u32 verdict;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, BENCH_TUPLE_COUNT);
	__type(key, __u32);
	__type(value, struct bench_decision);
} bench_decisions SEC(".maps");

static __always_inline bool replay(struct __sk_buff *skb, __u32 number)
{
	return write_tuple(number, (void *)(long)skb->data, (void *)(long)skb->data_end);
}

static __always_inline int filter(struct __sk_buff *skb, __u8 direction)
{
	__u64 now = read_clock();
	struct decision decision = decide(skb, direction, now);

	return account(skb, direction, now, &decision);
}

/* The price of the replay itself. */
SEC("tc")
int replay_empty(struct __sk_buff *skb)
{
	return replay(skb, take_tuple_number()) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* Parts of what follows, each with all before it: the parser, */
SEC("tc")
int replay_parser(struct __sk_buff *skb)
{
	struct packet packet = {.direction = PACKET_DIRECTION_INGRESS};
	struct decision decision = {};

	if (!replay(skb, take_tuple_number()) || !read_packet(skb, &packet, &decision))
		return TC_ACT_SHOT;
	return packet.key.protocol ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* the failsafe, */
SEC("tc")
int replay_failsafe(struct __sk_buff *skb)
{
	struct packet packet = {.direction = PACKET_DIRECTION_INGRESS};
	struct decision decision = {};

	if (!replay(skb, take_tuple_number()) || !read_packet(skb, &packet, &decision))
		return TC_ACT_SHOT;
	return is_failsafe(&packet) ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

/* and the rules; counting comes on top. */
SEC("tc")
int replay_rules(struct __sk_buff *skb)
{
	struct decision decision;

	if (!replay(skb, take_tuple_number()))
		return TC_ACT_SHOT;
	decision = decide_by_rules_only(skb, PACKET_DIRECTION_INGRESS);
	return decision.verdict == VERDICT_FORWARDED ? TC_ACT_UNSPEC : TC_ACT_SHOT;
}

SEC("tc")
int replay_classify(struct __sk_buff *skb)
{
	if (!replay(skb, take_tuple_number()))
		return TC_ACT_SHOT;
	return classify_only(skb, PACKET_DIRECTION_INGRESS);
}

SEC("tc")
int replay_filter(struct __sk_buff *skb)
{
	if (!replay(skb, take_tuple_number()))
		return TC_ACT_SHOT;
	return filter(skb, PACKET_DIRECTION_INGRESS);
}

/* Not measured: remembers what was decided, to be compared with the reference and with peers. */
SEC("tc")
int replay_decisions(struct __sk_buff *skb)
{
	__u32 number = take_tuple_number();
	struct bench_decision *decided = bpf_map_lookup_elem(&bench_decisions, &number);
	struct decision decision;

	if (!decided || !replay(skb, number))
		return TC_ACT_SHOT;
	decision = decide_by_rules_only(skb, PACKET_DIRECTION_INGRESS);
	decided->rule = decision.rule;
	decided->verdict = decision.verdict;
	return TC_ACT_UNSPEC;
}

SEC("tc")
int classify_ingress(struct __sk_buff *skb)
{
	return classify_only(skb, PACKET_DIRECTION_INGRESS);
}

SEC("tc")
int filter_ingress(struct __sk_buff *skb)
{
	return filter(skb, PACKET_DIRECTION_INGRESS);
}

SEC("tc")
int filter_egress(struct __sk_buff *skb)
{
	return filter(skb, PACKET_DIRECTION_EGRESS);
}

char LICENSE[] SEC("license") = "GPL";
