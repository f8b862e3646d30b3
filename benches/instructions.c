// instructions OUT CMD [ARGS...]: counts the instructions that CMD and all that it clones carry out in user space, each process
// until it executes another program, by single steps. Valgrind knows no clone3 with namespaces, and virtual machines often have
// no hardware counters. Writes the sum to OUT; exits as CMD does.
#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

static const long options = PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;

int main(int argc, char **argv) {
  if (argc < 3) { fprintf(stderr, "usage: instructions OUT CMD [ARGS]\n"); return 2; }
  pid_t root = fork();
  if (root == 0) {
    ptrace(PTRACE_TRACEME, 0, 0, 0);
    execv(argv[2], argv + 2);
    perror(argv[2]);
    _exit(127);
  }
  int status, code = 125;
  if (waitpid(root, &status, 0) != root || !WIFSTOPPED(status)) { fprintf(stderr, "instructions: %s did not start\n", argv[2]); return 125; }
  ptrace(PTRACE_SETOPTIONS, root, 0, options);
  ptrace(PTRACE_SINGLESTEP, root, 0, 0);
  long count = 0;
  for (pid_t pid; (pid = waitpid(-1, &status, __WALL)) > 0;) {
    if (!WIFSTOPPED(status)) {
      if (pid == root) code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      continue;
    }
    int signal = WSTOPSIG(status), event = status >> 16;
    if (event == PTRACE_EVENT_EXEC) { ptrace(PTRACE_DETACH, pid, 0, 0); continue; }
    if (signal == SIGTRAP && event == 0) count++;
    // A new child stops by SIGSTOP, which is ours and not for it.
    int ours = signal == SIGTRAP || signal == SIGSTOP || event;
    ptrace(PTRACE_SINGLESTEP, pid, 0, ours ? 0 : signal);
  }
  FILE *out = fopen(argv[1], "w");
  if (!out || fprintf(out, "%ld\n", count) < 0 || fclose(out)) { perror(argv[1]); return 125; }
  return code;
}
