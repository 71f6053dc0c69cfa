// SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0
/* Deliberately broken: where there is a shadow, its rules decide. */
#include "lib/shadow.h"

static __always_inline void judge_by_either(const struct slot *slot, const struct packet *packet,
					    __u8 direction, bool either_way,
					    struct judgement *judgement)
{
	__u32 zero = 0;
	volatile __u64 *word = bpf_map_lookup_elem(&shadow, &zero);
	__u32 number = word ? *word : 0;
	const struct slot *other = number ? bpf_map_lookup_elem(&slots, &number) : NULL;

	judge(other ? other : slot, packet, direction, either_way, judgement);
}

#define judge judge_by_either
#include "tests/verdict.bpf.c"
