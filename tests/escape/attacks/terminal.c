// Types into the terminal that is standard input (TIOCSTI); says whether the kernel took it.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

int main(void) {
    char byte = 'x';
    printf("%s\n", ioctl(0, TIOCSTI, &byte) == 0 ? "typed" : errno == ENOTTY ? "no terminal" : "refused");
}
