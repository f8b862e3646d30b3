// Each way to make a user namespace; one word for each that works.
#define _GNU_SOURCE
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static int nothing(void *unused) { (void)unused; return 0; }

int main(void) {
    setvbuf(stdout, NULL, _IONBF, 0);
    int pid = fork();
    if (pid == 0) { _exit(unshare(CLONE_NEWUSER) == 0); }
    int status;
    waitpid(pid, &status, 0);
    if (status) printf("unshare ");
    static char stack[65536];
    if (clone(nothing, stack + sizeof stack, CLONE_NEWUSER | SIGCHLD, NULL) > 0) printf("clone ");
    struct clone_args args;
    memset(&args, 0, sizeof args);
    args.flags = CLONE_NEWUSER;
    args.exit_signal = SIGCHLD;
    long made = syscall(SYS_clone3, &args, sizeof args);
    if (made == 0) _exit(0);
    if (made > 0) printf("clone3 ");
    printf(".\n");
}
