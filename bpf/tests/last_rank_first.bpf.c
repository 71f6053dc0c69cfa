// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: of several candidates it takes the one that stands last. */
#include "kernel/task.h"
#define choose_slot choose_first_slot
#include "lib/choose.h"
#undef choose_slot

__noinline __u32 choose_slot(void)
{
	const struct stage_table *table = stage_table_in_use();
	const struct activation_state *state = find_activation();
	__u32 slot;

	if (!table || !state)
		return 0;
	slot = table->floor_slot;
	for (__u32 i = 0; i < CONDITION_COUNT; i++) {
		if (i >= table->stage_count)
			break;
		if (is_candidate(table, state, table->stage[i].condition))
			slot = table->stage[i].slot;
	}
	return slot;
}

#include "src/process.bpf.c"
