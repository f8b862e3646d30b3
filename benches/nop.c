// nop: ends with 0 by its first system call. As a container's command it adds one exec and one exit to what is counted.
void _start(void) {
#if defined(__x86_64__)
  __asm__ volatile("xor %edi, %edi\n\tmov $231, %eax\n\tsyscall");
#elif defined(__aarch64__)
  __asm__ volatile("mov x0, #0\n\tmov x8, #94\n\tsvc #0");
#else
#error "write exit_group(0) for this machine"
#endif
}
