// key hold PROGRAM...: runs it with a session keyring that holds a secret. key find: looks for it there.
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv) {
    if (argc > 2 && !strcmp(argv[1], "hold")) {
        syscall(SYS_keyctl, 1 /* JOIN_SESSION_KEYRING */, 0);
        long key = syscall(SYS_add_key, "user", "launch-secret", "secret", 6, -3 /* session */);
        syscall(SYS_keyctl, 5 /* SETPERM */, key, 0x3f3f3f3f);
        execvp(argv[2], argv + 2);
        return 97;
    }
    printf("%s\n", syscall(SYS_keyctl, 10 /* SEARCH */, -3, "user", "launch-secret", 0) > 0 ? "found" : "none");
}
