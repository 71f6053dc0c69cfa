/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Which persona is in force, by the conditions that hold. */
#ifndef EBPF_PERSONAS_LIB_ACTIVATE_H
#define EBPF_PERSONAS_LIB_ACTIVATE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "lib/activation_maps.h"
#include "lib/active_map.h"
#include "lib/choose.h"

#define SETTLE_ATTEMPTS 16

/*
 * Makes the active word what the conditions say; gives the word of the switch, 0 where none was
 * needed. Whoever changes a condition comes here after it, and looks again after each switch: of
 * two at once at least one sees what the other did, as every atomic operation is a full barrier.
 * Who is overtaken too often leaves it to user space, and says so.
 */
__noinline __u64 settle(void)
{
	struct activation_state *state = find_activation();
	__u64 switched = 0;
	__u32 zero = 0;
	__u64 *word = bpf_map_lookup_elem(&active, &zero);

	if (!state || !word)
		return 0;
	for (int i = 0; i < SETTLE_ATTEMPTS; i++) {
		__u64 seen = *(volatile __u64 *)word;
		__u32 slot = choose_slot();
		__u64 next = ((seen >> 32) + 1) << 32 | slot;

		if ((__u32)seen == slot)
			return switched;
		if (__sync_val_compare_and_swap(word, seen, next) == seen)
			switched = next;
	}
	__sync_fetch_and_add(&state->unsettled, 1);
	return switched;
}

/* Conditions that began or ended to hold for anybody. */
struct turned {
	__u64 began;
	__u64 ended;
};

/* A walk over conditions that a process has now, or had. */
struct condition_walk {
	__u64 conditions;
	__u32 pid;
	struct turned turned;
};

static long begin_condition(__u32 index, void *context)
{
	struct condition_walk *walk = context;
	struct activation_state *state = find_activation();
	const struct stage_table *table = stage_table_in_use();
	__u64 bit = 1ULL << (index & (CONDITION_COUNT - 1));
	struct condition *condition;

	if (!state || !table)
		return 1;
	if (!(walk->conditions & bit))
		return 0;
	condition = &state->condition[index & (CONDITION_COUNT - 1)];
	if (__sync_fetch_and_add(&condition->live, 1))
		return 0;
	condition->began = bpf_ktime_get_boot_ns();
	condition->pid = walk->pid;
	walk->turned.began |= bit;
	if (table->armed & table->latching & bit)
		__sync_fetch_and_or(&state->latched, bit);
	return 0;
}

static long end_condition(__u32 index, void *context)
{
	struct condition_walk *walk = context;
	struct activation_state *state = find_activation();
	__u64 bit = 1ULL << (index & (CONDITION_COUNT - 1));
	struct condition *condition;

	if (!state)
		return 1;
	if (!(walk->conditions & bit))
		return 0;
	condition = &state->condition[index & (CONDITION_COUNT - 1)];
	if (__sync_fetch_and_add(&condition->live, -1) != 1)
		return 0;
	condition->ended = bpf_ktime_get_boot_ns();
	walk->turned.ended |= bit;
	return 0;
}

/* A process has these conditions now and had those before; gives those that turned. What begins
 * does so first, so that nothing in between is seen. */
static __always_inline struct turned change_conditions(__u32 pid, __u64 before, __u64 now)
{
	struct condition_walk walk = {.pid = pid, .conditions = now & ~before};

	if (walk.conditions)
		bpf_loop(CONDITION_COUNT, begin_condition, &walk, 0);
	walk.conditions = before & ~now;
	if (walk.conditions)
		bpf_loop(CONDITION_COUNT, end_condition, &walk, 0);
	return walk.turned;
}

#endif
