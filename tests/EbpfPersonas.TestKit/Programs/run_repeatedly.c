// Runs a program so many times, one after the other: run_repeatedly COUNT PROGRAM [ARGUMENT...]. A COUNT of 0 is for ever.
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	long count = argc > 2 ? atol(argv[1]) : -1;

	for (long i = 0; count == 0 || i < count; i++) {
		pid_t child = vfork();
		int status;

		if (child == 0) {
			execv(argv[2], argv + 2);
			_exit(127);
		}
		if (child < 0 || waitpid(child, &status, 0) != child || status != 0)
			return 1;
	}
	return count < 0;
}
