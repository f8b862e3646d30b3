// floor.c - the physical floor of a container launch: only the system calls that the job needs.
//
//   floor [flags] ROOTFS CMD [ARGS...]
//
// namespaces (PID, MNT, UTS, IPC are always on)
//   -u        + CLONE_NEWUSER, map 0 -> BASE size 65536 (written by the parent; needs one pipe round trip)
//   -s        + CLONE_NEWUSER, single-uid map 0 -> own euid, written by the child itself (no round trip)
//   -B BASE   host base id of the map (100000)
//   -n        + CLONE_NEWNET
//   -g        + CLONE_NEWCGROUP
// cgroups (v1: pids + memory, made as <pid> below the directories that HB_PIDS and HB_MEMORY name)
//   -c        create, pids.max=20, memory.limit_in_bytes=50000000, child moves itself in (write "0"), remove at the end
//   -T        move by writing "0" to v1 `tasks` (not cgroup.procs): the kernel then skips cgroup_threadgroup_rwsem,
//             so no RCU grace period is waited for (implies -c)
//   -P        move: the parent itself moves in before clone, child inherits it (no "0" write by the child)
//   -K        pooled: use an existing cgroup (dir given by HB_POOL env), no mkdir / no rmdir
//   -2        cgroup v2: <pid> below the directory that HB_CG2 names; pids.max=20, memory.max=50000000, CLONE_INTO_CGROUP, rmdir
//   -O        overlap: cgroups are made by the parent while the child mounts (parent moves the child)
// root
//   -d        + /dev tmpfs with null zero full random urandom tty bound in + /dev/shm dir, ptmx link, fd links
//   -y        + /sys read only bind-free sysfs (only works with -n or without -u/-s)
//   -k        chroot instead of pivot_root (what the seed does)
//   -m        MS_MOVE + chroot instead of pivot_root + umount (old tree stays mounted underneath: not equal safety)
//   -R        no bind mount: new mount API (open_tree CLONE + move_mount), then pivot_root
//   -F        keep the mount namespace out: no CLONE_NEWNS, chroot only (lower bound, NOT a container)
// process
//   -f        plain clone3 (fork-like, copies page tables) instead of CLONE_VM|CLONE_VFORK
//   -N        no namespaces at all, no root change: vfork + exec + wait (spawn floor; runs CMD from host path)
//   -p        no_new_privs + drop bounding set to the docker default caps (prctl only)
//   -t        print a nanosecond time line to stderr
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef CLONE_INTO_CGROUP
#define CLONE_INTO_CGROUP 0x200000000ULL
#endif
#ifndef OPEN_TREE_CLONE
#define OPEN_TREE_CLONE 1
#endif
#ifndef MOVE_MOUNT_F_EMPTY_PATH
#define MOVE_MOUNT_F_EMPTY_PATH 4
#endif

static int o_T, o_m; static unsigned my_euid;
static int o_u, o_s, o_n, o_g, o_c, o_P, o_K, o_2, o_O, o_d, o_y, o_k, o_R, o_F, o_f, o_N, o_p, o_t;
static unsigned base = 100000;
static const char *rootfs;
static char **cargv;
static char *const cenv[] = {"PATH=/bin:/usr/bin:/sbin:/usr/sbin", "TERM=xterm", 0};

struct ev { const char *what; int64_t ns; };
static struct ev evs[64]; static int nev;
static int64_t now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec * 1000000000LL + t.tv_nsec; }
static struct ev *cevs; static int *ncev; // shared with the child by CLONE_VM, or by MAP_SHARED
#define T(w) do { if (o_t) { evs[nev].what = w; evs[nev++].ns = now(); } } while (0)
#define C(w) do { if (o_t) { cevs[*ncev].what = w; cevs[(*ncev)++].ns = now(); } } while (0)

static void die(const char *w) { dprintf(2, "floor: %s: %s\n", w, strerror(errno)); _exit(125); }

static int wr(const char *p, const char *s, int n) {
  int fd = open(p, O_WRONLY | O_CLOEXEC); if (fd < 0) return -1;
  int r = write(fd, s, n); int e = errno; close(fd); errno = e; return r == n ? 0 : -1;
}

static int cg_pids_fd = -1, cg_mem_fd = -1, sync_r = -1, sync_w = -1, ready_r = -1, ready_w = -1;
static char pdir[256], mdir[256];
static const char *cg_home(const char *var) { const char *d = getenv(var); if (!d) { errno = EINVAL; die(var); } return d; }
static int pdfd = -1, mdfd = -1;

static void cg_make(void) {
  if (!o_K) {
    if (mkdir(pdir, 0755)) die(pdir);
    if (mkdir(mdir, 0755)) die(mdir);
  }
  T("cg mkdir");
  pdfd = open(pdir, O_DIRECTORY | O_PATH | O_CLOEXEC); mdfd = open(mdir, O_DIRECTORY | O_PATH | O_CLOEXEC);
  if (pdfd < 0 || mdfd < 0) die("open cg");
  int fd;
  if (!o_K) {
    fd = openat(pdfd, "pids.max", O_WRONLY | O_CLOEXEC); if (fd < 0 || write(fd, "20", 2) != 2) die("pids.max"); close(fd);
    fd = openat(mdfd, "memory.limit_in_bytes", O_WRONLY | O_CLOEXEC); if (fd < 0 || write(fd, "50000000", 8) != 8) die("mem limit"); close(fd);
  }
  const char *pf = o_T ? "tasks" : "cgroup.procs";
  cg_pids_fd = openat(pdfd, pf, O_WRONLY | O_CLOEXEC); cg_mem_fd = openat(mdfd, pf, O_WRONLY | O_CLOEXEC);
  if (cg_pids_fd < 0 || cg_mem_fd < 0) die("cgroup.procs");
  T("cg limits");
}
static void cg_move(const char *s, int n) {
  if (write(cg_pids_fd, s, n) != n) die("move pids");
  if (write(cg_mem_fd, s, n) != n) die("move mem");
}

static const char *devs[] = {"null", "zero", "full", "random", "urandom", "tty"};

static void dev_setup(const char *dev) { // dev = absolute path of rootfs/dev
  char a[512], b[64];
  if (mount("tmpfs", dev, "tmpfs", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k")) die("dev tmpfs");
  for (unsigned i = 0; i < sizeof devs / sizeof *devs; i++) {
    snprintf(a, sizeof a, "%s/%s", dev, devs[i]); snprintf(b, sizeof b, "/dev/%s", devs[i]);
    int fd = open(a, O_CREAT | O_WRONLY | O_CLOEXEC, 0666); if (fd < 0) die(a); close(fd);
    if (mount(b, a, 0, MS_BIND, 0)) die(b);
  }
  snprintf(a, sizeof a, "%s/shm", dev); mkdir(a, 01777);
  snprintf(a, sizeof a, "%s/fd", dev); if (symlink("/proc/self/fd", a)) die(a);
  snprintf(a, sizeof a, "%s/stdin", dev); if (symlink("/proc/self/fd/0", a)) die(a);
  snprintf(a, sizeof a, "%s/stdout", dev); if (symlink("/proc/self/fd/1", a)) die(a);
  snprintf(a, sizeof a, "%s/stderr", dev); if (symlink("/proc/self/fd/2", a)) die(a);
}

static int child(void *arg) {
  (void)arg; char c;
  C("child: start");
  if (o_N) { execve(cargv[0], cargv, cenv); die("exec"); }
  if (o_c && !o_P && !o_O && !o_2) { cg_move("0", 1); C("child: cg moves"); }
  if (o_g && o_c && !o_O) { if (unshare(CLONE_NEWCGROUP)) die("unshare cgroup"); C("child: cgroup ns"); }
  if (o_s) {
    char m[32]; int n = snprintf(m, sizeof m, "0 %u 1", my_euid);
    if (wr("/proc/self/uid_map", m, n)) die("uid_map");
    if (wr("/proc/self/setgroups", "deny", 4)) die("setgroups");
    if (wr("/proc/self/gid_map", m, n)) die("gid_map");
    C("child: own id maps");
  }
  if (o_u) {
    close(sync_w);
    if (read(sync_r, &c, 1) != 1) die("sync");
    if (syscall(SYS_setresgid, 0, 0, 0) || syscall(SYS_setresuid, 0, 0, 0)) die("setres");
    C("child: id maps seen");
  }
  if (sethostname("container", 9)) die("sethostname");
  if (o_F) { if (chroot(rootfs) || chdir("/")) die("chroot"); }
  else {
    if (!o_R) {
      if (mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) die("slave");
      C("child: hostname, / slave");
      if (mount(rootfs, rootfs, 0, MS_BIND | MS_REC, 0)) die("bind");
      if (chdir(rootfs)) die("chdir");
    } else {
      if (mount(0, "/", 0, MS_REC | MS_SLAVE, 0)) die("slave");
      C("child: hostname, / slave");
      int t = syscall(SYS_open_tree, AT_FDCWD, rootfs, OPEN_TREE_CLONE | O_CLOEXEC); if (t < 0) die("open_tree");
      if (syscall(SYS_move_mount, t, "", AT_FDCWD, rootfs, MOVE_MOUNT_F_EMPTY_PATH)) die("move_mount");
      if (fchdir(t)) die("fchdir");
    }
    C("child: bind root");
    if (mount("proc", "proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, 0)) die("proc");
    C("child: proc");
    if (o_d) { char b[256]; snprintf(b, sizeof b, "%s/dev", rootfs); dev_setup(b); C("child: dev"); }
    if (o_y && mount("sysfs", "sys", "sysfs", MS_NOSUID | MS_NODEV | MS_NOEXEC | MS_RDONLY, 0)) die("sysfs");
    if (o_m) { if (mount(".", "/", 0, MS_MOVE, 0) || chroot(".") || chdir("/")) die("move root"); }
    else if (o_k) { if (chroot(".")) die("chroot"); }
    else {
      if (syscall(SYS_pivot_root, ".", ".")) die("pivot_root");
      C("child: pivot_root");
      if (umount2(".", MNT_DETACH)) die("umount");
      if (chdir("/")) die("chdir");
    }
    C("child: old root detached");
  }
  if (o_p) {
    static const uint64_t keep = 0xa80425fb;
    for (int i = 0; i <= 40; i++) if (!(keep >> i & 1)) prctl(PR_CAPBSET_DROP, i, 0, 0, 0);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  }
  if (o_O) { char c; if (read(ready_r, &c, 1) != 1) die("ready"); C("child: told go"); }
  C("child: exec");
  execve(cargv[0], cargv, cenv);
  die("exec");
  return 125;
}

static char stack[65536] __attribute__((aligned(16)));
static int cg2fd = -1;

int main(int argc, char **argv) {
  int o;
  my_euid = geteuid();
  T("main");
  while ((o = getopt(argc, argv, "+usB:ngcPK2OdykRFfNptTm")) != -1) switch (o) {
    case 'u': o_u = 1; break; case 's': o_s = 1; break; case 'B': base = atoi(optarg); break;
    case 'n': o_n = 1; break; case 'g': o_g = 1; break; case 'c': o_c = 1; break; case 'P': o_P = o_c = 1; break;
    case 'K': o_K = o_c = 1; break; case '2': o_2 = 1; break; case 'O': o_O = o_c = 1; break; case 'd': o_d = 1; break;
    case 'y': o_y = 1; break; case 'k': o_k = 1; break; case 'R': o_R = 1; break; case 'F': o_F = 1; break;
    case 'f': o_f = 1; break; case 'N': o_N = 1; break; case 'p': o_p = 1; break; case 'T': o_T = o_c = 1; break; case 'm': o_m = 1; break; case 't': o_t = 1; nev = 0; T("main"); break;
    default: return 2; }
  if (!o_N) rootfs = argv[optind++];
  cargv = argv + optind;
  if (!cargv[0]) { dprintf(2, "usage: floor [flags] ROOTFS CMD [ARGS]\n"); return 2; }
  static struct ev ce[64]; static int nce; cevs = ce; ncev = &nce;

  uint64_t fl = o_N ? 0 : CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC;
  if (!o_F && !o_N) fl |= CLONE_NEWNS;
  if (o_u || o_s) fl |= CLONE_NEWUSER;
  if (o_n) fl |= CLONE_NEWNET;
  if (o_g && !o_c) fl |= CLONE_NEWCGROUP; // with -c: unshared by the child after the move, so that the view is rooted in its own cgroup
  int p[2], q[2];
  if (o_u) { if (pipe2(p, O_CLOEXEC)) die("pipe"); sync_r = p[0]; sync_w = p[1]; }
  if (o_O) { if (pipe2(q, O_CLOEXEC)) die("pipe"); ready_r = q[0]; ready_w = q[1]; }
  pid_t me = getpid();
  if (o_c) {
    const char *pool = getenv("HB_POOL");
    if (o_K) { snprintf(pdir, sizeof pdir, "%s/%s", cg_home("HB_PIDS"), pool); snprintf(mdir, sizeof mdir, "%s/%s", cg_home("HB_MEMORY"), pool); }
    else { snprintf(pdir, sizeof pdir, "%s/%d", cg_home("HB_PIDS"), me); snprintf(mdir, sizeof mdir, "%s/%d", cg_home("HB_MEMORY"), me); }
  }
  if (o_c && !o_O) { cg_make(); if (o_P) { cg_move("0", 1); T("parent: cg moves"); } }
  char cg2[300];
  if (o_2) {
    snprintf(cg2, sizeof cg2, "%s/%d", cg_home("HB_CG2"), me);
    if (mkdir(cg2, 0755)) die(cg2);
    cg2fd = open(cg2, O_DIRECTORY | O_PATH | O_CLOEXEC); if (cg2fd < 0) die("cg2fd");
    int lfd = openat(cg2fd, "pids.max", O_WRONLY | O_CLOEXEC); if (lfd < 0 || write(lfd, "20", 2) != 2) die("pids.max"); close(lfd);
    lfd = openat(cg2fd, "memory.max", O_WRONLY | O_CLOEXEC); if (lfd < 0 || write(lfd, "50000000", 8) != 8) die("memory.max"); close(lfd);
    T("cg2 mkdir");
  }
  struct clone_args a; memset(&a, 0, sizeof a);
  a.exit_signal = SIGCHLD; a.flags = fl;
  if (o_2) { a.flags |= CLONE_INTO_CGROUP; a.cgroup = cg2fd; }
  pid_t pid;
  if (o_f) {
    pid = syscall(SYS_clone3, &a, sizeof a);
    if (pid == 0) child(0);
  } else {
    a.flags |= CLONE_VM; if (!o_u && !o_O) a.flags |= CLONE_VFORK;
    a.stack = (uint64_t)stack; a.stack_size = sizeof stack;
    register long r __asm__("rax");
    // the child must not return through this frame: call child() on its own stack
    __asm__ volatile("syscall\n\ttest %%rax,%%rax\n\tjnz 1f\n\txor %%ebp,%%ebp\n\txor %%edi,%%edi\n\tcall *%%rbx\n\tud2\n1:"
                     : "=a"(r) : "a"(SYS_clone3), "D"(&a), "S"(sizeof a), "b"(child) : "rcx", "r11", "memory");
    pid = r; if (r < 0) { errno = -r; pid = -1; }
  }
  if (pid < 0) die("clone3");
  T("parent: clone3 returned");
  if (o_u) {
    char f[48], m[64]; int n = snprintf(m, sizeof m, "0 %u 65536", base);
    snprintf(f, sizeof f, "/proc/%d/uid_map", pid); if (wr(f, m, n)) die("uid_map");
    snprintf(f, sizeof f, "/proc/%d/gid_map", pid); if (wr(f, m, n)) die("gid_map");
    if (write(sync_w, "x", 1) != 1) die("sync w");
    T("parent: id maps");
  }
  if (o_O) {
    char m[16]; int n = snprintf(m, sizeof m, "%d", pid);
    cg_make(); cg_move(m, n); T("parent: cg moves");
    if (write(ready_w, "x", 1) != 1) die("ready w");
  }
  int st;
  if (waitpid(pid, &st, 0) != pid) die("wait");
  T("parent: waited");
  if (o_c && !o_K) {
    if (o_P) { // leave first
      char up[300];
      snprintf(up, sizeof up, "%s/../cgroup.procs", cg_home("HB_PIDS")); wr(up, "0", 1);
      snprintf(up, sizeof up, "%s/../cgroup.procs", cg_home("HB_MEMORY")); wr(up, "0", 1);
      T("parent: left cg");
    }
    for (int i = 0; rmdir(pdir) && errno == EBUSY && i < 1000; i++) usleep(100);
    for (int i = 0; rmdir(mdir) && errno == EBUSY && i < 1000; i++) usleep(100);
    T("cg rmdir");
  }
  if (o_2) { for (int i = 0; rmdir(cg2) && errno == EBUSY && i < 1000; i++) usleep(100); T("cg2 rmdir"); }
  if (o_t) {
    int i = 0, j = 0; int64_t t0 = evs[0].ns, last = t0;
    while (i < nev || j < nce) {
      struct ev e = (j >= nce || (i < nev && evs[i].ns <= ce[j].ns)) ? evs[i++] : ce[j++];
      dprintf(2, "%9.1f us  +%8.1f  %s\n", (e.ns - t0) / 1e3, (e.ns - last) / 1e3, e.what); last = e.ns;
    }
  }
  return WIFEXITED(st) ? WEXITSTATUS(st) : 128 + WTERMSIG(st);
}
