/* SPDX-License-Identifier: Apache-2.0 */
/* exec_by_descriptor memory NAME FILE ARG...: copies FILE into a memfd called NAME and runs it (fexecve).
 * exec_by_descriptor directory DIRECTORY NAME ARG...: runs NAME relative to a descriptor of DIRECTORY. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/syscall.h>
#include <unistd.h>

extern char **environ;

int main(int argc, char **argv)
{
	if (argc < 4)
		return 2;

	if (strcmp(argv[1], "memory") == 0) {
		int memory = memfd_create(argv[2], MFD_CLOEXEC);
		int file = open(argv[3], O_RDONLY | O_CLOEXEC);

		while (sendfile(memory, file, NULL, 1 << 20) > 0)
			;
		syscall(SYS_execveat, memory, "", argv + 3, environ, AT_EMPTY_PATH);
	} else {
		syscall(SYS_execveat, open(argv[2], O_PATH | O_CLOEXEC), argv[3], argv + 3, environ, 0);
	}
	return 1;
}
