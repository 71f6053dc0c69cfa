/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs programs that do nothing, as fast as it can: fork_storm WORKERS COUNT PROGRAM OTHER
 * Each worker starts COUNT of them one after the other, every hundredth is OTHER. Prints the nanoseconds that passed
 * and those of CPU time that were used, its children's included.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int64_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000LL + time.tv_nsec;
}

static int64_t used(int who)
{
	struct rusage usage;

	getrusage(who, &usage);
	return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000000LL +
	       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000LL;
}

static int run(char *program)
{
	char *arguments[] = {program, NULL};
	pid_t child = vfork();
	int status;

	if (child == 0) {
		execv(program, arguments);
		_exit(127);
	}
	return child < 0 || waitpid(child, &status, 0) != child || status != 0;
}

static int work(long count, char **programs)
{
	for (long i = 1; i <= count; i++)
		if (run(programs[i % 100 == 0]))
			return 1;
	return 0;
}

int main(int argc, char **argv)
{
	int workers = argc == 5 ? atoi(argv[1]) : 0;
	long count = workers ? atol(argv[2]) : 0;
	int64_t start = now();
	int status, failed = workers == 0;

	for (int i = 0; i < workers; i++)
		if (fork() == 0)
			_exit(work(count, argv + 3));
	for (int i = 0; i < workers; i++)
		failed |= wait(&status) < 0 || status != 0;
	printf("%lld %lld\n", (long long)(now() - start),
	       (long long)(used(RUSAGE_SELF) + used(RUSAGE_CHILDREN)));
	return failed;
}
