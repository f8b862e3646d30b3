//! The last use of the heap: a plan becomes operations with C strings and descriptors, ready for the child.

mod files;
mod identity;
mod root;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests;

use std::ffi::{CString, OsStr};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use super::op::{Missing, Op, Place, Slot};
use super::sys::MountAttr;
use super::sys::terminal::{Modes, Size};
use crate::plan::userns::IdRange;
use crate::plan::{Action, Namespace, Origin, Phase, Plan, sysctl};

pub(super) use files::{LINKS, NODES};
pub(super) use identity::LANDLOCK_FILE;

/// Descriptors that were opened for the child before it is made.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// `tasks` of each v1 cgroup; empty on v2, where the child is born in its cgroup.
    pub(super) tasks: Vec<i32>,
    /// Namespaces to enter, by step.
    pub(super) namespaces: Vec<(usize, i32)>,
    /// Standard streams to replace.
    pub(super) streams: [Option<i32>; 3],
    /// True where the parent opens mounts: as root with a user namespace, in which the child could not reach them.
    pub(super) parent_opens: bool,
    /// A /dev that the parent has made.
    pub(super) dev: Option<i32>,
    /// The highest capability of this kernel.
    pub(super) last_capability: u32,
    /// Size and modes of the caller's terminal, for the container's own.
    pub(super) terminal: (Size, Option<Modes>),
}

/// A mount that the parent makes and sends, in the order in which the child asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeRequest {
    pub(super) path: CString,
    pub(super) recursive: bool,
    pub(super) attr: u64,
    pub(super) propagation: u64,
    pub(super) idmapped: bool,
    /// Number of the device node that it must be.
    pub(super) device: Option<(u32, u32)>,
    pub(super) step: usize,
}

/// What the child runs.
#[derive(Debug)]
pub(super) struct Program {
    ops: Vec<Op>,
    steps: Vec<usize>,
    setup_len: usize,
    init: bool,
    die_with_parent: bool,
    time_namespace: bool,
    requests: Vec<TreeRequest>,
    account: (u32, u32),
    argv: Vec<*const libc::c_char>,
    envp: Vec<*const libc::c_char>,
    _strings: Vec<CString>,
}

impl Program {
    /// Returns all operations.
    pub(super) fn ops(&self) -> &[Op] {
        &self.ops
    }

    /// Returns how many operations are done before the command's own process is made.
    pub(super) fn setup_len(&self) -> usize {
        self.setup_len
    }

    /// Says whether launch's own init is pid 1.
    pub(super) fn init(&self) -> bool {
        self.init
    }

    /// Returns the number of the step that an operation belongs to.
    pub(super) fn step_of(&self, op: usize) -> Option<usize> {
        self.steps.get(op).copied()
    }

    /// Says whether the container dies with the supervisor.
    pub(super) fn die_with_parent(&self) -> bool {
        self.die_with_parent
    }

    /// Says whether the command enters a time namespace.
    pub(super) fn time_namespace(&self) -> bool {
        self.time_namespace
    }

    /// Returns user and group of the command, which init takes too.
    pub(super) fn account(&self) -> (u32, u32) {
        self.account
    }

    /// Returns the mounts that the parent sends.
    pub(super) fn requests(&self) -> &[TreeRequest] {
        &self.requests
    }

    /// Returns argv for execve(2).
    pub(super) fn argv(&self) -> *const *const libc::c_char {
        self.argv.as_ptr()
    }

    /// Returns envp for execve(2).
    pub(super) fn envp(&self) -> *const *const libc::c_char {
        self.envp.as_ptr()
    }
}

/// A program while it is being made.
pub(super) struct Compiler<'a> {
    prepared: &'a Prepared,
    plan: &'a Plan,
    ops: Vec<Op>,
    steps: Vec<usize>,
    requests: Vec<TreeRequest>,
    /// The step whose operations are being made.
    step: usize,
    /// Number of the next directory of the scratch file system.
    scratch: usize,
    user_namespace: bool,
}

/// Makes the program of a plan.
pub(super) fn compile(plan: &Plan, prepared: &Prepared) -> Program {
    let mut compiler = Compiler {
        prepared,
        plan,
        ops: Vec::with_capacity(plan.steps.len() * 3),
        steps: Vec::with_capacity(plan.steps.len() * 3),
        requests: Vec::new(),
        step: 0,
        scratch: 0,
        user_namespace: plan.has_new(Namespace::User),
    };
    compiler.begin();
    let command = plan.steps.iter().position(|step| step.phase >= Phase::Limits).unwrap_or(plan.steps.len());
    for (number, step) in plan.numbered().take(command) {
        compiler.step = number;
        compiler.setup(&step.action);
    }
    compiler.finish_setup();
    let setup_len = compiler.ops.len();
    compiler.session();
    compiler.join_cgroup();
    for (number, step) in plan.numbered().skip(command) {
        compiler.step = number;
        compiler.command(&step.action);
    }
    let (argv, envp, strings) = strings(plan);
    Program {
        ops: compiler.ops,
        steps: compiler.steps,
        setup_len,
        init: plan.lifecycle.init,
        die_with_parent: plan.lifecycle.die_with_parent,
        time_namespace: plan.has_new(Namespace::Time),
        requests: compiler.requests,
        account: identity::account(plan),
        argv,
        envp,
        _strings: strings,
    }
}

impl Compiler<'_> {
    fn push(&mut self, op: Op) {
        self.ops.push(op);
        self.steps.push(self.step);
    }

    /// What is done with all privileges of the user namespace, before the command's process is made.
    fn setup(&mut self, action: &Action) {
        match action {
            Action::MapIds { uid, gid, .. } => self.await_maps(uid, gid),
            Action::JoinNamespace { namespace, path } => self.join_namespace(*namespace, path),
            Action::NewNamespace { namespace: Namespace::Time } => {
                self.push(Op::Unshare { flags: 0x80, name: "CLONE_NEWTIME" });
            }
            Action::MakePrivate => self.push(Op::MakePrivate),
            Action::SetHostname { name } => self.push(Op::SetHostname(c_string(name))),
            Action::SetDomainname { name } => self.push(Op::SetDomainname(c_string(name))),
            Action::LoopbackUp => self.push(Op::LoopbackUp),
            Action::SetTimeOffsets { monotonic, boottime } => {
                let data = format!("monotonic {monotonic} 0\nboottime {boottime} 0\n").into_bytes();
                self.write_own(Op::Write { path: c"/proc/self/timens_offsets".into(), data });
            }
            Action::BuildRoot(root) => self.build_root(root),
            Action::Mount(mount) => self.mount(mount),
            Action::Sysctl { name, value } => {
                let path = c_string(&format!("sys/{}", sysctl::path(name)));
                let optional = matches!(self.plan.steps[self.step].origin, Origin::Default);
                self.push(Op::Sysctl { path, value: value.clone().into_bytes(), optional });
            }
            Action::Mask { path } => self.push(Op::Mask { at: in_root(path) }),
            Action::Readonly { path } => self.push(Op::ReadonlyWithin { at: in_root(path) }),
            Action::EnterRoot { readonly } => self.enter_root(*readonly),
            Action::OpenTerminal => self.open_terminal(),
            _ => {}
        }
    }

    /// Root outside has no id inside: what it made would belong to nobody. The change of user clears the death signal.
    fn await_maps(&mut self, uid: &[IdRange], gid: &[IdRange]) {
        self.push(Op::AwaitParent);
        if !self.prepared.parent_opens {
            return;
        }
        let first = |ranges: &[IdRange]| ranges.iter().map(|range| range.container).min().unwrap_or(0);
        self.push(Op::SetGid(first(gid)));
        self.push(Op::SetUid(first(uid)));
        if self.plan.lifecycle.die_with_parent {
            self.push(Op::DieWithParent);
        }
    }

    fn join_namespace(&mut self, namespace: Namespace, path: &Path) {
        let prepared = self.prepared.namespaces.iter().find(|(step, _)| *step == self.step);
        if let Some((_, fd)) = prepared {
            self.push(Op::SetNs { fd: *fd, flag: clone_flag(namespace), path: path_string(path) });
        }
    }

    fn join_cgroup(&mut self) {
        for tasks in &self.prepared.tasks {
            self.push(Op::JoinCgroup { tasks: *tasks });
        }
        if !self.prepared.tasks.is_empty() && self.plan.has_new(Namespace::Cgroup) {
            self.push(Op::Unshare { flags: 0x0200_0000, name: "CLONE_NEWCGROUP" });
        }
    }
}

/// Returns the flag of clone3(2), unshare(2) and setns(2) for a namespace.
pub(super) fn clone_flag(namespace: Namespace) -> i32 {
    match namespace {
        Namespace::User => libc::CLONE_NEWUSER,
        Namespace::Mount => libc::CLONE_NEWNS,
        Namespace::Pid => libc::CLONE_NEWPID,
        Namespace::Ipc => libc::CLONE_NEWIPC,
        Namespace::Uts => libc::CLONE_NEWUTS,
        Namespace::Network => libc::CLONE_NEWNET,
        Namespace::Cgroup => libc::CLONE_NEWCGROUP,
        Namespace::Time => libc::CLONE_NEWTIME,
    }
}

/// Makes a C string; the plan has refused NUL bytes, so nothing is cut off.
pub(super) fn c_string(text: &str) -> CString {
    c_bytes(text.as_bytes())
}

fn c_bytes(bytes: &[u8]) -> CString {
    let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    CString::new(&bytes[..end]).unwrap_or_default()
}

/// Makes a C string of a path.
pub(super) fn path_string(path: &Path) -> CString {
    c_bytes(path.as_os_str().as_bytes())
}

/// A path inside the root, relative to it.
fn relative(path: &str) -> CString {
    c_string(path.trim_start_matches('/'))
}

/// A place inside the root.
fn in_root(path: &str) -> Place {
    Place { below: Slot::Root, path: relative(path), no_links: false }
}

/// What must be made, one name after the other, where a path does not exist.
fn missing(path: &str) -> Vec<Missing> {
    let mut parent = PathBuf::new();
    let mut parts = Vec::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        parts.push(Missing { parent: path_string(&parent), name: c_string(name) });
        parent.push(OsStr::new(name));
    }
    parts
}

/// The attributes of mount flags (mount_setattr(2)).
fn attributes(flags: crate::plan::mounts::MountFlags) -> u64 {
    let all = [
        (flags.readonly, libc::MOUNT_ATTR_RDONLY),
        (flags.nosuid, libc::MOUNT_ATTR_NOSUID),
        (flags.nodev, libc::MOUNT_ATTR_NODEV),
        (flags.noexec, libc::MOUNT_ATTR_NOEXEC),
    ];
    all.into_iter().filter(|(set, _)| *set).fold(0, |attr, (_, bit)| attr | bit)
}

fn set(attr: u64) -> MountAttr {
    MountAttr { set: attr, ..MountAttr::default() }
}

type Strings = (Vec<*const libc::c_char>, Vec<*const libc::c_char>, Vec<CString>);

/// Makes argv and envp. The pointers lead into the returned strings, whose bytes do not move with their owner.
fn strings(plan: &Plan) -> Strings {
    let argv: Vec<CString> = plan
        .steps
        .iter()
        .find_map(|step| if let Action::Exec { argv, .. } = &step.action { Some(argv) } else { None })
        .into_iter()
        .flatten()
        .map(|argument| c_bytes(argument.as_bytes()))
        .collect();
    let pair =
        |(name, value): &(String, crate::plan::RawString)| c_bytes(&[name.as_bytes(), b"=", value.as_bytes()].concat());
    let envp: Vec<CString> = plan.env.iter().map(pair).collect();
    let pointers =
        |strings: &[CString]| strings.iter().map(|string| string.as_ptr()).chain([std::ptr::null()]).collect();
    (pointers(&argv), pointers(&envp), argv.into_iter().chain(envp).collect())
}
