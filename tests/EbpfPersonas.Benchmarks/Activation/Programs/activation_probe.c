/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Measures how long it takes from an exec until the active word is another: activation_probe MAP CLIENT
 * Reads lines "go". For each it executes CLIENT, a copy of this program, which looks at the word from its first
 * instructions on until it has changed, and ends; then it waits until the word has changed again. Answers
 *   ENTERED ENFORCED RELEASED
 * in nanoseconds: from execve() until main(), from execve() until the word changed, from the end of CLIENT until it
 * changed again; -1 where it did not within 5 s. MAP is the pinned map of the word.
 */
#include <fcntl.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PATIENCE_NS 5000000000LL
/* As short as it goes without taking a CPU away from those that are measured. */
#define PAUSE_NS 20000

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static const volatile uint64_t *map_word(const char *path)
{
	union bpf_attr attributes;
	void *word;
	int map;

	memset(&attributes, 0, sizeof(attributes));
	attributes.pathname = (uint64_t)(uintptr_t)path;
	map = syscall(SYS_bpf, BPF_OBJ_GET, &attributes, sizeof(attributes));
	word = map < 0 ? MAP_FAILED : mmap(NULL, sizeof(uint64_t), PROT_READ, MAP_SHARED, map, 0);
	if (word == MAP_FAILED) {
		perror(path);
		exit(1);
	}
	return word;
}

/* When so many switches after `before` were seen, or -1. The upper half of the word counts them. */
static int64_t await_switches(const volatile uint64_t *word, uint64_t before, uint32_t count)
{
	const struct timespec pause = {.tv_nsec = PAUSE_NS};
	int64_t start = now(), seen = start;

	while ((uint32_t)((*word >> 32) - (before >> 32)) < count) {
		nanosleep(&pause, NULL);
		seen = now();
		if (seen - start > PATIENCE_NS)
			return -1;
	}
	return seen;
}

static int be_client(char **arguments)
{
	int64_t entered = now(), changed;
	uint64_t before = strtoull(arguments[2], NULL, 10);
	int64_t started = strtoll(arguments[3], NULL, 10);

	prctl(PR_SET_TIMERSLACK, 1);
	changed = await_switches(map_word(arguments[1]), before, 1);
	dprintf(STDOUT_FILENO, "%lld %lld ", (long long)(entered - started),
		(long long)(changed < 0 ? -1 : changed - started));
	return 0;
}

static int measure(const volatile uint64_t *word, char *map, char *program)
{
	char before[24], started[24];
	char *arguments[] = {program, map, before, started, NULL};
	int64_t ended, changed;
	uint64_t idle = *word;
	pid_t child;
	int status;

	snprintf(before, sizeof(before), "%llu", (unsigned long long)idle);
	child = fork();
	if (child == 0) {
		snprintf(started, sizeof(started), "%lld", (long long)now());
		execv(program, arguments);
		_exit(127);
	}
	if (child < 0 || waitpid(child, &status, 0) != child || status)
		return 1;
	ended = now();
	changed = await_switches(word, idle, 2);
	dprintf(STDOUT_FILENO, "%lld\n", (long long)(changed < 0 ? -1 : changed - ended));
	return 0;
}

int main(int argc, char **argv)
{
	const volatile uint64_t *word;
	char line[16];

	if (argc == 4)
		return be_client(argv);
	if (argc != 3)
		return 2;
	prctl(PR_SET_TIMERSLACK, 1);
	word = map_word(argv[1]);
	dprintf(STDOUT_FILENO, "ready\n");
	while (fgets(line, sizeof(line), stdin))
		if (measure(word, argv[1], argv[2]))
			return 1;
	return 0;
}
