/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/*
 * Which TCP segments belong to a flow, and what they change in it. After G. van Rooij, "Real
 * stateful TCP packet filtering in IP Filter" (2001), which net/netfilter/nf_conntrack_proto_tcp.c
 * follows too; what may reset or close a connection must lie in the window (RFC 5961).
 */
#ifndef EBPF_PERSONAS_LIB_TCP_H
#define EBPF_PERSONAS_LIB_TCP_H

#include "lib/flows.h"
#include "lib/packet.h"
#include "lib/sequence.h"

/* What a receiver may lag behind in what it acknowledges, where its peer offers less: a whole
 * window without scale. */
#define ACK_WINDOW_MIN 66000

/* Of a flow picked up in its middle: room that was not seen offered, and the largest scale. */
#define UNSEEN_WINDOW (1U << 30)
#define UNSEEN_SCALE  14

static __always_inline __u32 larger(__u32 a, __u32 b)
{
	return a > b ? a : b;
}

static __always_inline struct tcp_side *sender_of(struct flow *flow, __u8 direction)
{
	return &flow->side[direction & 1];
}

static __always_inline struct tcp_side *receiver_of(struct flow *flow, __u8 direction)
{
	return &flow->side[opposite(direction & 1)];
}

/* One past the last octet of sequence space that the segment takes. */
static __always_inline __u32 segment_end(const struct packet *packet)
{
	return packet->sequence + packet->payload + !!(packet->tcp_flags & TCP_SYN) +
	       !!(packet->tcp_flags & TCP_FIN);
}

/* The window that the segment offers. RFC 7323 section 2.2: never scaled in a SYN. */
static __always_inline __u32 offered_window(const struct packet *packet,
					    const struct tcp_side *sender)
{
	return packet->tcp_flags & TCP_SYN ? packet->window
					   : (__u32)packet->window << (sender->scale & 15);
}

/* Does it acknowledge what was sent, and nothing that is long past? Not known of a flow that was
 * picked up. */
static __always_inline bool acknowledges_sent(const struct flow *flow, const struct packet *packet,
					      const struct tcp_side *sender,
					      const struct tcp_side *receiver)
{
	__u32 ack = packet->acknowledgement;

	if (!(packet->tcp_flags & TCP_ACK) || (flow->marks & FLOW_PICKED_UP))
		return true;
	return !is_after(ack, receiver->end) &&
	       !is_after(receiver->end - larger(sender->max_window, ACK_WINDOW_MIN) - 1, ack);
}

/* A segment of a connection that both sides agreed to. */
static __always_inline bool is_in_window(const struct flow *flow, const struct packet *packet,
					 const struct tcp_side *sender,
					 const struct tcp_side *receiver)
{
	/* What the receiver must still expect; of a RST that is all there is (RFC 5961 section 3).
	 */
	if (packet->tcp_flags & TCP_RST) {
		if (is_after(sender->max_end - receiver->max_window - 1, packet->sequence))
			return false;
	} else if (is_after(sender->end - receiver->max_window - 1, segment_end(packet))) {
		return false;
	}
	return !is_after(packet->sequence, sender->max_end) &&
	       acknowledges_sent(flow, packet, sender, receiver);
}

static __always_inline bool acknowledges_syn(const struct packet *packet,
					     const struct tcp_side *opener)
{
	return (packet->tcp_flags & TCP_ACK) &&
	       !is_after(opener->max_end, packet->acknowledgement) &&
	       !is_after(packet->acknowledgement, opener->end);
}

/* A segment of a connection that was asked for and not answered yet. */
static __always_inline bool is_of_opening(const struct flow *flow, const struct packet *packet,
					  const struct tcp_side *sender,
					  const struct tcp_side *receiver)
{
	if (packet->direction == flow->originator)
		return !is_after(sender->max_end - 1, packet->sequence) &&
		       !is_after(packet->sequence, sender->end);
	return (packet->tcp_flags & (TCP_SYN | TCP_RST)) && acknowledges_syn(packet, receiver);
}

static __always_inline bool resets(const struct packet *packet)
{
	return packet->tcp_flags & TCP_RST;
}

static __always_inline bool answers_syn(const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_SYN | TCP_ACK)) == (TCP_SYN | TCP_ACK);
}

/* Segments that must be in the window: those that would end or restart the connection, and all
 * once it is closed. Others may be late or early, pass, and change nothing. */
static __always_inline bool must_be_in_window(__u32 marks, const struct packet *packet)
{
	return (packet->tcp_flags & (TCP_RST | TCP_FIN | TCP_SYN)) || is_closed(marks);
}

/* The first segment of a connection. */
static __always_inline void begin_connection(struct flow *flow, const struct packet *packet)
{
	struct tcp_side *sender = sender_of(flow, packet->direction);

	sender->end = segment_end(packet);
	sender->max_end = packet->sequence + 1;
	sender->max_window = larger(packet->window, 1);
	sender->scale = packet->window_scale;
}

/* The first segment that was seen of a connection. */
static __always_inline void pick_up_connection(struct flow *flow, const struct packet *packet)
{
	struct tcp_side *sender = sender_of(flow, packet->direction);
	struct tcp_side *receiver = receiver_of(flow, packet->direction);

	flow->marks = FLOW_PICKED_UP;
	sender->scale = UNSEEN_SCALE;
	receiver->scale = UNSEEN_SCALE;
	sender->end = segment_end(packet);
	sender->max_end = sender->end + UNSEEN_WINDOW;
	sender->max_window = larger(offered_window(packet, sender), 1);
	receiver->end = packet->acknowledgement;
	receiver->max_end = packet->acknowledgement + sender->max_window;
	receiver->max_window = UNSEEN_WINDOW;
}

/* The answer to a SYN. */
static __always_inline void note_answer(struct flow *flow, const struct packet *packet,
					struct tcp_side *sender, struct tcp_side *receiver)
{
	__u32 window = larger(packet->window, 1);

	sender->scale = packet->window_scale;
	if (sender->scale == TCP_SCALE_NONE || receiver->scale == TCP_SCALE_NONE) {
		sender->scale = 0;
		receiver->scale = 0;
	}
	sender->end = segment_end(packet);
	sender->max_end = sender->end + receiver->max_window;
	sender->max_window = window;
	receiver->max_end = packet->acknowledgement + window;
	mark_flow(flow, FLOW_ANSWERED);
}

/* A segment in the window moves it on, as far as the furthest of those that other CPUs note at the
 * same time. Windows are below 2^31, so they compare as sequence numbers do. */
static __always_inline void note_segment(struct flow *flow, const struct packet *packet,
					 struct tcp_side *sender, struct tcp_side *receiver)
{
	__u32 window = offered_window(packet, sender);

	advance(&sender->max_window, window);
	advance(&sender->end, segment_end(packet));
	if (packet->tcp_flags & TCP_ACK)
		advance(&receiver->max_end, packet->acknowledgement + larger(window, 1));
	if (packet->tcp_flags & TCP_FIN)
		mark_flow(flow, FLOW_FIN_INGRESS << (packet->direction & 1));
}

/*
 * A RST in the window. Only the one that is next ends the connection (RFC 5961 section 3.2); to
 * another its receiver says what it expects, and goes on.
 */
static __always_inline void note_reset(struct flow *flow, const struct packet *packet,
				       const struct tcp_side *sender)
{
	if (packet->sequence == sender->end)
		mark_flow(flow, FLOW_RESET);
}

#endif
