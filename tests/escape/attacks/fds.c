// Prints the descriptors that are open, on one line.
#include <fcntl.h>
#include <stdio.h>

int main(void) {
    for (int fd = 0; fd < 4096; fd++)
        if (fcntl(fd, F_GETFD) != -1) printf("%d ", fd);
    printf("\n");
}
