//! The members of each group: data only, never logic.

use super::Group;

/// Sorted by name.
#[rustfmt::skip]
pub(super) const GROUPS: &[Group] = &[
    Group {
        name: "@aio",
        about: "Asynchronous input and output, io_uring included.",
        members: &[
            "io_cancel", "io_destroy", "io_getevents", "io_pgetevents", "io_setup", "io_submit", "io_uring_enter",
            "io_uring_register", "io_uring_setup",
        ],
    },
    Group {
        name: "@basic-io",
        about: "Reading, writing, seeking, duplicating and closing what is open.",
        members: &[
            "close", "close_range", "dup", "dup2", "dup3", "lseek", "pread64", "preadv", "preadv2", "pwrite64",
            "pwritev", "pwritev2", "read", "readv", "write", "writev",
        ],
    },
    Group {
        name: "@chown",
        about: "Changing who owns a file.",
        members: &["chown", "fchown", "fchownat", "lchown"],
    },
    Group {
        name: "@clock",
        about: "Setting the time.",
        members: &["adjtimex", "clock_adjtime", "clock_settime", "settimeofday"],
    },
    Group {
        name: "@cpu-emulation",
        about: "Running code for other processors or modes.",
        members: &["modify_ldt"],
    },
    Group {
        name: "@debug",
        about: "Tracing, measuring and reaching into other processes.",
        members: &["lookup_dcookie", "perf_event_open", "pidfd_getfd", "ptrace"],
    },
    Group {
        name: "@default",
        about: "What hardly any program can do without: memory, exit, its own ids, the time.",
        members: &[
            "arch_prctl", "brk", "clock_getres", "clock_gettime", "clock_nanosleep", "execve", "exit", "exit_group",
            "futex", "futex_requeue", "futex_wait", "futex_waitv", "futex_wake", "get_robust_list", "get_thread_area",
            "getegid", "geteuid", "getgid", "getgroups", "getpgid", "getpgrp", "getpid", "getppid", "getrandom",
            "getresgid", "getresuid", "getrlimit", "getsid", "gettid", "gettimeofday", "getuid", "map_shadow_stack",
            "membarrier", "mmap", "mprotect", "mseal", "munmap", "nanosleep", "pause", "prlimit64", "restart_syscall",
            "rseq", "rt_sigreturn", "sched_getaffinity", "sched_yield", "set_robust_list", "set_thread_area",
            "set_tid_address", "time", "uprobe", "uretprobe",
        ],
    },
    Group {
        name: "@file-system",
        about: "Opening, making, renaming, removing and describing files and directories.",
        members: &[
            "access", "cachestat", "chdir", "chmod", "close", "creat", "faccessat", "faccessat2", "fallocate",
            "fchdir", "fchmod", "fchmodat", "fchmodat2", "fcntl", "fgetxattr", "file_getattr", "file_setattr",
            "flistxattr", "fremovexattr", "fsetxattr", "fstat", "fstatfs", "ftruncate", "futimesat", "getcwd",
            "getdents", "getdents64", "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
            "inotify_rm_watch", "lgetxattr", "link", "linkat", "listmount", "listxattr", "listxattrat", "llistxattr",
            "lremovexattr", "lsetxattr", "lstat", "mkdir", "mkdirat", "mknod", "mknodat", "newfstatat", "open",
            "openat", "openat2", "readlink", "readlinkat", "removexattr", "removexattrat", "rename", "renameat",
            "renameat2", "rmdir", "setxattr", "setxattrat", "stat", "statfs", "statmount", "statx", "symlink",
            "symlinkat", "truncate", "unlink", "unlinkat", "utime", "utimensat", "utimes",
        ],
    },
    Group {
        name: "@io-event",
        about: "Waiting for events on many descriptors.",
        members: &[
            "epoll_create", "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
            "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "poll", "ppoll", "pselect6", "select",
        ],
    },
    Group {
        name: "@ipc",
        about: "Pipes, shared memory, semaphores, message queues, memory of other processes.",
        members: &[
            "memfd_create", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive", "mq_timedsend", "mq_unlink",
            "msgctl", "msgget", "msgrcv", "msgsnd", "pipe", "pipe2", "process_madvise", "process_vm_readv",
            "process_vm_writev", "semctl", "semget", "semop", "semtimedop", "shmat", "shmctl", "shmdt", "shmget",
        ],
    },
    Group {
        name: "@keyring",
        about: "The kernel's keyrings.",
        members: &["add_key", "keyctl", "request_key"],
    },
    Group {
        name: "@known",
        about: "Every call in the tables.",
        members: &[],
    },
    Group {
        name: "@memlock",
        about: "Keeping memory from being swapped out.",
        members: &["mlock", "mlock2", "mlockall", "munlock", "munlockall"],
    },
    Group {
        name: "@module",
        about: "Loading and removing kernel modules.",
        members: &["delete_module", "finit_module", "init_module"],
    },
    Group {
        name: "@mount",
        about: "Mounting, unmounting, changing the root.",
        members: &[
            "chroot", "fsconfig", "fsmount", "fsopen", "fspick", "mount", "mount_setattr", "move_mount", "open_tree",
            "open_tree_attr", "pivot_root", "umount2",
        ],
    },
    Group {
        name: "@network-io",
        about: "Sockets.",
        members: &[
            "accept", "accept4", "bind", "connect", "getpeername", "getsockname", "getsockopt", "listen", "recvfrom",
            "recvmmsg", "recvmsg", "sendmmsg", "sendmsg", "sendto", "setsockopt", "shutdown", "socket", "socketpair",
        ],
    },
    Group {
        name: "@obsolete",
        about: "Calls that are unusual, superseded or never were implemented.",
        members: &[
            "_sysctl", "afs_syscall", "create_module", "get_kernel_syms", "getpmsg", "putpmsg", "query_module",
            "security", "sysfs", "tuxcall", "uselib", "ustat", "vserver",
        ],
    },
    Group {
        name: "@pkey",
        about: "Memory protection keys.",
        members: &["pkey_alloc", "pkey_free", "pkey_mprotect"],
    },
    Group {
        name: "@privileged",
        about: "Calls that need the rights of a superuser.",
        members: &[
            "@chown", "@clock", "@module", "@raw-io", "@reboot", "@swap", "_sysctl", "acct", "bpf", "capset",
            "chroot", "fanotify_init", "fanotify_mark", "nfsservctl", "open_by_handle_at", "pivot_root", "quotactl",
            "quotactl_fd", "setdomainname", "setfsuid", "setgroups", "sethostname", "setresuid", "setreuid", "setuid",
            "vhangup",
        ],
    },
    Group {
        name: "@process",
        about: "Making, signalling and awaiting processes; namespaces.",
        members: &[
            "capget", "clone", "clone3", "execveat", "fork", "getrusage", "kill", "pidfd_open", "pidfd_send_signal",
            "prctl", "rt_sigqueueinfo", "rt_tgsigqueueinfo", "setns", "tgkill", "times", "tkill", "unshare", "vfork",
            "wait4", "waitid",
        ],
    },
    Group {
        name: "@raw-io",
        about: "Input and output ports.",
        members: &["ioperm", "iopl"],
    },
    Group {
        name: "@reboot",
        about: "Rebooting and loading another kernel.",
        members: &["kexec_file_load", "kexec_load", "reboot"],
    },
    Group {
        name: "@resources",
        about: "Changing priorities, affinities, memory policies and limits.",
        members: &[
            "ioprio_set", "mbind", "migrate_pages", "move_pages", "sched_setaffinity", "sched_setattr",
            "sched_setparam", "sched_setscheduler", "set_mempolicy", "set_mempolicy_home_node", "setpriority",
            "setrlimit",
        ],
    },
    Group {
        name: "@sandbox",
        about: "Giving up rights: Landlock and seccomp.",
        members: &["landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self", "seccomp"],
    },
    Group {
        name: "@setuid",
        about: "Changing user and group ids.",
        members: &["setgid", "setgroups", "setregid", "setresgid", "setresuid", "setreuid", "setuid"],
    },
    Group {
        name: "@signal",
        about: "Handling signals.",
        members: &[
            "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigsuspend", "rt_sigtimedwait", "sigaltstack",
            "signalfd", "signalfd4",
        ],
    },
    Group {
        name: "@swap",
        about: "Swap devices and files.",
        members: &["swapoff", "swapon"],
    },
    Group {
        name: "@sync",
        about: "Writing cached data to storage.",
        members: &["fdatasync", "fsync", "msync", "sync", "sync_file_range", "syncfs"],
    },
    Group {
        name: "@system-service",
        about: "What an ordinary service needs: a sensible start for a list of one's own.",
        members: &[
            "@aio", "@basic-io", "@chown", "@default", "@file-system", "@io-event", "@ipc", "@keyring", "@memlock",
            "@network-io", "@process", "@resources", "@setuid", "@signal", "@sync", "@timer", "capget", "capset",
            "copy_file_range", "fadvise64", "flock", "get_mempolicy", "getcpu", "getpriority", "ioctl", "ioprio_get",
            "kcmp", "madvise", "mremap", "name_to_handle_at", "personality", "readahead", "remap_file_pages",
            "sched_get_priority_max", "sched_get_priority_min", "sched_getattr", "sched_getparam",
            "sched_getscheduler", "sched_rr_get_interval", "sched_yield", "sendfile", "setfsgid", "setfsuid",
            "setpgid", "setsid", "splice", "sysinfo", "tee", "umask", "uname", "userfaultfd", "vmsplice",
        ],
    },
    Group {
        name: "@timer",
        about: "Timers and alarms.",
        members: &[
            "alarm", "getitimer", "setitimer", "timer_create", "timer_delete", "timer_getoverrun", "timer_gettime",
            "timer_settime", "timerfd_create", "timerfd_gettime", "timerfd_settime", "times",
        ],
    },
];
