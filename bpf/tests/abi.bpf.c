// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Names every type of bpf/abi once, so that all of them are in this object's BTF, used by a program
 * or not. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "abi/answer.h"
#include "abi/counters.h"
#include "abi/decision.h"
#include "abi/failsafe.h"
#include "abi/first_packet.h"
#include "abi/flow.h"
#include "abi/layout.h"
#include "abi/local_address.h"
#include "abi/policy.h"
#include "abi/process_event.h"
#include "abi/socket_request.h"
#include "abi/verdict.h"

struct {
	enum packet_direction packet_direction;
	enum address_family address_family;
	enum rule_action rule_action;
	enum verdict verdict;
	enum reason reason;
	enum slot_flags slot_flags;
	enum reference reference;
	enum interval_node_flags interval_node_flags;
	enum lane lane;
	enum tag tag;
	enum process_event_kind process_event_kind;
	enum socket_hook socket_hook;
	struct slot slot;
	struct policy_line policy_line;
	struct interval_node interval_node;
	struct address_interval address_interval;
	struct address_list address_list;
	struct port_entry port_entry;
	struct class_record class_record;
	struct port_branch port_branch;
	struct failsafe_entry failsafe_entry;
	struct failsafe_table failsafe_table;
	struct first_packet first_packet;
	struct judge_request judge_request;
	struct local_address local_address;
	struct flow_key flow_key;
	enum flow_mark flow_mark;
	enum judged judged;
	struct tcp_side tcp_side;
	struct flow flow;
	struct flow_check flow_check;
	struct verdict_counter verdict_counter;
	struct slot_counters slot_counters;
	struct shadow_counters shadow_counters;
	struct rule_counter rule_counter;
	struct decision decision;
	struct expected_answer expected_answer;
	struct resident resident;
	struct process_event process_event;
	struct process_turn process_turn;
	struct stage stage;
	struct stage_table stage_table;
	struct condition condition;
	struct activation_state activation_state;
	struct condition_masks condition_masks;
	struct condition_lengths condition_lengths;
	struct condition_text condition_text;
	struct traced_process traced_process;
	struct process_request process_request;
	struct socket_request socket_request;
	struct early_verdicts early_verdicts;
} every_type;

char LICENSE[] SEC("license") = "GPL";
