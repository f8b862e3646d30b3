// cgwrap CMD...: makes a cgroup with limits on pids and memory, moves a child in, which executes CMD, waits, removes the cgroup.
// For peers without cgroups of their own. The cgroup is made as <pid> below the directories that HB_PIDS and HB_MEMORY name (v1),
// or below the one that HB_CG2 names (v2).
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
static void put(const char *dir, const char *file, const char *value) {
  char path[300];
  snprintf(path, sizeof path, "%s/%s", dir, file);
  int fd = open(path, O_WRONLY);
  if (fd < 0 || write(fd, value, strlen(value)) < 0) { perror(path); _exit(125); }
  close(fd);
}
static void make(char *path, size_t size, const char *parent) {
  snprintf(path, size, "%s/%d", parent, getpid());
  if (mkdir(path, 0755)) { perror(path); _exit(125); }
}
static void removed(const char *path) {
  for (int i = 0; rmdir(path) && errno == EBUSY && i < 1000; i++) usleep(100);
}
int main(int argc, char **argv) {
  const char *pids = getenv("HB_PIDS"), *memory = getenv("HB_MEMORY"), *unified = getenv("HB_CG2");
  if (argc < 2 || (!unified && (!pids || !memory))) { fprintf(stderr, "usage: HB_PIDS=DIR HB_MEMORY=DIR | HB_CG2=DIR  cgwrap CMD [ARGS]\n"); return 2; }
  char a[256], b[256] = "";
  make(a, sizeof a, unified ? unified : pids);
  if (!unified) make(b, sizeof b, memory);
  put(a, "pids.max", "20");
  if (unified) put(a, "memory.max", "50000000"); else put(b, "memory.limit_in_bytes", "50000000");
  pid_t child = vfork();
  if (!child) {
    put(a, "cgroup.procs", "0");
    if (*b) put(b, "cgroup.procs", "0");
    execv(argv[1], argv + 1);
    _exit(127);
  }
  int status;
  waitpid(child, &status, 0);
  removed(a);
  if (*b) removed(b);
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
