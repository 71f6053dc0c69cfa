/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The program that user space calls about a persona; every object with the filter has it. */
#ifndef EBPF_PERSONAS_SRC_JUDGE_FIRST_PACKET_H
#define EBPF_PERSONAS_SRC_JUDGE_FIRST_PACKET_H

#include "abi/first_packet.h"
#include "lib/classify.h"

/*
 * What a resident persona, active or not, says of the first packet of a flow: user space asks
 * before it makes a persona active. 0, or -1 where there is no such slot.
 */
SEC("syscall")
int judge_first_packet(struct judge_request *request)
{
	struct first_packet packet = request->packet;
	__u32 key = request->slot;
	const struct slot *slot = bpf_map_lookup_elem(&slots, &key);
	struct classification said;

	if (!slot)
		return -1;
	said =
	    classify(slot, packet.direction, packet.family, packet.peer, lane_of(packet.protocol),
		     key_of(packet.protocol, packet.port, packet.icmp_type, packet.icmp_code));
	request->action = said.action;
	request->rule = said.rule;
	request->audited_rule = said.audited_rule;
	return 0;
}

#endif
