// Its very first instructions send: a UDP datagram and a TCP SYN to each of two addresses. Without a C library, which
// would run first.
#include <linux/in.h>
#include <linux/net.h>
#include <sys/syscall.h>

#define AF_INET 2
#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_NONBLOCK 04000
#define PORT 5000

static long call6(long number, long a, long b, long c, long d, long e, long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long result;

	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static void send_to(unsigned int address)
{
	struct sockaddr_in peer = {
	    .sin_family = AF_INET,
	    .sin_port = __builtin_bswap16(PORT),
	    .sin_addr.s_addr = __builtin_bswap32(address),
	};
	long udp = call6(SYS_socket, AF_INET, SOCK_DGRAM, 0, 0, 0, 0);
	long tcp = call6(SYS_socket, AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0, 0, 0, 0);

	call6(SYS_sendto, udp, (long)"x", 1, 0, (long)&peer, sizeof(peer));
	call6(SYS_connect, tcp, (long)&peer, sizeof(peer), 0, 0, 0);
}

void _start(void)
{
	send_to(0x0a010001); /* 10.1.0.1, which its persona forbids */
	send_to(0x0a020001); /* 10.2.0.1, which only its persona allows */
	call6(SYS_exit_group, 0, 0, 0, 0, 0, 0);
}
