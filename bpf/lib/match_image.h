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

/* Texts of an image in the form that the maps compare. */
struct image_texts {
	/* As given to exec, and of the file that it resolved to; all zero where there is none. */
	struct condition_text given_path;
	struct condition_text given_name;
	struct condition_text path;
	struct condition_text name;
};

/* Key 0: used by one program only, which fills it anew each time. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct image_texts);
} image_texts SEC(".maps");

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

/* The file name in a path; nothing where it is too long for one. */
static __always_inline void take_name(struct condition_text *name, const char *path, __u32 length)
{
	struct name_search search = {.text = path, .length = length};

	bpf_loop(CONDITION_TEXT_SIZE, search_slash, &search, 0);
	if (search.found == 0 || search.found >= CONDITION_TEXT_SIZE)
		return;
	bpf_probe_read_kernel(name->text, search.found & (CONDITION_TEXT_SIZE - 1),
			      &path[(length - search.found) & (PROCESS_PATH_SIZE - 1)]);
}

static __always_inline void take_path(struct condition_text *to, const char *path, __u32 length)
{
	if (!length || length >= CONDITION_TEXT_SIZE)
		return;
	/* The compiler knows that the mask changes nothing; the verifier before 6.13 does not. */
	barrier_var(length);
	bpf_probe_read_kernel(to->text, length & (CONDITION_TEXT_SIZE - 1), path);
}

/* Fills in what the conditions in use ask about. */
static __always_inline void take_texts(struct image_texts *texts, const struct process_image *image,
				       struct linux_binprm *bprm)
{
	__u32 given = image->event.path_length & (PROCESS_PATH_SIZE - 1);
	__u32 length = image->event.executable_length & (PROCESS_PATH_SIZE - 1);

	__builtin_memset(texts, 0, sizeof(*texts));
	take_path(&texts->given_path, image->text, given);
	take_name(&texts->given_name, image->text, given);
	if (length == 0)
		return;
	take_path(&texts->path, &image->text[given], length);
	bpf_probe_read_kernel_str(texts->name.text, sizeof(texts->name.text),
				  BPF_CORE_READ(bprm, file, f_path.dentry, d_name.name));
}

static __always_inline __u64 wanting_text(void *map, const struct condition_text *text)
{
	const __u64 *conditions = text->text[0] ? bpf_map_lookup_elem(map, text) : NULL;

	return conditions ? *conditions : 0;
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

struct image_match {
	/* Conditions that hold for the image. */
	__u64 conditions;
	/* Conditions that name it as the parent of theirs. */
	__u64 as_parent;
};

/* What all conditions in use say of an image, whose record is filled in. */
static __always_inline struct image_match match_image(const struct process_image *image,
						      struct linux_binprm *bprm)
{
	struct image_match match = {};
	__u32 zero = 0;
	const struct condition_masks *masks = bpf_map_lookup_elem(&condition_masks, &zero);
	struct image_texts *texts = bpf_map_lookup_elem(&image_texts, &zero);
	__u64 used;

	if (!masks || !texts || !masks->used)
		return match;
	used = masks->used;
	take_texts(texts, image, bprm);
	match.conditions =
	    used & (masks->any_name | wanting_text(&condition_names, &texts->given_name) |
		    wanting_text(&condition_names, &texts->name));
	match.conditions &= masks->any_path | wanting_text(&condition_paths, &texts->given_path) |
			    wanting_text(&condition_paths, &texts->path);
	match.conditions &= masks->any_user | wanting_user(image->event.user_id);
	match.conditions &= masks->any_parent | wanting_parent(image->event.parent_pid);
	if (used & ~masks->any_parent)
		match.as_parent = wanting_text(&condition_parents, &texts->given_path) |
				  wanting_text(&condition_parents, &texts->path) |
				  wanting_text(&condition_parents, &texts->given_name) |
				  wanting_text(&condition_parents, &texts->name);
	return match;
}

#endif
