/* SPDX-License-Identifier: Apache-2.0 */
/* Forks a child that never calls exec; both end when standard input does. */
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

int main(void)
{
	char byte;
	pid_t child = fork();

	if (child > 0) {
		printf("child %d\n", child);
		fflush(stdout);
	}
	while (read(0, &byte, 1) > 0)
		;
	return child > 0 ? waitpid(child, NULL, 0) != child : 0;
}
