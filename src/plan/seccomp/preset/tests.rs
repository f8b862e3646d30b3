//! What the default profile refuses, with the reason, and that everything else of ordinary programs runs.
//! Each table is checked from both sides: the same call runs where the reason does not hold.

use super::super::{Call, name_of, number_of};
use super::*;

const EPERM: Action = Action::Errno(Errno::EPERM);
const ENOSYS: Action = Action::Errno(Errno::ENOSYS);
const EAFNOSUPPORT: Action = Action::Errno(Errno::EAFNOSUPPORT);

fn make(arch: Arch, capabilities: &[&str], nested_userns: bool) -> Profile {
    preset(&Preset { arch, capabilities, nested_userns })
}

fn bare() -> Profile {
    make(Arch::X86_64, &[], false)
}

fn answer(profile: &Profile, name: &str, arguments: &[u64]) -> Action {
    let mut six = [0; 6];
    six[..arguments.len()].copy_from_slice(arguments);
    let number = number_of(profile.arch(), name).map_or(u32::MAX >> 2, u32::from);
    profile.decide(&Call { token: profile.arch().token(), number, arguments: six })
}

/// Calls that own the host or are needed by no service, and the capabilities that open them.
const REFUSED: &[(&str, &str, &[&str])] = &[
    ("replaces the running kernel", "kexec_load kexec_file_load", &[]),
    ("kernel code of one's choice", "init_module finit_module delete_module", &["CAP_SYS_MODULE"]),
    ("kernel code of one's choice, verified", "bpf", &["CAP_BPF", "CAP_SYS_ADMIN"]),
    ("observes the host", "perf_event_open", &["CAP_PERFMON", "CAP_SYS_ADMIN"]),
    ("stops the kernel in the middle of an access", "userfaultfd", &[]),
    ("runs calls past this filter", "io_uring_setup io_uring_enter io_uring_register", &[]),
    ("opens any file of the file system, the rootfs' parents included", "open_by_handle_at", &["CAP_DAC_READ_SEARCH"]),
    (
        "undoes masks and read-only mounts",
        "mount umount2 pivot_root fsopen fsconfig fsmount fspick",
        &["CAP_SYS_ADMIN"],
    ),
    ("the same by descriptor", "move_mount open_tree mount_setattr open_tree_attr", &["CAP_SYS_ADMIN"]),
    ("the host's memory", "swapon swapoff", &["CAP_SYS_ADMIN"]),
    ("the host's power", "reboot", &["CAP_SYS_BOOT"]),
    ("the host's time", "settimeofday clock_settime", &["CAP_SYS_TIME"]),
    ("keyrings are not namespaced", "keyctl add_key request_key", &[]),
    (
        "reaches into processes that ptrace may not reach",
        "process_vm_readv process_vm_writev kcmp",
        &["CAP_SYS_PTRACE"],
    ),
    ("takes descriptors out of other processes", "pidfd_getfd process_madvise", &["CAP_SYS_PTRACE"]),
    ("the host's accounting", "acct", &["CAP_SYS_PACCT"]),
    ("the host's quotas", "quotactl quotactl_fd", &["CAP_SYS_ADMIN"]),
    ("the host's log", "syslog", &["CAP_SYSLOG", "CAP_SYS_ADMIN"]),
    ("moves pages of other processes", "move_pages migrate_pages", &["CAP_SYS_NICE"]),
    ("watches whole file systems", "fanotify_init", &["CAP_SYS_ADMIN"]),
    ("leaves the root", "chroot", &["CAP_SYS_CHROOT"]),
    ("joins namespaces", "setns", &["CAP_SYS_ADMIN"]),
    ("renames the container", "sethostname setdomainname", &["CAP_SYS_ADMIN"]),
    ("hangs up the caller's terminal", "vhangup", &["CAP_SYS_TTY_CONFIG"]),
    ("changes the security label", "lsm_set_self_attr", &["CAP_MAC_ADMIN"]),
    ("input and output ports", "iopl ioperm", &["CAP_SYS_RAWIO"]),
    ("16-bit segments: kernel code that only old emulators use", "modify_ldt", &[]),
    ("maps pages into a pipe that their owner still writes", "vmsplice", &[]),
    (
        "long gone or never there",
        "lookup_dcookie nfsservctl _sysctl ustat sysfs uselib create_module query_module",
        &[],
    ),
    ("long gone or never there", "get_kernel_syms getpmsg putpmsg afs_syscall tuxcall security", &[]),
];

#[test]
fn what_owns_the_host_is_refused() {
    for arch in Arch::ALL {
        for (reason, names, _) in REFUSED {
            for name in names.split(' ').filter(|name| number_of(arch, name).is_some()) {
                assert_eq!(answer(&make(arch, &[], false), name, &[]), EPERM, "{name}: {reason}");
            }
        }
    }
}

#[test]
fn the_capability_for_a_call_opens_it_and_no_other_does() {
    let named: Vec<&str> = REFUSED.iter().flat_map(|row| row.2).copied().collect();
    for (_, names, openers) in REFUSED {
        for name in names.split(' ') {
            for capability in named.iter().chain(&["CAP_CHOWN", "CAP_NET_ADMIN", "CAP_SETUID"]) {
                let opened = answer(&make(Arch::X86_64, &[capability], false), name, &[]) == Action::Allow;
                let expected = openers.contains(capability);
                assert_eq!(opened, expected, "{name} with {capability}");
            }
        }
    }
    assert_eq!(answer(&make(Arch::X86_64, &["CAP_CHECKPOINT_RESTORE"], false), "kcmp", &[]), Action::Allow);
}

#[test]
fn the_table_above_is_complete() {
    let by_arguments = ["clone", "clone3", "ioctl", "personality", "socket", "socketpair", "unshare"];
    let listed: Vec<&str> = REFUSED.iter().flat_map(|row| row.1.split(' ')).chain(by_arguments).collect();
    for arch in Arch::ALL {
        let profile = make(arch, &[], false);
        for number in 0..512 {
            let Some(name) = name_of(arch, number) else { continue };
            let runs = *profile.verdict(number) == Verdict::plain(Action::Allow);
            assert_eq!(!runs, listed.contains(&name), "{name} on {arch:?}");
        }
    }
}

#[test]
fn numbers_of_later_kernels_are_unknown_rather_than_refused() {
    for arch in Arch::ALL {
        let profile = make(arch, &["CAP_SYS_ADMIN"], true);
        for number in [400, 470, 511, 512, 513, 100_000] {
            let call = Call { token: arch.token(), number, arguments: [0; 6] };
            assert_eq!(profile.decide(&call), ENOSYS, "{number}");
        }
    }
}

#[test]
fn other_abis_do_not_get_in() {
    let getpid = |arch: Arch, token, number| make(arch, &[], false).decide(&Call { token, number, arguments: [0; 6] });
    assert_eq!(getpid(Arch::X86_64, 0xc000_003e, 39), Action::Allow);
    assert_eq!(getpid(Arch::X86_64, 0xc000_003e, 0x4000_0027), ENOSYS, "x32");
    assert_eq!(getpid(Arch::X86_64, 0x4000_0003, 20), Action::KillProcess, "i386");
    assert_eq!(getpid(Arch::Aarch64, 0x4000_0028, 20), Action::KillProcess, "32-bit arm");
    assert_eq!(getpid(Arch::Aarch64, 0xc000_003e, 172), Action::KillProcess, "x86_64 on aarch64");
}

const NEWNS: u64 = 0x0002_0000;
const NEWUSER: u64 = 0x1000_0000;
const NEWNET: u64 = 0x4000_0000;
const NEWTIME: u64 = 0x80;
const NAMESPACES: [u64; 7] = [NEWNS, 0x0200_0000, 0x0400_0000, 0x0800_0000, NEWUSER, 0x2000_0000, NEWNET];
/// What glibc's `pthread_create` and `fork` pass.
const THREAD: u64 = 0x003d_0f00;
const FORK: u64 = 0x0120_0011;

#[test]
fn threads_and_processes_are_made_but_no_namespace() {
    let profile = bare();
    for flags in [THREAD, FORK, 17, 0x4111] {
        assert_eq!(answer(&profile, "clone", &[flags]), Action::Allow, "{flags:#x}");
        for namespace in NAMESPACES {
            assert_eq!(answer(&profile, "clone", &[flags | namespace]), EPERM, "{flags:#x} {namespace:#x}");
            assert_eq!(answer(&profile, "clone", &[flags | namespace | 1 << 40]), EPERM, "high bits hide nothing");
        }
    }
    assert_eq!(answer(&profile, "clone3", &[]), ENOSYS);
    for namespace in NAMESPACES.into_iter().chain([NEWTIME, 1 << 20, 1 << 35]) {
        assert_eq!(answer(&profile, "unshare", &[namespace]), EPERM, "{namespace:#x}");
        assert_eq!(answer(&profile, "unshare", &[0x400 | namespace]), EPERM, "{namespace:#x}");
    }
    assert_eq!(answer(&profile, "unshare", &[0x400 | 0x200 | 0x4_0000]), Action::Allow, "files, fs, sysvsem");
}

#[test]
fn an_administrator_makes_every_namespace_but_the_one_that_gives_capabilities() {
    let profile = make(Arch::X86_64, &["CAP_SYS_ADMIN"], false);
    for namespace in NAMESPACES {
        let expected = if namespace == NEWUSER { EPERM } else { Action::Allow };
        assert_eq!(answer(&profile, "clone", &[FORK | namespace]), expected, "{namespace:#x}");
        assert_eq!(answer(&profile, "unshare", &[namespace]), expected, "{namespace:#x}");
    }
    assert_eq!(answer(&profile, "unshare", &[NEWTIME]), Action::Allow);
    assert_eq!(answer(&profile, "clone3", &[]), ENOSYS, "it could ask for a user namespace unseen");
}

#[test]
fn nested_user_namespaces_open_what_containers_are_made_of() {
    for arch in Arch::ALL {
        let profile = make(arch, &[], true);
        for name in
            "clone clone3 unshare setns mount umount2 pivot_root chroot fsopen move_mount sethostname".split(' ')
        {
            assert_eq!(answer(&profile, name, &[NEWUSER | NEWNS]), Action::Allow, "{name}");
        }
        for name in "bpf init_module reboot keyctl io_uring_setup open_by_handle_at swapon".split(' ') {
            assert_eq!(answer(&profile, name, &[]), EPERM, "{name}");
        }
        assert_eq!(answer(&profile, "ioctl", &[0, 0x5412]), EPERM);
    }
}

#[test]
fn nothing_is_typed_into_the_terminal() {
    for request in [0x5412, 0x541c, 1 << 32 | 0x5412, u64::MAX << 32 | 0x541c] {
        assert_eq!(answer(&bare(), "ioctl", &[0, request]), EPERM, "{request:#x}");
        assert_eq!(answer(&bare(), "ioctl", &[request, 0x5413]), Action::Allow, "TIOCGWINSZ");
    }
}

#[test]
fn sockets_are_of_ordinary_families() {
    const PACKET: u64 = 17;
    for name in ["socket", "socketpair"] {
        for family in 0..64 {
            let expected = if [1, 2, 10, 16].contains(&family) { Action::Allow } else { EAFNOSUPPORT };
            assert_eq!(answer(&bare(), name, &[family, 1, 0]), expected, "{family}");
            assert_eq!(
                answer(&bare(), name, &[1 << 32 | family, 1, 0]),
                expected,
                "the kernel cuts {family} to an int"
            );
        }
        assert_eq!(answer(&make(Arch::X86_64, &["CAP_NET_RAW"], false), name, &[PACKET]), Action::Allow);
    }
    let raw = make(Arch::X86_64, &["CAP_NET_RAW"], false);
    assert_eq!(answer(&raw, "socket", &[40]), EAFNOSUPPORT, "AF_VSOCK stays closed");
}

#[test]
fn audit_seems_to_be_absent_without_a_capability_for_it() {
    const AUDIT: [u64; 3] = [16, 3, 9];
    assert_eq!(answer(&bare(), "socket", &AUDIT), Action::Errno(Errno::EPROTONOSUPPORT));
    assert_eq!(answer(&bare(), "socket", &[16, 3, 0]), Action::Allow, "NETLINK_ROUTE");
    assert_eq!(answer(&bare(), "socket", &[2, 3, 9]), Action::Allow, "protocol 9 of AF_INET");
    for capability in ["CAP_AUDIT_CONTROL", "CAP_AUDIT_READ", "CAP_AUDIT_WRITE"] {
        assert_eq!(answer(&make(Arch::X86_64, &[capability], false), "socket", &AUDIT), Action::Allow, "{capability}");
    }
}

#[test]
fn the_personality_stays_harmless() {
    for value in [0, 8, 0x2_0000, 0x2_0008, 0xffff_ffff, u64::MAX] {
        assert_eq!(answer(&bare(), "personality", &[value]), Action::Allow, "{value:#x}");
    }
    for value in [0x4_0000, 0x40_0000, 1, 0x2_0001] {
        assert_eq!(answer(&bare(), "personality", &[value]), EPERM, "{value:#x}");
    }
}
