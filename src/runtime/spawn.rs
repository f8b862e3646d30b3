//! The parent's side of a launch: cgroup, process, maps; then the supervision, and the clean-up on every path.
#![allow(unsafe_code, reason = "a fence file: clone3(2) with a child that shares our memory")]

use std::ffi::c_void;
use std::os::fd::{AsFd, AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use rustix::io::Errno;
use rustix::net::{AddressFamily, SocketFlags, SocketType};

use super::cgroup::{Cgroup, Usage};
use super::child::{self, Start};
use super::failure::{Failure, FailureKind};
use super::idmap;
use super::message::{self, Message};
use super::op::Op;
use super::program::{Prepared, Program, clone_flag, compile};
use super::prove;
use super::signals::{Sender, Signals};
use super::strays::Strays;
use super::supervise::{self, Container, Ended};
use super::sys::terminal::Size;
use super::sys::{self, CloneArgs, Stack, clone3};
use super::terminal;
use crate::plan::host::Host;
use crate::plan::mounts::Placed;
use crate::plan::stdio::Stream;
use crate::plan::userns::IdRange;
use crate::plan::{Action, Namespace, Plan};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How the command ended.
    pub exit: Exit,
    /// True where the timeout ended it.
    pub timed_out: bool,
    /// The last signal that was passed on to it.
    pub passed_on: Option<Sender>,
    /// True where launch itself killed it, after it did not stop.
    pub killed: bool,
    /// Limits that were hit, and what was used.
    pub usage: Usage,
}

/// How much is looked at when a run has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Watch {
    /// Which limits were hit.
    #[default]
    Hits,
    /// What was used, too.
    Usage,
}

/// How the command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// It exited with this code.
    Code(i32),
    /// A signal killed it.
    Signal(i32),
}

/// Carries a plan out, and waits for the end of the command.
///
/// # Errors
/// When a step fails; then nothing of the container is left.
pub fn run(plan: &Plan, host: &Host, watch: Watch) -> Result<Outcome, Failure> {
    // From here on no signal ends this process before everything is removed again.
    let signals = Signals::block()?;
    let cgroup = Cgroup::create(plan, &host.cgroup)?;
    let _strays = (!plan.has_new(Namespace::Pid)).then(Strays::adopt);
    let opened = Opened::open(plan, host)?;
    let prepared = Prepared {
        tasks: cgroup.as_ref().map(Cgroup::tasks).unwrap_or_default(),
        namespaces: opened.namespaces.iter().map(|(step, fd)| (*step, fd.as_raw_fd())).collect(),
        streams: opened.streams.each_ref().map(|fd| fd.as_ref().map(AsRawFd::as_raw_fd)),
        parent_opens: host.uid == 0 && plan.has_new(Namespace::User),
        dev: opened.dev.as_ref().map(AsRawFd::as_raw_fd),
        last_capability: host.last_capability,
        terminal: if plan.terminal() { terminal::template() } else { (Size::default(), None) },
    };
    let program = compile(plan, &prepared);
    let outcome = launch(plan, host, &program, cgroup.as_ref(), &signals, watch);
    // A child on our memory has made it unreadable for others; a later launch of this process writes its maps as before.
    let _ = sys::prctl(libc::PR_SET_DUMPABLE, 1, 0);
    drop(opened);
    outcome
}

/// Descriptors that are opened before the child is made.
struct Opened {
    namespaces: Vec<(usize, OwnedFd)>,
    streams: [Option<OwnedFd>; 3],
    dev: Option<OwnedFd>,
}

impl Opened {
    fn open(plan: &Plan, host: &Host) -> Result<Opened, Failure> {
        let mut namespaces = Vec::new();
        for (number, step) in plan.numbered() {
            if let Action::JoinNamespace { path, .. } = &step.action {
                let file = std::fs::File::open(path).map_err(|error| {
                    failed(format!("open({:?})", path.display().to_string()), &error).of_step(number)
                })?;
                namespaces.push((number, file.into()));
            }
        }
        let mut streams = [const { None }; 3];
        for (stream, (slot, wanted)) in streams.iter_mut().zip(&plan.stdio.streams).enumerate() {
            *slot = open_stream(stream, wanted)?;
            refuse_directory(stream, slot.as_ref())?;
        }
        Ok(Opened { namespaces, streams, dev: own_dev(plan, host) })
    }
}

/// Makes /dev where the caller may make nodes; where he may not, the child binds the host's.
fn own_dev(plan: &Plan, host: &Host) -> Option<OwnedFd> {
    const CAP_MKNOD: u32 = 27;
    let wanted = plan
        .steps
        .iter()
        .any(|step| matches!(&step.action, Action::Mount(mount) if matches!(mount.what, Placed::Dev { .. })));
    if !wanted || host.uid != 0 || host.capabilities >> CAP_MKNOD & 1 == 0 {
        return None;
    }
    let maps = plan
        .steps
        .iter()
        .find_map(|step| if let Action::MapIds { uid, gid, .. } = &step.action { Some((uid, gid)) } else { None });
    let outside = |ranges: &[IdRange]| ranges.iter().min_by_key(|range| range.container).map_or(0, |range| range.host);
    let (uid, gid) = maps.map_or((0, 0), |(uid, gid)| (outside(uid), outside(gid)));
    super::dev::make(uid, gid, plan.terminal()).ok()
}

/// A directory of the host as a standard stream would be a way out of the root: fchdir(2), openat(2).
fn refuse_directory(number: usize, stream: Option<&OwnedFd>) -> Result<(), Failure> {
    let stat = match (stream, number) {
        (Some(stream), _) => rustix::fs::fstat(stream),
        (None, 0) => rustix::fs::fstat(std::io::stdin()),
        (None, 1) => rustix::fs::fstat(std::io::stdout()),
        (None, _) => rustix::fs::fstat(std::io::stderr()),
    };
    match stat.map(|stat| rustix::fs::FileType::from_raw_mode(stat.st_mode)) {
        Ok(rustix::fs::FileType::Directory) => {
            let name = ["standard input", "standard output", "standard error"].get(number).unwrap_or(&"a stream");
            let call = format!("{name} is a directory of the host, through which the command could leave its root");
            Err(Failure::new(FailureKind::Call, call, Errno::ISDIR))
        }
        _ => Ok(()),
    }
}

fn open_stream(number: usize, stream: &Stream) -> Result<Option<OwnedFd>, Failure> {
    let path = match stream {
        Stream::Inherit => return Ok(None),
        Stream::Null => std::path::Path::new("/dev/null"),
        Stream::File(path) => path,
    };
    let mut options = std::fs::OpenOptions::new();
    if number == 0 {
        options.read(true)
    } else {
        options.write(true).create(true).truncate(true).mode(0o644)
    };
    let file = options
        .custom_flags(libc::O_NOCTTY)
        .open(path)
        .map_err(|error| failed(format!("open({:?})", path.display().to_string()), &error))?;
    Ok(Some(file.into()))
}

fn failed(call: String, error: &std::io::Error) -> Failure {
    Failure::new(FailureKind::Call, call, Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// Makes the child, serves it, waits for it.
fn launch(
    plan: &Plan,
    host: &Host,
    program: &Program,
    cgroup: Option<&Cgroup>,
    signals: &Signals,
    watch: Watch,
) -> Result<Outcome, Failure> {
    let (ours, theirs) =
        rustix::net::socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)
            .map_err(|errno| Failure::new(FailureKind::Call, "socketpair(AF_UNIX, SOCK_SEQPACKET)", errno))?;
    sys::name_process(&plan.name);
    let mut stack = Stack::new();
    let start = Start { program, channel: theirs.as_raw_fd(), parent_end: ours.as_raw_fd() };
    let mut pidfd: i32 = -1;
    let mut args = CloneArgs {
        flags: flags(plan, cgroup),
        exit_signal: 17,
        pidfd: std::ptr::from_mut(&mut pidfd) as u64,
        ..CloneArgs::default()
    };
    stack.use_for(&mut args);
    if let Some(directory) = cgroup.and_then(Cgroup::directory) {
        args.flags |= CLONE_INTO_CGROUP;
        args.cgroup = u64::try_from(directory).unwrap_or(u64::MAX);
    }
    // SAFETY: `child::start` does not return and keeps to the rules of a child. `start`, the program and the stack live to the
    // end of this function, which waits for the child on every path (`Guard`).
    let pid = unsafe { clone3(&args, child::start, std::ptr::from_ref(&start).cast::<c_void>()) }
        .map_err(|errno| clone_failure(plan, errno))?;
    // SAFETY: clone3 has stored a new descriptor there, which nobody else knows.
    let guard = Guard { pidfd: unsafe { OwnedFd::from_raw_fd(pidfd) }, waited: false };
    drop(theirs);
    finish(plan, host, program, cgroup, guard, pid, &ours, signals, watch)
}

const CLONE_INTO_CGROUP: u64 = 0x2_0000_0000;

/// Namespaces of clone3(2). A v1 cgroup is joined by the command, so its cgroup namespace is made there too.
fn flags(plan: &Plan, cgroup: Option<&Cgroup>) -> u64 {
    let joins_later = cgroup.is_some_and(|cgroup| cgroup.directory().is_none());
    let mut flags = u64::from(libc::CLONE_PIDFD.cast_unsigned());
    for step in &plan.steps {
        if let Action::NewNamespace { namespace } = step.action
            && namespace != Namespace::Time
            && !(namespace == Namespace::Cgroup && joins_later)
        {
            flags |= u64::from(clone_flag(namespace).cast_unsigned());
        }
    }
    // A cgroup that kills as a group would kill every process on this memory, the supervisor too; in v1 init stays outside.
    // Without an init the command itself is in the group while it still runs on this memory.
    let init_outside = cgroup.is_none_or(|cgroup| cgroup.directory().is_none() && plan.lifecycle.init);
    if init_outside {
        flags |= u64::from(libc::CLONE_VM.cast_unsigned());
    }
    flags
}

fn clone_failure(plan: &Plan, errno: Errno) -> Failure {
    let user = plan.has_new(Namespace::User);
    let step = plan.steps.iter().position(
        |step| matches!(step.action, Action::NewNamespace { namespace } if namespace == Namespace::User || !user),
    );
    let names: Vec<&str> = plan
        .steps
        .iter()
        .filter_map(
            |step| if let Action::NewNamespace { namespace } = step.action { Some(namespace.as_str()) } else { None },
        )
        .collect();
    let failure = Failure::new(FailureKind::Clone, format!("clone3(new namespaces: {})", names.join(" ")), errno);
    match step {
        Some(step) => failure.of_step(step),
        None => failure,
    }
}

/// A child that is killed and waited for when its launch ends early.
struct Guard {
    pidfd: OwnedFd,
    waited: bool,
}

impl Drop for Guard {
    fn drop(&mut self) {
        if !self.waited {
            let _ = rustix::process::pidfd_send_signal(self.pidfd.as_fd(), rustix::process::Signal::KILL);
            let _ = supervise::wait(self.pidfd.as_fd());
        }
    }
}

#[expect(clippy::too_many_arguments, reason = "the parts of one launch, each made once")]
fn finish(
    plan: &Plan,
    host: &Host,
    program: &Program,
    cgroup: Option<&Cgroup>,
    mut guard: Guard,
    pid: i32,
    channel: &OwnedFd,
    signals: &Signals,
    watch: Watch,
) -> Result<Outcome, Failure> {
    if let Err(failure) = idmap::serve(plan, host, program, pid, channel.as_fd()) {
        return Err(reported(program, channel).unwrap_or(failure));
    }
    // The child is at work now; the parent has nothing to do but wait.
    if let Some(cgroup) = cgroup {
        cgroup.sweep();
    }
    let container = Container { plan, pid, pidfd: guard.pidfd.as_fd(), channel: channel.as_fd(), cgroup };
    let Ended { status, timed_out, passed_on, killed, said } = supervise::run(&container, signals)?;
    guard.waited = true;
    let exit = match (said, status) {
        (Some(Message::Failed(op, errno)), _) => return Err(failure_of(program, op, errno)),
        (Some(Message::Ended(status)), _) => supervise::exit_of(status),
        // Init never ends without a word, unless it is killed.
        (_, Exit::Code(code)) if plan.lifecycle.init => {
            return Err(Failure::new(
                FailureKind::Call,
                format!("init ended with {code} and did not say why"),
                Errno::CHILD,
            ));
        }
        (_, status) => status,
    };
    Ok(Outcome { exit, timed_out, passed_on, killed, usage: usage(plan, cgroup, watch) })
}

/// Reads the counters; without a cgroup that counts processor time, those of the processes that were waited for.
fn usage(plan: &Plan, cgroup: Option<&Cgroup>, watch: Watch) -> Usage {
    let mut usage = Usage::default();
    if let Some(cgroup) = cgroup {
        usage.hits = cgroup.hits(plan);
        if watch == Watch::Usage {
            cgroup.measure(&mut usage);
        }
    }
    if watch == Watch::Usage
        && usage.cpu_user_us.is_none()
        && let Ok(waited) = nix::sys::resource::getrusage(nix::sys::resource::UsageWho::RUSAGE_CHILDREN)
    {
        let microseconds = |time: nix::sys::time::TimeVal| {
            u64::try_from(nix::sys::time::TimeValLike::num_microseconds(&time)).unwrap_or(0)
        };
        usage.cpu_user_us = Some(microseconds(waited.user_time()));
        usage.cpu_system_us = Some(microseconds(waited.system_time()));
    }
    usage
}

fn reported(program: &Program, channel: &OwnedFd) -> Option<Failure> {
    match message::take(channel.as_fd())? {
        (Message::Failed(op, errno), _) => Some(failure_of(program, op, errno)),
        _ => None,
    }
}

fn failure_of(program: &Program, op: usize, errno: i32) -> Failure {
    let found = program.ops().get(op);
    let kind = match found {
        Some(Op::Exec { .. } | Op::NoMagicLinks { .. }) => FailureKind::Exec,
        Some(
            Op::OpenTree { .. }
            | Op::OpenDevice { .. }
            | Op::NewFilesystem { .. }
            | Op::SetAttr { .. }
            | Op::Attach { .. }
            | Op::AttachOverHost { .. },
        ) => FailureKind::Mount,
        _ => FailureKind::Call,
    };
    let differs = found.is_some_and(Op::proves) && errno == prove::DIFFERS.raw_os_error();
    let kind = if differs { FailureKind::Differs } else { kind };
    let call = found.map_or_else(|| "an unknown operation".to_owned(), ToString::to_string);
    Failure { call, errno, step: program.step_of(op), kind }
}
