//! The instructions of the child: each one or two system calls, with everything prepared.
//!
//! An operation prints as strace(1) would show its call, so that a failure can be shown as what really failed.

use std::ffi::{CStr, CString};
use std::fmt;

use super::sys::MountAttr;
use super::sys::terminal::{Modes, Size};
use crate::plan::seccomp::Instruction;

/// A descriptor of the child that one operation leaves for others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// The new root.
    Root,
    /// The scratch file system that overlays and written files lie in; outside the new root.
    Stage,
    /// The mount that is being made.
    Tree,
    /// The new /dev.
    Dev,
    /// The command's end of its terminal.
    Terminal,
}

/// How many slots there are.
pub(super) const SLOTS: usize = 5;

/// Where an operation happens: a descriptor and a path below it, resolved without leaving it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    /// Where the path starts, and what it cannot leave.
    pub(super) below: Slot,
    /// Relative path; empty for the slot itself.
    pub(super) path: CString,
    /// True where no component may be a link.
    pub(super) no_links: bool,
}

/// A missing part of a mount point: a directory, and the name to be made in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Missing {
    /// The directory, relative to the root.
    pub(super) parent: CString,
    /// The name.
    pub(super) name: CString,
}

/// What a mount point is, for one that must be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Point {
    /// A directory.
    Directory,
    /// An empty file.
    File,
}

/// One operation.
#[derive(Debug)]
pub(super) enum Op {
    /// Waits until the parent has written the id maps.
    AwaitParent,
    /// Moves the process into a v1 cgroup by writing 0 to its opened `tasks`.
    JoinCgroup { tasks: i32 },
    /// Makes namespaces new for this process (unshare(2)).
    Unshare { flags: u64, name: &'static str },
    /// Enters the namespace behind a descriptor (setns(2)).
    SetNs { fd: i32, flag: i32, path: CString },
    /// Writes a file of the host's /proc, before the root is changed.
    Write { path: CString, data: Vec<u8> },
    /// Writes a file of the container's own /proc, from inside.
    WriteProc { path: CString, data: Vec<u8> },
    /// Writes a kernel parameter through the new root's own /proc, and reads it back.
    Sysctl { path: CString, value: Vec<u8>, optional: bool },
    /// Cuts propagation of the whole tree.
    MakePrivate,
    /// Sets the host name.
    SetHostname(CString),
    /// Sets the domain name.
    SetDomainname(CString),
    /// Brings loopback up.
    LoopbackUp,
    /// Copies a mount of the host's tree (open_tree(2)).
    OpenTree { path: CString, recursive: bool, into: Slot },
    /// Copies the mount of a device node after checking type and number.
    OpenDevice { path: CString, follow: bool, major: u32, minor: u32, into: Slot },
    /// Takes a mount that the parent made and sent.
    ReceiveTree { into: Slot },
    /// Makes a file system (fsopen(2), fsconfig(2), fsmount(2)).
    NewFilesystem {
        kind: &'static CStr,
        options: Vec<(&'static CStr, CString)>,
        switches: Vec<&'static CStr>,
        attr: u64,
        into: Slot,
    },
    /// Changes flags of a mount (mount_setattr(2)).
    SetAttr { tree: Slot, attr: MountAttr, recursive: bool },
    /// Lays a mount over the whole tree of the host, and goes there.
    AttachOverHost { tree: Slot },
    /// Places a mount (move_mount(2)), making what is missing of the mount point.
    Attach { tree: Slot, at: Place, missing: Vec<Missing>, point: Point },
    /// Goes to the scratch file system, where overlays find their directories.
    EnterStage,
    /// Takes a mount that the parent made before the child.
    Adopt { fd: i32, into: Slot },
    /// Keeps a mount for later operations.
    Keep { from: Slot, into: Slot },
    /// Makes a directory.
    MakeDirectory { at: Slot, path: CString, mode: u32 },
    /// Makes the directories above a path inside the root, and the directory itself.
    MakeDirectories { missing: Vec<Missing>, mode: Option<u32> },
    /// Makes a file with a text.
    MakeFile { at: Slot, path: CString, mode: u32, content: Vec<u8> },
    /// Makes a link; in the root, directories above it too.
    MakeSymlink { at: Slot, missing: Vec<Missing>, name: CString, text: CString },
    /// Copies the mount of something inside the new tree, as a file that was just made.
    CloneWithin { at: Place, recursive: bool, into: Slot, optional: bool },
    /// Makes a path read-only by a mount of itself over itself.
    ReadonlyWithin { at: Place },
    /// Covers a path inside the root: a directory by an empty file system, a file by /dev/null.
    Mask { at: Place },
    /// Makes the new root `/` (pivot_root(2)) and detaches the old one.
    PivotRoot,
    /// Sets a resource limit.
    SetRlimit { name: &'static str, resource: usize, soft: u64, hard: u64 },
    /// A fresh session keyring.
    NewKeyring { optional: bool },
    /// umask(2).
    Umask(u32),
    /// Keeps permitted capabilities over a change of user.
    KeepCapabilities,
    /// Drops capabilities from the bounding set.
    DropBounding { keep: u64, last: u32 },
    /// setgroups(2).
    SetGroups(Vec<rustix::fs::Gid>),
    /// Makes effective again what is permitted: the change of user has cleared it.
    RaiseCapabilities,
    /// Refuses a command that is reached through a magic link of /proc: it could be launch itself.
    NoMagicLinks { candidates: Vec<CString> },
    /// setresgid(2).
    SetGid(u32),
    /// setresuid(2).
    SetUid(u32),
    /// Enters the working directory, inside the root.
    Chdir(CString),
    /// capset(2) and the ambient set.
    SetCapabilities { keep: u64, ambient: u64 },
    /// PR_SET_NO_NEW_PRIVS.
    NoNewPrivs,
    /// Hides the process from ptrace(2) and /proc, or shows it.
    Dumpable(bool),
    /// Dies when the parent dies; checks that it still lives.
    DieWithParent,
    /// Adopts orphans, without a pid namespace of its own.
    Subreaper,
    /// A session of its own.
    NewSession,
    /// Landlock, from the paths of the new root.
    Landlock { handled_fs: u64, handled_net: u64, paths: Vec<(CString, u64)>, ports: Vec<(u16, u64)> },
    /// Makes a terminal in the container's own devpts, controls it, binds it to /dev/console, sends the other end out.
    OpenTerminal { owner: u32, size: Size, modes: Option<Modes> },
    /// Makes the terminal the standard streams; with a process group of its own in the foreground below init.
    TakeTerminal { own_group: bool },
    /// Replaces a standard stream.
    Redirect { fd: i32, stream: i32 },
    /// Default actions for all signals, none blocked.
    ResetSignals,
    /// Marks all descriptors but the standard streams as close-on-exec.
    CloseOnExec,
    /// seccomp(2).
    Seccomp { program: Vec<Instruction>, flags: u32 },
    /// Reads the flags of a mount back.
    ProveMount { tree: Slot, flags: u64 },
    /// Reads the flags of the root back, from inside.
    ProveRoot { flags: u64 },
    /// Reads user, group and supplementary groups back.
    ProveIds { uid: u32, gid: u32, groups: Option<Vec<u32>> },
    /// Reads the five capability sets back.
    ProveCapabilities { keep: u64, ambient: u64, last: u32 },
    /// Reads PR_SET_NO_NEW_PRIVS back.
    ProveNoNewPrivs,
    /// Reads a resource limit back.
    ProveRlimit { name: &'static str, resource: usize, soft: u64, hard: u64 },
    /// Asks for the mode of seccomp.
    ProveSeccomp,
    /// execve(2), each candidate in turn.
    Exec { candidates: Vec<CString> },
}

impl Op {
    /// Says whether the operation reads back what another has done.
    pub(super) fn proves(&self) -> bool {
        matches!(
            self,
            Op::Sysctl { .. }
                | Op::ProveMount { .. }
                | Op::ProveRoot { .. }
                | Op::ProveIds { .. }
                | Op::ProveCapabilities { .. }
                | Op::ProveNoNewPrivs
                | Op::ProveRlimit { .. }
                | Op::ProveSeccomp
        )
    }
}

/// The words of statfs(2) for mount flags.
fn flag_words(flags: u64) -> String {
    let names = [(1, "ro"), (2, "nosuid"), (4, "nodev"), (8, "noexec")];
    let names: Vec<&str> = names.into_iter().filter_map(|(bit, name)| (flags & bit != 0).then_some(name)).collect();
    names.join(",")
}

impl Slot {
    fn as_str(self) -> &'static str {
        match self {
            Slot::Root => "root",
            Slot::Stage => "stage",
            Slot::Tree => "tree",
            Slot::Dev => "dev",
            Slot::Terminal => "terminal",
        }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {:?}", self.below.as_str(), self.path)
    }
}

impl fmt::Display for Op {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Op::AwaitParent => f.write_str("recvmsg(parent)"),
            Op::JoinCgroup { .. } => f.write_str("write(tasks, \"0\")"),
            Op::Unshare { name, .. } => write!(f, "unshare({name})"),
            Op::SetNs { path, .. } => write!(f, "setns({path:?})"),
            Op::Write { path, data } => write!(f, "write({path:?}, {:?})", String::from_utf8_lossy(data)),
            Op::WriteProc { path, data } => {
                write!(f, "write(\"/proc/{}\", {:?})", path.to_string_lossy(), String::from_utf8_lossy(data))
            }
            Op::Sysctl { path, value, .. } => {
                write!(f, "write(\"/proc/{}\", {:?})", path.to_string_lossy(), String::from_utf8_lossy(value))
            }
            Op::MakePrivate => f.write_str("mount(NULL, \"/\", NULL, MS_REC|MS_PRIVATE)"),
            Op::SetHostname(name) => write!(f, "sethostname({name:?})"),
            Op::SetDomainname(name) => write!(f, "setdomainname({name:?})"),
            Op::LoopbackUp => f.write_str("ioctl(SIOCSIFFLAGS, \"lo\", IFF_UP)"),
            Op::OpenTree { path, recursive, .. } => {
                write!(f, "open_tree({path:?}, OPEN_TREE_CLONE{})", if *recursive { "|AT_RECURSIVE" } else { "" })
            }
            Op::OpenDevice { path, major, minor, .. } => {
                write!(f, "open_tree({path:?}, OPEN_TREE_CLONE) of the device {major}:{minor}")
            }
            Op::ReceiveTree { .. } => f.write_str("recvmsg(parent, SCM_RIGHTS)"),
            Op::NewFilesystem { kind, options, .. } => {
                write!(f, "fsmount({kind:?}")?;
                for (key, value) in options {
                    write!(f, ", {}={}", key.to_string_lossy(), value.to_string_lossy())?;
                }
                f.write_str(")")
            }
            Op::SetAttr { tree, attr, .. } => write!(
                f,
                "mount_setattr({}, set={:#x}, clear={:#x}, propagation={:#x})",
                tree.as_str(),
                attr.set,
                attr.clear,
                attr.propagation
            ),
            Op::AttachOverHost { tree } => write!(f, "move_mount({}, \"/\")", tree.as_str()),
            Op::Attach { tree, at, .. } => write!(f, "move_mount({}, {at})", tree.as_str()),
            Op::EnterStage => f.write_str("fchdir(stage)"),
            Op::Adopt { fd, .. } => write!(f, "dup({fd})"),
            Op::Keep { from, .. } => write!(f, "dup({})", from.as_str()),
            Op::MakeDirectory { at, path, mode } => write!(f, "mkdirat({}, {path:?}, {mode:#o})", at.as_str()),
            Op::MakeDirectories { missing, .. } => {
                write!(f, "mkdirat(root, {:?})", missing.last().map(|part| &part.name))
            }
            Op::MakeFile { at, path, mode, .. } => {
                write!(f, "openat({}, {path:?}, O_CREAT|O_EXCL, {mode:#o})", at.as_str())
            }
            Op::MakeSymlink { at, name, text, .. } => write!(f, "symlinkat({text:?}, {}, {name:?})", at.as_str()),
            Op::CloneWithin { at, .. } => write!(f, "open_tree({at}, OPEN_TREE_CLONE)"),
            Op::ReadonlyWithin { at } => write!(f, "mount_setattr({at}, MOUNT_ATTR_RDONLY)"),
            Op::Mask { at } => write!(f, "move_mount(empty, {at})"),
            Op::PivotRoot => f.write_str("pivot_root(\".\", \".\")"),
            Op::SetRlimit { name, soft, hard, .. } => write!(f, "setrlimit({name}, {soft}, {hard})"),
            Op::NewKeyring { .. } => f.write_str("keyctl(KEYCTL_JOIN_SESSION_KEYRING)"),
            Op::Umask(mask) => write!(f, "umask({mask:#o})"),
            Op::KeepCapabilities => f.write_str("prctl(PR_SET_KEEPCAPS, 1)"),
            Op::DropBounding { keep, .. } => write!(f, "prctl(PR_CAPBSET_DROP, all but {keep:#x})"),
            Op::SetGroups(groups) => write!(f, "setgroups({} groups)", groups.len()),
            Op::RaiseCapabilities => f.write_str("capset(permitted)"),
            Op::NoMagicLinks { .. } => f.write_str("openat2(command, RESOLVE_NO_MAGICLINKS)"),
            Op::SetGid(gid) => write!(f, "setresgid({gid}, {gid}, {gid})"),
            Op::SetUid(uid) => write!(f, "setresuid({uid}, {uid}, {uid})"),
            Op::Chdir(path) => write!(f, "chdir({path:?})"),
            Op::SetCapabilities { keep, ambient } => write!(f, "capset({keep:#x}), ambient {ambient:#x}"),
            Op::NoNewPrivs => f.write_str("prctl(PR_SET_NO_NEW_PRIVS, 1)"),
            Op::Dumpable(dumpable) => write!(f, "prctl(PR_SET_DUMPABLE, {})", u8::from(*dumpable)),
            Op::DieWithParent => f.write_str("prctl(PR_SET_PDEATHSIG, SIGKILL)"),
            Op::Subreaper => f.write_str("prctl(PR_SET_CHILD_SUBREAPER, 1)"),
            Op::NewSession => f.write_str("setsid()"),
            Op::Landlock { .. } => f.write_str("landlock_restrict_self()"),
            Op::OpenTerminal { .. } => f.write_str("open(\"/dev/pts/ptmx\", O_RDWR|O_NOCTTY)"),
            Op::TakeTerminal { .. } => f.write_str("ioctl(terminal, TIOCSPGRP)"),
            Op::Redirect { fd, stream } => write!(f, "dup3({fd}, {stream})"),
            Op::ResetSignals => f.write_str("rt_sigaction(SIG_DFL)"),
            Op::CloseOnExec => f.write_str("close_range(3, ~0, CLOSE_RANGE_CLOEXEC)"),
            Op::Seccomp { program, .. } => {
                write!(f, "seccomp(SECCOMP_SET_MODE_FILTER, {} instructions)", program.len())
            }
            Op::ProveMount { flags, .. } => write!(f, "the mount does not have the flags {}", flag_words(*flags)),
            Op::ProveRoot { flags } => write!(f, "the root does not have the flags {}", flag_words(*flags)),
            Op::ProveIds { uid, gid, groups } => write!(
                f,
                "the process does not have user {uid}, group {gid} and {} other groups",
                groups.as_ref().map_or(0, Vec::len)
            ),
            Op::ProveCapabilities { keep, ambient, .. } => {
                write!(f, "the process does not have the capabilities {keep:#x}, ambient {ambient:#x}, and no others")
            }
            Op::ProveNoNewPrivs => f.write_str("the process may still gain privileges by exec"),
            Op::ProveRlimit { name, soft, hard, .. } => {
                write!(f, "the kernel does not keep the limit {name} at {soft}, hard {hard}")
            }
            Op::ProveSeccomp => f.write_str("the system call filter is not in force"),
            Op::Exec { candidates } => match candidates.as_slice() {
                [one] => write!(f, "execve({one:?})"),
                many => write!(f, "execve({:?})", many.iter().map(|path| path.to_string_lossy()).collect::<Vec<_>>()),
            },
        }
    }
}
