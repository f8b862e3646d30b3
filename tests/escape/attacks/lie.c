// lie CALL [FIRST] -- PROGRAM...: a kernel that says "done" and does nothing: CALL (with this first argument) returns 0.
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

static long number(const char *name) {
    static const struct { const char *name; long number; } calls[] = {
        {"capset", SYS_capset},       {"prctl", SYS_prctl},           {"setgroups", SYS_setgroups},
        {"setresuid", SYS_setresuid}, {"setresgid", SYS_setresgid},   {"mount_setattr", SYS_mount_setattr},
        {"seccomp", SYS_seccomp},     {"setrlimit-new", SYS_prlimit64},
    };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (!strcmp(calls[i].name, name)) return calls[i].number;
    fprintf(stderr, "lie: unknown call %s\n", name);
    exit(99);
}

int main(int argc, char **argv) {
    (void)argc;
    long call = number(argv[1]);
    int at = 2;
    int limit = call == SYS_prlimit64;
    long first = -1;
    if (strcmp(argv[at], "--")) first = atol(argv[at++]);
    at++;
    // prlimit64 is also how limits are read: only calls with a new limit (third argument) are lied about.
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)call, 0, 4),
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args) + (limit ? 16 : 0)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, limit ? 0 : (unsigned)first, limit ? 2 : 0, 0),
        BPF_JUMP(BPF_JMP | BPF_JA, 0, 0, 0),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    // [3]: for an argument, equal -> lie, else allow; without one, always lie.
    if (!limit) {
        filter[3].jt = 1;
        filter[3].jf = first == -1 ? 1 : 2;
    } else {
        filter[3].jt = 2;
        filter[3].jf = 1;
    }
    filter[1].jf = 4;
    struct sock_fprog program = {sizeof filter / sizeof *filter, filter};
    if (geteuid() && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) return 98;
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program)) { perror("lie: seccomp"); return 98; }
    execvp(argv[at], argv + at);
    perror(argv[at]);
    return 97;
}
