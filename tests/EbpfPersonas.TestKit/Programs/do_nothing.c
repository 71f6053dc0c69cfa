// The cheapest program there is.
void _start(void)
{
	__asm__ volatile("syscall" : : "a"(231L), "D"(0L)); /* exit_group(0) */
}
