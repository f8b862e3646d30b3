// cgwrap CMD... : v1 pids+memory cgroup with limits (made as <pid> below the directories that HB_PIDS and HB_MEMORY name), moves itself in, vfork+exec CMD, wait, rmdir. For peers that have no cgroup support.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void wr(const char *d, const char *f, const char *s) { char p[300]; snprintf(p, sizeof p, "%s/%s", d, f); int fd = open(p, O_WRONLY); if (fd < 0 || write(fd, s, strlen(s)) < 0) { perror(p); _exit(125); } close(fd); }
int main(int c, char **v) {
  if (c < 2 || !getenv("HB_PIDS") || !getenv("HB_MEMORY")) { fprintf(stderr, "usage: HB_PIDS=DIR HB_MEMORY=DIR cgwrap CMD [ARGS]\n"); return 2; }
  char a[256], b[256];
  snprintf(a, sizeof a, "%s/%d", getenv("HB_PIDS"), getpid()); snprintf(b, sizeof b, "%s/%d", getenv("HB_MEMORY"), getpid());
  if (mkdir(a, 0755) || mkdir(b, 0755)) { perror("mkdir"); return 125; }
  wr(a, "pids.max", "20"); wr(b, "memory.limit_in_bytes", "50000000");
  pid_t p = vfork();
  if (!p) { wr(a, "cgroup.procs", "0"); wr(b, "cgroup.procs", "0"); execv(v[1], v + 1); _exit(127); }
  int st; waitpid(p, &st, 0);
  for (int i = 0; rmdir(a) && errno == EBUSY && i < 1000; i++) usleep(100);
  for (int i = 0; rmdir(b) && errno == EBUSY && i < 1000; i++) usleep(100);
  return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}
