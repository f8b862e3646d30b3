//! Operations that give up privileges, and those of the command's own process.

use super::{Compiler, c_bytes, relative};
use crate::plan::landlock::LandlockStep;
use crate::plan::{Action, Namespace, Origin, Plan, capabilities, rlimits};
use crate::runtime::op::Op;

/// Rights that a file can have: execute, write, read, truncate, ioctl on devices (landlock(7)).
pub(in crate::runtime) const LANDLOCK_FILE: u64 = 1 | 1 << 1 | 1 << 2 | 1 << 14 | 1 << 15;
/// Rights of ABI 1 (Linux 5.13), refer of ABI 2, truncate of ABI 3, ioctl on devices of ABI 5.
const LANDLOCK_RIGHTS: [(u32, u64); 4] = [(1, (1 << 13) - 1), (2, 1 << 13), (3, 1 << 14), (5, 1 << 15)];
const LANDLOCK_READ: u64 = 1 << 2 | 1 << 3;
const LANDLOCK_EXEC: u64 = 1;
const LANDLOCK_BIND: u64 = 1;
const LANDLOCK_CONNECT: u64 = 1 << 1;

impl Compiler<'_> {
    /// The first operations of the child.
    pub(super) fn begin(&mut self) {
        self.step = 0;
        // The caller's mask, which may be anything, must not touch the modes of what is made.
        self.push(Op::Umask(0));
        if self.plan.lifecycle.die_with_parent {
            self.push(Op::DieWithParent);
        }
        self.push(Op::NewSession);
    }

    /// What init needs before it makes the command.
    pub(super) fn finish_setup(&mut self) {
        self.push(Op::Dumpable(false));
        if self.plan.lifecycle.init && !self.plan.has_new(Namespace::Pid) {
            self.push(Op::Subreaper);
        }
    }

    /// The command's place: leader of a session of its own, or of the foreground group of init's session, with a terminal.
    pub(super) fn session(&mut self) {
        let init = self.plan.lifecycle.init;
        if self.plan.terminal() {
            self.push(Op::TakeTerminal { own_group: init });
        } else if init {
            self.push(Op::NewSession);
        }
    }

    /// A terminal of the container's own devpts; the modes are those that the caller's has.
    pub(super) fn open_terminal(&mut self) {
        let (owner, _) = account(self.plan);
        let (size, modes) = self.prepared.terminal;
        self.push(Op::OpenTerminal { owner, size, modes });
    }

    /// What the command's own process does, until its exec.
    pub(super) fn command(&mut self, action: &Action) {
        match action {
            Action::SetOomScoreAdj { value } => {
                let data = value.to_string().into_bytes();
                self.write_own(Op::WriteProc { path: c"self/oom_score_adj".into(), data });
            }
            Action::NewKeyring => {
                let optional = matches!(self.plan.steps[self.step].origin, Origin::Default);
                self.push(Op::NewKeyring { optional });
            }
            Action::SetUmask { mask } => self.push(Op::Umask(*mask)),
            Action::SetUser { uid, gid, groups } => self.become_user(*uid, *gid, groups.as_deref()),
            Action::SetCwd { path } => self.push(Op::Chdir(relative(path))),
            Action::SetCapabilities { keep, ambient } => self.capabilities(keep, ambient),
            Action::NoNewPrivs => self.push(Op::NoNewPrivs),
            Action::SetLabel { module, label } => self.label(module, label),
            Action::Exec { candidates, .. } => {
                let candidates = candidates.iter().map(|path| c_bytes(path.as_bytes())).collect();
                self.exec(candidates);
            }
            _ => {}
        }
    }

    /// The bounding set goes before the ids, which take the right to change it along.
    fn become_user(&mut self, uid: u32, gid: u32, groups: Option<&[u32]>) {
        let keep = self.kept();
        self.push(Op::DropBounding { keep, last: self.prepared.last_capability });
        self.push(Op::KeepCapabilities);
        if let Some(groups) = groups {
            self.push(Op::SetGroups(groups.iter().map(|gid| rustix::fs::Gid::from_raw(*gid)).collect()));
        }
        self.push(Op::SetGid(gid));
        self.push(Op::SetUid(uid));
    }

    fn kept(&self) -> u64 {
        let keep =
            self.plan.steps.iter().find_map(|step| {
                if let Action::SetCapabilities { keep, .. } = &step.action { Some(keep) } else { None }
            });
        keep.map_or(0, |keep| capabilities::mask(keep))
    }

    /// What needs capabilities, or descriptors that a resource limit could refuse, comes right before both go.
    fn capabilities(&mut self, keep: &[&'static str], ambient: &[&'static str]) {
        let own = self.step;
        self.push(Op::RaiseCapabilities);
        self.no_magic_links();
        self.step = own;
        self.landlock_and_limits();
        if !self.no_new_privs() {
            self.filter();
        }
        self.step = own;
        self.push(Op::SetCapabilities { keep: capabilities::mask(keep), ambient: capabilities::mask(ambient) });
    }

    fn no_magic_links(&mut self) {
        for (number, step) in self.plan.numbered() {
            if let Action::Exec { candidates, .. } = &step.action {
                self.step = number;
                let candidates = candidates.iter().map(|path| c_bytes(path.as_bytes())).collect();
                self.push(Op::NoMagicLinks { candidates });
            }
        }
    }

    fn no_new_privs(&self) -> bool {
        self.plan.steps.iter().any(|step| step.action == Action::NoNewPrivs)
    }

    fn landlock_and_limits(&mut self) {
        for (number, step) in self.plan.numbered() {
            self.step = number;
            if let Action::Landlock(landlock) = &step.action {
                self.landlock(landlock);
            }
        }
        for (number, step) in self.plan.numbered() {
            self.step = number;
            if let Action::SetRlimit { resource, soft, hard } = &step.action {
                let bound = |value: &Option<u64>| value.unwrap_or(u64::MAX);
                let number = rlimits::number(resource).unwrap_or(usize::MAX);
                self.push(Op::SetRlimit { name: resource, resource: number, soft: bound(soft), hard: bound(hard) });
            }
        }
    }

    fn label(&mut self, module: &str, label: &str) {
        let (path, data) = match module {
            "apparmor" => (c"self/attr/apparmor/exec", format!("exec {label}")),
            _ => (c"self/attr/exec", label.to_owned()),
        };
        self.write_own(Op::WriteProc { path: path.into(), data: data.into_bytes() });
    }

    /// Writes a file of the process's own in /proc: those of a process that is not dumpable belong to root of the host,
    /// whom a user namespace does not know (proc(5), PR_SET_DUMPABLE). Nobody else is there yet who could attach.
    pub(super) fn write_own(&mut self, write: Op) {
        self.push(Op::Dumpable(true));
        self.push(write);
        self.push(Op::Dumpable(false));
    }

    fn filter(&mut self) {
        for (number, step) in self.plan.numbered() {
            if let Action::Seccomp(seccomp) = &step.action {
                self.step = number;
                self.push(Op::Seccomp {
                    program: seccomp.program.instructions.clone(),
                    flags: seccomp.program.flags(),
                });
                // A profile of the file's own may refuse the question.
                if seccomp.profile == "default" && seccomp.deny.is_empty() {
                    self.push(Op::ProveSeccomp);
                }
            }
        }
    }

    /// What was given up is read back from the kernel, in the process that becomes the command.
    fn prove(&mut self) {
        let last = self.prepared.last_capability;
        for (number, step) in self.plan.numbered() {
            self.step = number;
            match &step.action {
                Action::SetUser { uid, gid, groups } => {
                    self.push(Op::ProveIds { uid: *uid, gid: *gid, groups: groups.clone() });
                }
                Action::SetCapabilities { keep, ambient } => {
                    let (keep, ambient) = (capabilities::mask(keep), capabilities::mask(ambient));
                    self.push(Op::ProveCapabilities { keep, ambient, last });
                }
                Action::NoNewPrivs => self.push(Op::ProveNoNewPrivs),
                Action::SetRlimit { resource, soft, hard } => {
                    let bound = |value: &Option<u64>| value.unwrap_or(u64::MAX);
                    let number = rlimits::number(resource).unwrap_or(usize::MAX);
                    let (soft, hard) = (bound(soft), bound(hard));
                    self.push(Op::ProveRlimit { name: resource, resource: number, soft, hard });
                }
                _ => {}
            }
        }
    }

    fn exec(&mut self, candidates: Vec<std::ffi::CString>) {
        let own = self.step;
        for (stream, fd) in (0..).zip(self.prepared.streams) {
            if let Some(fd) = fd {
                self.push(Op::Redirect { fd, stream });
            }
        }
        if self.plan.lifecycle.die_with_parent && (!self.plan.lifecycle.init || !self.plan.has_new(Namespace::Pid)) {
            self.push(Op::DieWithParent);
        }
        self.push(Op::ResetSignals);
        self.push(Op::CloseOnExec);
        self.prove();
        if self.no_new_privs() {
            self.filter();
        }
        self.step = own;
        self.push(Op::Exec { candidates });
    }

    fn landlock(&mut self, step: &LandlockStep) {
        let all = LANDLOCK_RIGHTS.iter().filter(|(abi, _)| step.abi >= *abi).fold(0, |all, (_, rights)| all | rights);
        let rules = [
            (&step.read, LANDLOCK_READ),
            (&step.write, all & !LANDLOCK_EXEC),
            (&step.exec, LANDLOCK_READ | LANDLOCK_EXEC),
        ];
        let paths =
            rules.iter().flat_map(|(paths, access)| paths.iter().map(|path| (relative(path), *access))).collect();
        let mut ports = Vec::new();
        let mut handled_net = 0;
        for (list, access) in [(&step.tcp_bind, LANDLOCK_BIND), (&step.tcp_connect, LANDLOCK_CONNECT)] {
            if let Some(list) = list {
                handled_net |= access;
                ports.extend(list.iter().map(|port| (*port, access)));
            }
        }
        let handled_fs = if step.read.is_empty() && step.write.is_empty() && step.exec.is_empty() { 0 } else { all };
        self.push(Op::Landlock { handled_fs, handled_net, paths, ports });
    }
}

/// Returns user and group of the command.
pub(super) fn account(plan: &Plan) -> (u32, u32) {
    let account = plan
        .steps
        .iter()
        .find_map(|step| if let Action::SetUser { uid, gid, .. } = step.action { Some((uid, gid)) } else { None });
    account.unwrap_or_default()
}
