/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* The best of the personas that are candidates. */
#ifndef EBPF_PERSONAS_LIB_CHOOSE_H
#define EBPF_PERSONAS_LIB_CHOOSE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "lib/activation_maps.h"

static __always_inline struct activation_state *find_activation(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&activation, &zero);
}

static __always_inline const struct stage_table *stage_table_in_use(void)
{
	__u32 zero = 0, index;
	volatile __u64 *in_use = bpf_map_lookup_elem(&stages_in_use, &zero);

	index = in_use ? *in_use : 0;
	return bpf_map_lookup_elem(&stages, &index);
}

static __always_inline bool is_candidate(const struct stage_table *table,
					 const struct activation_state *state, __u32 condition)
{
	__u64 bit = 1ULL << (condition & (CONDITION_COUNT - 1));

	if (*(volatile const __u64 *)&state->latched & bit)
		return true;
	return (table->armed & bit) &&
	       *(volatile const __u32 *)&state->condition[condition & (CONDITION_COUNT - 1)].live;
}

/* The slot of the best candidate, or that of the floor. A function of its own, verified once. */
__noinline __u32 choose_slot(void)
{
	const struct stage_table *table = stage_table_in_use();
	const struct activation_state *state = find_activation();

	if (!table || !state)
		return 0;
	for (__u32 i = 0; i < CONDITION_COUNT; i++) {
		if (i >= table->stage_count)
			break;
		if (is_candidate(table, state, table->stage[i].condition))
			return table->stage[i].slot;
	}
	return table->floor_slot;
}

#endif
