// peek PID: what of another process can be reached; one word for each way that works. PID 0 is a child of its own.
#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

static void file(int pid, const char *name, int flags) {
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
    int fd = open(path, flags);
    char byte;
    // An empty answer is none: maps and mem of a process that may not be read.
    if (fd >= 0 && (flags & O_PATH || strcmp(name, "mem") == 0 || read(fd, &byte, 1) == 1)) printf("%s ", name);
    if (fd >= 0) close(fd);
}

int main(int argc, char **argv) {
    int pid = atoi(argv[argc - 1]), child = 0;
    if (pid == 0 && (pid = child = fork()) == 0) {
        pause();
        return 0;
    }
    file(pid, "mem", O_RDWR);
    file(pid, "environ", O_RDONLY);
    file(pid, "maps", O_RDONLY);
    file(pid, "fd/0", O_PATH);
    file(pid, "root", O_PATH);
    file(pid, "cwd", O_PATH);
    char path[64], text[PATH_MAX];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    if (readlink(path, text, sizeof text) > 0) printf("exe ");
    static char own[8];
    struct iovec local = {own, 8}, remote = {own, 8};
    if (process_vm_readv(pid, &local, 1, &remote, 1, 0) == 8) printf("process_vm_readv ");
    if (ptrace(PTRACE_SEIZE, pid, 0, 0) == 0) printf("ptrace ");
    printf(".\n");
    if (child) kill(child, SIGKILL);
}
