/* SPDX-License-Identifier: GPL-2.0-only OR Apache-2.0 */
/* Which conditions hold for an image that is about to run. */
#ifndef EBPF_PERSONAS_LIB_MATCH_IMAGE_H
#define EBPF_PERSONAS_LIB_MATCH_IMAGE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include "abi/activation.h"
#include "lib/activation_maps.h"
#include "lib/process_image.h"
#include "lib/process_maps.h"

/* Key 0: a text of the image in the form that the maps compare. Used by one program only, which
 * fills it anew each time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct condition_text);
} image_text SEC(".maps");

struct name_search {
	const char *text;
	__u32 length;
	/* Octets behind the last slash. */
	__u32 found;
};

static long search_slash(__u32 index, void *context)
{
	struct name_search *search = context;
	__u32 at = search->length - index - 1;

	if (index >= search->length)
		return 1;
	if (search->text[at & (PROCESS_PATH_SIZE - 1)] == '/')
		return 1;
	search->found = index + 1;
	return 0;
}

/* Octets of the file name in a path. */
static __always_inline __u32 name_length(const char *path, __u32 length)
{
	struct name_search search = {.text = path, .length = length};

	bpf_loop(CONDITION_TEXT_SIZE, search_slash, &search, 0);
	return search.found;
}

/* Conditions by what they want of a text. */
struct image_match {
	/* Those that hold for an image that has it. */
	__u64 conditions;
	/* Those that name it as the parent of theirs. */
	__u64 as_parent;
};

static __always_inline bool has_length(const struct condition_lengths *lengths, __u32 length)
{
	return lengths->word[length >> 6 & 3] & 1ULL << (length & 63);
}

static __always_inline __u64 wanting_text(void *map, const struct condition_text *text)
{
	const __u64 *conditions = bpf_map_lookup_elem(map, text);

	return conditions ? *conditions : 0;
}

/* Adds those that want a text: by `map`, whose texts have these lengths, and as the parent's. */
static __noinline void match_text(struct image_match *match, void *map,
				  const struct condition_lengths *lengths, const void *from,
				  __u32 length)
{
	__u32 zero = 0;
	const struct condition_masks *masks = bpf_map_lookup_elem(&condition_masks, &zero);
	struct condition_text *text = bpf_map_lookup_elem(&image_text, &zero);
	bool wanted, as_parent;

	if (!masks || !text || length == 0 || length >= CONDITION_TEXT_SIZE)
		return;
	/* The compiler knows that the mask changes nothing; the verifier before 6.13 does not. */
	barrier_var(length);
	length &= CONDITION_TEXT_SIZE - 1;
	wanted = has_length(lengths, length);
	as_parent = has_length(&masks->parents, length);
	if (!wanted && !as_parent)
		return;
	__builtin_memset(text, 0, sizeof(*text));
	bpf_probe_read_kernel(text->text, length, from);
	if (wanted)
		match->conditions |= wanting_text(map, text);
	if (as_parent)
		match->as_parent |= wanting_text(&condition_parents, text);
}

static __always_inline __u64 wanting_user(__u32 user)
{
	const __u64 *conditions = bpf_map_lookup_elem(&condition_users, &user);

	return conditions ? *conditions : 0;
}

static __always_inline __u64 wanting_parent(__u32 pid)
{
	const struct traced_process *parent = bpf_map_lookup_elem(&processes, &pid);

	return parent ? parent->as_parent : 0;
}

/* What all conditions in use say of an image, whose record is filled in. */
static __always_inline struct image_match match_image(const struct process_image *image,
						      struct linux_binprm *bprm)
{
	struct image_match match = {}, names = {}, paths = {};
	__u32 zero = 0, given = image->event.path_length & (PROCESS_PATH_SIZE - 1);
	__u32 length = image->event.executable_length & (PROCESS_PATH_SIZE - 1);
	const struct condition_masks *masks = bpf_map_lookup_elem(&condition_masks, &zero);
	__u32 name;

	if (!masks || !masks->used)
		return match;

	name = name_length(image->text, given);
	match_text(&names, &condition_names, &masks->names,
		   &image->text[(given - name) & (PROCESS_PATH_SIZE - 1)], name);
	match_text(&paths, &condition_paths, &masks->paths, image->text, given);
	if (length) {
		struct dentry *file = bprm->file->f_path.dentry;

		match_text(&names, &condition_names, &masks->names, file->d_name.name,
			   file->d_name.len);
		match_text(&paths, &condition_paths, &masks->paths, &image->text[given], length);
	}

	match.conditions = masks->used & (masks->any_name | names.conditions) &
			   (masks->any_path | paths.conditions);
	if (match.conditions & ~masks->any_user)
		match.conditions &= masks->any_user | wanting_user(image->event.user_id);
	if (match.conditions & ~masks->any_parent)
		match.conditions &= masks->any_parent | wanting_parent(image->event.parent_pid);
	match.as_parent = names.as_parent | paths.as_parent;
	return match;
}

#endif
