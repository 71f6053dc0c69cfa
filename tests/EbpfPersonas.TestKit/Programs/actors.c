/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Processes that do what they are told: actors ROOT. Makes a mount namespace whose root is ROOT, and reads lines:
 *   start N PARENT UID PATH   actor N, a child of actor PARENT (0: of this program), executes PATH as user UID
 *   become N UID PATH         actor N, which lives, executes PATH
 *   fork N AS M               actor N makes a child M that runs the same
 *   exit N                    actor N ends
 * and answers each with a line "done" when it is, or "failed". PATH is a copy of this program, or a script that it runs.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <unistd.h>

#define ACTORS	  64
#define FIRST_FD  200
#define PATH_SIZE 512

struct order {
	char what; /* X: execute, S: start a child that executes, F: fork, Q: end */
	int actor; /* S, F: the new one */
	uid_t user;
	char path[PATH_SIZE];
};

/* An actor's end of its wire; the other end is one of ACTORS behind it. */
static int wire(int actor)
{
	return FIRST_FD + actor;
}

static void execute(int actor, const struct order *order)
{
	char number[16];
	char *arguments[] = {(char *)order->path, number, NULL};

	snprintf(number, sizeof(number), "%d", actor);
	if (order->user && setresuid(order->user, order->user, order->user))
		_exit(1);
	execv(order->path, arguments);
	_exit(1);
}

/* Says who it is, and then does what it is told. */
static void act(int actor)
{
	pid_t self = getpid();
	struct order order;

	/* Only the director has the other ends: when it ends, so does everybody. */
	for (int i = 0; i < ACTORS; i++)
		close(wire(i) + ACTORS);
	signal(SIGCHLD, SIG_IGN);
	if (write(wire(actor), &self, sizeof(self)) != sizeof(self))
		_exit(1);
	while (read(wire(actor), &order, sizeof(order)) == sizeof(order)) {
		if (order.what == 'X')
			execute(actor, &order);
		if (order.what == 'Q')
			_exit(0);
		if (fork() == 0) {
			if (order.what == 'S')
				execute(order.actor, &order);
			act(order.actor);
		}
	}
	_exit(0);
}

static pid_t lives[ACTORS];

/* Gives an order to an actor, 0 being this program, and waits until the one that it is about has done it. */
static int give(int to, int about, struct order *order)
{
	int other = wire(to) + ACTORS;

	order->actor = about;
	if (to == 0) {
		if (fork() == 0)
			execute(about, order);
	} else if (write(other, order, sizeof(*order)) != sizeof(*order)) {
		return -1;
	}
	if (order->what != 'Q')
		return read(wire(about) + ACTORS, &lives[about], sizeof(pid_t)) == sizeof(pid_t) ? 0 : -1;
	while (kill(lives[about], 0) == 0)
		usleep(50);
	return errno == ESRCH ? 0 : -1;
}

static int obey(char *line)
{
	struct order order = {};
	int actor, other;

	if (sscanf(line, "start %d %d %u %511s", &actor, &other, &order.user, order.path) == 4) {
		order.what = 'S';
		return give(other, actor, &order);
	}
	if (sscanf(line, "become %d %u %511s", &actor, &order.user, order.path) == 3) {
		order.what = 'X';
		return give(actor, actor, &order);
	}
	if (sscanf(line, "fork %d AS %d", &actor, &other) == 2) {
		order.what = 'F';
		return give(actor, other, &order);
	}
	if (sscanf(line, "exit %d", &actor) == 1) {
		order.what = 'Q';
		return give(actor, actor, &order);
	}
	return -1;
}

static int change_root(const char *root)
{
	return unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	       mount(root, root, NULL, MS_BIND | MS_REC, NULL) || chdir(root) ||
	       syscall(SYS_pivot_root, ".", ".") || umount2(".", MNT_DETACH) || chdir("/");
}

int main(int argc, char **argv)
{
	char line[1024];

	/* A copy has its number behind its name, or behind that of the script that it runs. */
	if (argc > 1 && atoi(argv[argc - 1]) > 0)
		act(atoi(argv[argc - 1]));
	/* A group of its own, that ends with it; whoever loses his parent is this one's to bury. */
	if (argc != 2 || setsid() < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) || change_root(argv[1]))
		return 1;
	signal(SIGCHLD, SIG_IGN);
	for (int i = 0; i < ACTORS; i++) {
		struct timeval patience = {.tv_sec = 5};
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) || dup2(pair[0], wire(i)) < 0 ||
		    dup2(pair[1], wire(i) + ACTORS) < 0 ||
		    setsockopt(wire(i) + ACTORS, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)))
			return 1;
		close(pair[0]);
		close(pair[1]);
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	puts("ready");
	while (fgets(line, sizeof(line), stdin))
		puts(obey(line) ? "failed" : "done");
	kill(0, SIGTERM);
	return 0;
}
