// connect NAME: connects to an abstract Unix socket.
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

int main(int argc, char **argv) {
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    size_t length = strlen(argv[argc - 1]);
    memcpy(address.sun_path + 1, argv[argc - 1], length);
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    int refused = connect(fd, (struct sockaddr *)&address, offsetof(struct sockaddr_un, sun_path) + 1 + length);
    printf("%s\n", refused ? "refused" : "connected");
}
