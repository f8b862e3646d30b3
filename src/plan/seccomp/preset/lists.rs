//! Which calls the default profile lets run, by topic. Never their arguments; see [`super::arguments`].
//!
//! A call belongs here when ordinary programs use it and all it can reach is the container's own: its files, processes,
//! memory, sockets. What is missing is missing on purpose; the reasons stand in its tests, next to the proof.

/// Calls that always run.
#[rustfmt::skip]
pub(super) const ALWAYS: &[&[&str]] = &[
    FILES, FILES_BY_HANDLE, DESCRIPTORS, WAITING, MEMORY, PROCESSES, IDENTITY, SCHEDULING, SIGNALS, TIME, SOCKETS, IPC,
    SANDBOXING, TRAMPOLINES, UNIMPLEMENTED,
];

#[rustfmt::skip]
const FILES: &[&str] = &[
    "access", "cachestat", "chdir", "chmod", "chown", "copy_file_range", "creat", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchownat", "fdatasync", "fgetxattr",
    "file_getattr", "file_setattr", "flistxattr", "flock", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "fsync",
    "ftruncate", "futimesat", "getcwd", "getdents", "getdents64", "getxattr", "getxattrat", "inotify_add_watch",
    "inotify_init", "inotify_init1", "inotify_rm_watch", "lchown", "lgetxattr", "link", "linkat", "listxattr", "listxattrat",
    "llistxattr", "lremovexattr", "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open",
    "openat", "openat2", "readahead", "readlink", "readlinkat", "removexattr", "removexattrat", "rename", "renameat",
    "renameat2", "rmdir", "setxattr", "setxattrat", "stat", "statfs", "statx", "symlink", "symlinkat", "sync",
    "sync_file_range", "syncfs", "truncate", "umask", "unlink", "unlinkat", "utime", "utimensat", "utimes",
];

/// Telling files apart by handle is harmless; opening by handle reaches every file of the file system.
/// Listing mounts says no more than `/proc/self/mountinfo`.
const FILES_BY_HANDLE: &[&str] = &["name_to_handle_at", "statmount", "listmount"];

#[rustfmt::skip]
const DESCRIPTORS: &[&str] = &[
    "close", "close_range", "dup", "dup2", "dup3", "fcntl", "lseek", "pipe", "pipe2", "pread64", "preadv", "preadv2",
    "pwrite64", "pwritev", "pwritev2", "read", "readv", "sendfile", "splice", "tee", "write", "writev",
];

#[rustfmt::skip]
const WAITING: &[&str] = &[
    "epoll_create", "epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait", "eventfd", "eventfd2",
    "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "poll", "ppoll", "pselect6",
    "select",
];

/// `mbind` and its kin move the caller's own memory, within the nodes of its cpuset.
#[rustfmt::skip]
const MEMORY: &[&str] = &[
    "brk", "get_mempolicy", "madvise", "map_shadow_stack", "mbind", "membarrier", "memfd_create", "memfd_secret", "mincore",
    "mlock", "mlock2", "mlockall", "mmap", "mprotect", "mremap", "mseal", "msync", "munlock", "munlockall", "munmap",
    "pkey_alloc", "pkey_free", "pkey_mprotect", "process_mrelease", "remap_file_pages", "set_mempolicy",
    "set_mempolicy_home_node",
];

/// `ptrace` is what debuggers live on. It reaches processes of this PID namespace only, and since 4.8 the filter is asked
/// again about a call that a tracer has changed, so it is no way round.
#[rustfmt::skip]
const PROCESSES: &[&str] = &[
    "arch_prctl", "execve", "execveat", "exit", "exit_group", "fork", "futex", "futex_requeue", "futex_wait", "futex_waitv",
    "futex_wake", "get_robust_list", "getcpu", "getpgid", "getpgrp", "getpid", "getppid", "getrandom", "getrlimit",
    "getrusage", "getsid", "gettid", "pidfd_open", "pidfd_send_signal", "prctl", "prlimit64", "ptrace", "restart_syscall",
    "rseq", "set_robust_list", "set_tid_address", "setpgid", "setrlimit", "setsid", "sysinfo", "times", "uname", "vfork",
    "wait4", "waitid",
];

#[rustfmt::skip]
const IDENTITY: &[&str] = &[
    "capget", "capset", "getegid", "geteuid", "getgid", "getgroups", "getresgid", "getresuid", "getuid", "setfsgid",
    "setfsuid", "setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid",
];

#[rustfmt::skip]
const SCHEDULING: &[&str] = &[
    "getpriority", "ioprio_get", "ioprio_set", "sched_get_priority_max", "sched_get_priority_min", "sched_getaffinity",
    "sched_getattr", "sched_getparam", "sched_getscheduler", "sched_rr_get_interval", "sched_setaffinity", "sched_setattr",
    "sched_setparam", "sched_setscheduler", "sched_yield", "setpriority",
];

#[rustfmt::skip]
const SIGNALS: &[&str] = &[
    "kill", "pause", "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "rt_tgsigqueueinfo", "sigaltstack", "signalfd", "signalfd4", "tgkill", "tkill",
];

/// `adjtimex` and `clock_adjtime` also read the state of the clock, for everyone; the modes that write stand behind a
/// pointer, where no filter looks, and the kernel wants `CAP_SYS_TIME` of the host for them.
#[rustfmt::skip]
const TIME: &[&str] = &[
    "adjtimex", "alarm", "clock_adjtime", "clock_getres", "clock_gettime", "clock_nanosleep", "getitimer", "gettimeofday",
    "nanosleep", "setitimer", "time", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime", "timer_settime",
    "timerfd_create", "timerfd_gettime", "timerfd_settime",
];

/// All but those that make a socket, whose family is checked.
#[rustfmt::skip]
const SOCKETS: &[&str] = &[
    "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom", "recvmmsg",
    "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown",
];

#[rustfmt::skip]
const IPC: &[&str] = &[
    "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink", "msgctl", "msgget", "msgrcv",
    "msgsnd", "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget",
];

/// Calls that only take rights away, or tell which are left.
#[rustfmt::skip]
const SANDBOXING: &[&str] = &[
    "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "lsm_get_self_attr", "lsm_list_modules",
    "seccomp",
];

/// The kernel itself makes probed programs enter through these; refusing them kills a program that someone outside traces.
const TRAMPOLINES: &[&str] = &["uprobe", "uretprobe"];

/// Numbers without a call behind them on 64-bit kernels: they answer `ENOSYS` of themselves, and open they do not split the
/// ranges around them.
const UNIMPLEMENTED: &[&str] = &["epoll_ctl_old", "epoll_wait_old", "get_thread_area", "set_thread_area", "vserver"];

/// Calls that run when the container keeps the capability that the kernel asks of them.
///
/// kexec, io_uring, userfaultfd and the keyrings are not among them: no capability is the reason that a service needs
/// these, so they take a word in `seccomp.allow`.
#[rustfmt::skip]
pub(super) const BY_CAPABILITY: [(&str, &[&str]); 16] = [
    ("CAP_BPF", &["bpf"]),
    ("CAP_CHECKPOINT_RESTORE", &["kcmp"]),
    ("CAP_DAC_READ_SEARCH", &["open_by_handle_at"]),
    ("CAP_MAC_ADMIN", &["lsm_set_self_attr"]),
    ("CAP_PERFMON", &["perf_event_open"]),
    ("CAP_SYSLOG", &["syslog"]),
    ("CAP_SYS_ADMIN", &[
        "bpf", "fanotify_init", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
        "open_tree", "open_tree_attr", "perf_event_open", "pivot_root", "quotactl", "quotactl_fd", "setdomainname",
        "sethostname", "setns", "swapoff", "swapon", "syslog", "umount2",
    ]),
    ("CAP_SYS_BOOT", &["reboot"]),
    ("CAP_SYS_CHROOT", &["chroot"]),
    ("CAP_SYS_MODULE", &["delete_module", "finit_module", "init_module"]),
    ("CAP_SYS_NICE", &["migrate_pages", "move_pages"]),
    ("CAP_SYS_PACCT", &["acct"]),
    ("CAP_SYS_PTRACE", &["kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev"]),
    ("CAP_SYS_RAWIO", &["ioperm", "iopl"]),
    ("CAP_SYS_TIME", &["clock_settime", "settimeofday"]),
    ("CAP_SYS_TTY_CONFIG", &["vhangup"]),
];

/// What containers in the container need: in a user namespace of its own a process holds every capability.
#[rustfmt::skip]
pub(super) const NAMESPACES: &[&str] = &[
    "chroot", "clone", "clone3", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount",
    "open_tree", "open_tree_attr", "pivot_root", "setdomainname", "sethostname", "setns", "umount2", "unshare",
];
