// Runs a program that does nothing so many times, as fast as it can, and every hundredth time another:
// exec_storm COUNT PROGRAM OTHER
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

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

int main(int argc, char **argv)
{
	long count = argc == 4 ? atol(argv[1]) : -1;

	for (long i = 1; i <= count; i++)
		if (run(argv[i % 100 ? 2 : 3]))
			return 1;
	return count < 0;
}
