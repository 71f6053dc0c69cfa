/* SPDX-License-Identifier: Apache-2.0 */
/* leader_exits_first THREADS: the first thread ends at once; the others end, all together, when standard input does. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

static void *wait_for_end(void *unused)
{
	char byte;

	while (read(0, &byte, 1) > 0)
		;
	syscall(SYS_exit, 0);
	return unused;
}

int main(int argc, char **argv)
{
	pthread_t thread;

	for (int i = argc > 1 ? atoi(argv[1]) : 1; i > 0; i--)
		pthread_create(&thread, NULL, wait_for_end, NULL);
	puts("waiting");
	fflush(stdout);
	syscall(SYS_exit, 0);
}
