//! The syscall fence: what neither nix nor rustix offers, in a form that the child may use. Never the heap, never errno.
//!
//! The child of a launch shares its parent's memory (CLONE_VM), thread-local storage included: `errno` of the C library
//! would be written by both. So these calls go to the kernel directly and return the error as a value, as rustix does.
#![allow(unsafe_code, reason = "the fence: system calls without a safe wrapper")]

mod arguments;
mod clone;
pub(super) mod fatal;
mod raw;
mod read_back;
pub(super) mod terminal;

use std::ffi::CStr;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

pub(super) use arguments::name_process;
pub(super) use clone::{CloneArgs, Stack, clone3};
use raw::syscall;
pub(super) use read_back::{groups, limit, res_gids, res_uids};

/// `struct mount_attr` (mount_setattr(2), Linux 5.12).
#[repr(C)]
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct MountAttr {
    pub(super) set: u64,
    pub(super) clear: u64,
    pub(super) propagation: u64,
    pub(super) userns_fd: u64,
}

/// The id map of a user namespace is used for the mount (Linux 5.12).
pub(super) const MOUNT_ATTR_IDMAP: u64 = 0x0010_0000;
const AT_EMPTY_PATH: usize = 0x1000;
const AT_RECURSIVE: usize = 0x8000;

/// Changes the flags of a mount, and of those below it.
pub(super) fn mount_setattr(tree: BorrowedFd<'_>, attr: &MountAttr, recursive: bool) -> Result<(), Errno> {
    let flags = AT_EMPTY_PATH | if recursive { AT_RECURSIVE } else { 0 };
    let fd = tree.as_raw_fd();
    // SAFETY: the path is a NUL-terminated static string, `attr` lives over the call and its size is what is passed.
    unsafe {
        syscall(
            libc::SYS_mount_setattr,
            [as_word(fd), c"".as_ptr() as usize, flags, std::ptr::from_ref(attr) as usize, size_of::<MountAttr>(), 0],
        )
    }
    .map(drop)
}

/// Marks every descriptor from `first` on as close-on-exec (close_range(2), Linux 5.11).
pub(super) fn cloexec_from(first: u32) -> Result<(), Errno> {
    const CLOSE_RANGE_CLOEXEC: usize = 4;
    // SAFETY: no memory is passed; close-on-exec breaks no descriptor that is in use.
    unsafe { syscall(libc::SYS_close_range, [first as usize, u32::MAX as usize, CLOSE_RANGE_CLOEXEC, 0, 0, 0]) }
        .map(drop)
}

/// Closes every descriptor from `first` on.
///
/// # Safety
/// No descriptor from `first` on is used in this process afterwards, nor closed again by an owner.
pub(super) unsafe fn close_from(first: u32) -> Result<(), Errno> {
    // SAFETY: no memory is passed; the caller gives up the descriptors.
    unsafe { syscall(libc::SYS_close_range, [first as usize, u32::MAX as usize, 0, 0, 0, 0]) }.map(drop)
}

/// Installs a system call filter (seccomp(2)).
pub(super) fn seccomp(program: &[crate::plan::seccomp::Instruction], flags: u32) -> Result<(), Errno> {
    /// `struct sock_fprog`.
    #[repr(C)]
    struct Filter {
        len: u16,
        instructions: *const crate::plan::seccomp::Instruction,
    }
    const SECCOMP_SET_MODE_FILTER: usize = 1;
    let len = u16::try_from(program.len()).map_err(|_| Errno::INVAL)?;
    let filter = Filter { len, instructions: program.as_ptr() };
    // SAFETY: `Instruction` is `struct sock_filter`; the slice and the header live over the call.
    unsafe {
        syscall(
            libc::SYS_seccomp,
            [SECCOMP_SET_MODE_FILTER, flags as usize, std::ptr::from_ref(&filter) as usize, 0, 0, 0],
        )
    }
    .map(drop)
}

/// Joins a new, empty session keyring (keyctl(2), KEYCTL_JOIN_SESSION_KEYRING).
pub(super) fn join_session_keyring() -> Result<(), Errno> {
    const KEYCTL_JOIN_SESSION_KEYRING: usize = 1;
    // SAFETY: a null name is allowed and means an anonymous keyring.
    unsafe { syscall(libc::SYS_keyctl, [KEYCTL_JOIN_SESSION_KEYRING, 0, 0, 0, 0, 0]) }.map(drop)
}

/// prctl(2) with numbers only.
pub(super) fn prctl(option: i32, argument: usize, argument2: usize) -> Result<usize, Errno> {
    // SAFETY: callers pass options whose arguments are numbers.
    unsafe { syscall(libc::SYS_prctl, [as_word(option), argument, argument2, 0, 0, 0]) }
}

/// Gives the thread its capabilities (capset(2), version 3): effective and permitted the same, and inheritable.
pub(super) fn capset(permitted: u64, inheritable: u64) -> Result<(), Errno> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    #[repr(C)]
    #[derive(Clone, Copy)]
    struct Data {
        effective: u32,
        permitted: u32,
        inheritable: u32,
    }
    const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of the set")]
    let half = |shift: u32| Data {
        effective: (permitted >> shift) as u32,
        permitted: (permitted >> shift) as u32,
        inheritable: (inheritable >> shift) as u32,
    };
    let header = Header { version: LINUX_CAPABILITY_VERSION_3, pid: 0 };
    let data = [half(0), half(32)];
    // SAFETY: header and data have the layout of version 3 and live over the call.
    unsafe { syscall(libc::SYS_capset, [std::ptr::from_ref(&header) as usize, data.as_ptr() as usize, 0, 0, 0, 0]) }
        .map(drop)
}

/// Reads the capability sets of this thread: effective, permitted, inheritable (capget(2)).
pub(super) fn capget() -> Result<(u64, u64, u64), Errno> {
    #[repr(C)]
    struct Header {
        version: u32,
        pid: i32,
    }
    const LINUX_CAPABILITY_VERSION_3: u32 = 0x2008_0522;
    let header = Header { version: LINUX_CAPABILITY_VERSION_3, pid: 0 };
    let mut data = [[0u32; 3]; 2];
    // SAFETY: the kernel writes two structures of three words, which `data` is.
    unsafe {
        syscall(libc::SYS_capget, [std::ptr::from_ref(&header) as usize, data.as_mut_ptr() as usize, 0, 0, 0, 0])
    }?;
    let join = |index: usize| u64::from(data[0][index]) | u64::from(data[1][index]) << 32;
    Ok((join(0), join(1), join(2)))
}

/// Sets a resource limit of a process, 0 for the caller (prlimit(2)).
pub(super) fn prlimit(pid: i32, resource: usize, soft: u64, hard: u64) -> Result<(), Errno> {
    let limit = [soft, hard];
    // SAFETY: `struct rlimit64` is two 64-bit words, which live over the call; no old limit is asked for.
    unsafe { syscall(libc::SYS_prlimit64, [as_word(pid), resource, limit.as_ptr() as usize, 0, 0, 0]) }.map(drop)
}

/// Replaces the process by a program. Returns only on failure.
///
/// # Safety
/// `argv` and `envp` end with a null pointer, and all others point to NUL-terminated strings.
pub(super) unsafe fn execve(path: &CStr, argv: *const *const libc::c_char, envp: *const *const libc::c_char) -> Errno {
    // SAFETY: the caller vouches for the arrays; `path` is NUL-terminated by type.
    match unsafe { syscall(libc::SYS_execve, [path.as_ptr() as usize, argv as usize, envp as usize, 0, 0, 0]) } {
        Err(errno) => errno,
        Ok(_) => Errno::NOEXEC,
    }
}

/// Ends the process without running anything of the C library.
pub(super) fn exit(code: i32) -> ! {
    loop {
        // SAFETY: exit_group takes a number and does not return.
        let _ = unsafe { syscall(libc::SYS_exit_group, [as_word(code), 0, 0, 0, 0, 0]) };
    }
}

/// `struct sigaction` of the kernel, with the default action.
const DEFAULT_ACTION: [usize; 4] = [0; 4];
const SIGNAL_SET_BYTES: usize = 8;

/// Gives every signal its default action, the ignored ones too.
pub(super) fn default_signal_actions() {
    for signal in 1..=64 {
        // SAFETY: the kernel reads four words, which live over the call. SIGKILL and SIGSTOP are refused, which is fine.
        let _ = unsafe {
            syscall(libc::SYS_rt_sigaction, [signal, DEFAULT_ACTION.as_ptr() as usize, 0, SIGNAL_SET_BYTES, 0, 0])
        };
    }
}

/// Gives SIGCHLD its default action, where a caller made it ignored.
pub(super) fn default_child_action() {
    // SAFETY: as above.
    let _ = unsafe {
        syscall(
            libc::SYS_rt_sigaction,
            [as_word(libc::SIGCHLD), DEFAULT_ACTION.as_ptr() as usize, 0, SIGNAL_SET_BYTES, 0, 0],
        )
    };
}

/// Sets the mask of blocked signals, bit n - 1 for signal n.
pub(super) fn set_signal_mask(mask: u64) -> Result<u64, Errno> {
    const SIG_SETMASK: usize = 2;
    let mut old: u64 = 0;
    // SAFETY: both sets are 64 bits, as the size says, and live over the call.
    unsafe {
        syscall(
            libc::SYS_rt_sigprocmask,
            [
                SIG_SETMASK,
                std::ptr::from_ref(&mask) as usize,
                std::ptr::from_mut(&mut old) as usize,
                SIGNAL_SET_BYTES,
                0,
                0,
            ],
        )
    }?;
    Ok(old)
}

/// `siginfo_t` as far as a queued signal fills it in: 128 bytes, as 16 words.
type SignalInfo = [u64; 16];
/// `si_code` of sigqueue(3).
const SI_QUEUE: i32 = -1;
/// The value that says: for the whole process group.
const WHOLE_GROUP: u64 = 1;

/// Waits for one of the blocked signals and takes it (rt_sigtimedwait(2)); says whether it is for the whole group.
pub(super) fn wait_signal(mask: u64) -> Result<(i32, bool), Errno> {
    let mut info: SignalInfo = [0; 16];
    // SAFETY: the set is 64 bits and the information 128 bytes, and both live over the call; no timeout is asked for.
    let signal = unsafe {
        syscall(
            libc::SYS_rt_sigtimedwait,
            [std::ptr::from_ref(&mask) as usize, info.as_mut_ptr() as usize, 0, SIGNAL_SET_BYTES, 0, 0],
        )
    }?;
    let [_, code, _, value, ..] = info;
    #[expect(clippy::cast_possible_truncation, reason = "si_code is the low half of the second word")]
    let queued = code as u32 == SI_QUEUE.cast_unsigned();
    i32::try_from(signal).map(|signal| (signal, queued && value == WHOLE_GROUP)).map_err(|_| Errno::INVAL)
}

/// Sends a signal with a word that init reads: whether it is for the command alone or for its whole group
/// (pidfd_send_signal(2), Linux 5.1).
pub(super) fn signal_init(pidfd: BorrowedFd<'_>, signal: i32, group: bool) -> Result<(), Errno> {
    let mut info: SignalInfo = [0; 16];
    info[0] = u64::from(signal.cast_unsigned());
    info[1] = u64::from(SI_QUEUE.cast_unsigned());
    info[3] = if group { WHOLE_GROUP } else { 0 };
    // SAFETY: the information is 128 bytes and lives over the call.
    unsafe {
        syscall(
            libc::SYS_pidfd_send_signal,
            [as_word(pidfd.as_raw_fd()), as_word(signal), info.as_ptr() as usize, 0, 0, 0],
        )
    }
    .map(drop)
}

/// Waits for any child; returns its pid and status, `None` when none has ended or stopped (wait4(2) with WNOHANG).
pub(super) fn reap() -> Result<Option<(i32, i32)>, Errno> {
    const ANY: usize = usize::MAX;
    let mut status: i32 = 0;
    // SAFETY: the kernel writes one int, which lives over the call.
    let pid = unsafe {
        syscall(
            libc::SYS_wait4,
            [ANY, std::ptr::from_mut(&mut status) as usize, as_word(libc::WNOHANG | libc::WUNTRACED), 0, 0, 0],
        )
    }?;
    Ok(i32::try_from(pid).ok().filter(|pid| *pid > 0).map(|pid| (pid, status)))
}

/// Sends a signal (kill(2)); -1 for all that may be signalled.
pub(super) fn kill(pid: i32, signal: i32) -> Result<(), Errno> {
    // SAFETY: numbers only.
    unsafe { syscall(libc::SYS_kill, [as_word(pid), as_word(signal), 0, 0, 0, 0]) }.map(drop)
}

/// Brings the loopback interface of this network namespace up (netdevice(7)).
pub(super) fn loopback_up(socket: BorrowedFd<'_>) -> Result<(), Errno> {
    /// `struct ifreq` as far as SIOCSIFFLAGS reads it.
    #[repr(C)]
    struct Request {
        name: [u8; 16],
        flags: u16,
        rest: [u8; 22],
    }
    let mut request = Request { name: [0; 16], flags: 0x1 | 0x40, rest: [0; 22] };
    request.name[..2].copy_from_slice(b"lo");
    // SAFETY: the request is as large as `struct ifreq` (40 bytes) and lives over the call.
    unsafe {
        syscall(libc::SYS_ioctl, [as_word(socket.as_raw_fd()), 0x8914, std::ptr::from_ref(&request) as usize, 0, 0, 0])
    }
    .map(drop)
}

/// Makes a landlock ruleset (landlock(7), Linux 5.13).
pub(super) fn landlock_ruleset(handled_fs: u64, handled_net: u64) -> Result<OwnedFd, Errno> {
    let attr = [handled_fs, handled_net];
    let size = if handled_net == 0 { 8 } else { 16 };
    // SAFETY: the kernel reads `size` bytes of the array.
    let fd = unsafe { syscall(libc::SYS_landlock_create_ruleset, [attr.as_ptr() as usize, size, 0, 0, 0, 0]) }?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(|_| Errno::BADF)?) })
}

/// Returns the landlock ABI, 0 when it is off.
pub(super) fn landlock_abi() -> u32 {
    // SAFETY: a null attribute with the version flag is how the ABI is asked for.
    let abi = unsafe { syscall(libc::SYS_landlock_create_ruleset, [0, 0, 1, 0, 0, 0]) };
    abi.ok().and_then(|abi| u32::try_from(abi).ok()).unwrap_or(0)
}

/// Adds a path to a ruleset.
pub(super) fn landlock_path(ruleset: BorrowedFd<'_>, path: BorrowedFd<'_>, access: u64) -> Result<(), Errno> {
    /// `struct landlock_path_beneath_attr`, which is packed.
    #[repr(C, packed)]
    struct Beneath {
        access: u64,
        parent: i32,
    }
    let rule = Beneath { access, parent: path.as_raw_fd() };
    // SAFETY: the rule has the kernel's layout and lives over the call.
    unsafe {
        syscall(
            libc::SYS_landlock_add_rule,
            [as_word(ruleset.as_raw_fd()), 1, std::ptr::from_ref(&rule) as usize, 0, 0, 0],
        )
    }
    .map(drop)
}

/// Adds a TCP port to a ruleset (ABI 4).
pub(super) fn landlock_port(ruleset: BorrowedFd<'_>, port: u16, access: u64) -> Result<(), Errno> {
    let rule = [access, u64::from(port)];
    // SAFETY: `struct landlock_net_port_attr` is two 64-bit words, which live over the call.
    unsafe { syscall(libc::SYS_landlock_add_rule, [as_word(ruleset.as_raw_fd()), 2, rule.as_ptr() as usize, 0, 0, 0]) }
        .map(drop)
}

/// Restricts this thread and its descendants by a ruleset.
pub(super) fn landlock_restrict(ruleset: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: numbers only.
    unsafe { syscall(libc::SYS_landlock_restrict_self, [as_word(ruleset.as_raw_fd()), 0, 0, 0, 0, 0]) }.map(drop)
}

/// A signed number as the kernel takes it.
#[expect(clippy::cast_sign_loss, reason = "sign extension is the kernel's convention")]
pub(super) const fn as_word(number: i32) -> usize {
    number as isize as usize
}

/// Enters the namespace behind a descriptor (setns(2)).
pub(super) fn set_ns(fd: i32, flag: i32) -> Result<(), Errno> {
    // SAFETY: numbers only.
    unsafe { syscall(libc::SYS_setns, [as_word(fd), as_word(flag), 0, 0, 0, 0]) }.map(drop)
}

/// One of the three standard streams, which are open as long as the process lives: the start of a program sees to it.
pub(super) fn standard(stream: i32) -> BorrowedFd<'static> {
    debug_assert!((0..3).contains(&stream));
    // SAFETY: a standard stream is never closed, only replaced.
    unsafe { BorrowedFd::borrow_raw(stream) }
}

/// Makes `to` refer to what `from` refers to, without close-on-exec (dup3(2)).
pub(super) fn dup_to(from: i32, to: i32) -> Result<(), Errno> {
    // SAFETY: numbers only; `to` is a standard stream, or a descriptor of which the caller disposes.
    unsafe { syscall(libc::SYS_dup3, [as_word(from), as_word(to), 0, 0, 0, 0]) }.map(drop)
}

/// Returns a copy of a descriptor of the caller, which stays the caller's (fcntl(2), F_DUPFD_CLOEXEC).
pub(super) fn duplicate(fd: i32) -> Result<OwnedFd, Errno> {
    // SAFETY: numbers only.
    let copy = unsafe { syscall(libc::SYS_fcntl, [as_word(fd), as_word(libc::F_DUPFD_CLOEXEC), 3, 0, 0, 0]) }?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(copy).map_err(|_| Errno::BADF)?) })
}

/// Returns the hard limit of a resource (prlimit(2)).
pub(super) fn hard_limit(resource: usize) -> Result<u64, Errno> {
    limit(resource).map(|(_, hard)| hard)
}

/// Says whether a descriptor is closed (fcntl(2), F_GETFD).
pub(super) fn is_closed(fd: i32) -> bool {
    const F_GETFD: usize = 1;
    // SAFETY: numbers only.
    let flags = unsafe { syscall(libc::SYS_fcntl, [as_word(fd), F_GETFD, 0, 0, 0, 0]) };
    flags == Err(Errno::BADF)
}

/// Ignores SIGPIPE, as std does.
pub(super) fn ignore_broken_pipes() {
    const SIGPIPE: usize = 13;
    const SIG_IGN: usize = 1;
    let action: [usize; 4] = [SIG_IGN, 0, 0, 0];
    // SAFETY: the kernel reads four words, which live over the call; no handler of ours is named.
    let _ = unsafe { syscall(libc::SYS_rt_sigaction, [SIGPIPE, action.as_ptr() as usize, 0, SIGNAL_SET_BYTES, 0, 0]) };
}

/// Returns the size of a page in bytes. The C library kept it from its start; rustix would read it out of /proc, which a
/// process that is not dumpable may not.
pub(in crate::runtime) fn page_size() -> u64 {
    // SAFETY: sysconf(3) takes a number.
    u64::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).unwrap_or(4096)
}
