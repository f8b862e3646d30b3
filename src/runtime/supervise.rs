//! The supervisor: waits for the end of the container, forwards signals, keeps the time.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::{Duration, Instant};

use nix::sys::signal::Signal as NixSignal;
use nix::sys::signal::{SigSet, SigmaskHow, pthread_sigmask};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use super::cgroup::Cgroup;
use super::failure::{Failure, FailureKind};
use super::spawn::Exit;
use crate::plan::Plan;

/// Signals that are passed on to the command.
const FORWARDED: [NixSignal; 8] = [
    NixSignal::SIGTERM,
    NixSignal::SIGINT,
    NixSignal::SIGHUP,
    NixSignal::SIGQUIT,
    NixSignal::SIGUSR1,
    NixSignal::SIGUSR2,
    NixSignal::SIGCONT,
    NixSignal::SIGWINCH,
];

/// All signals blocked, those that are forwarded readable from a descriptor; the mask is restored at the end.
pub(super) struct Signals {
    descriptor: SignalFd,
    before: SigSet,
}

impl Signals {
    /// Blocks all signals: before the child is made, so that none is lost and none runs a handler in the child.
    pub(super) fn block() -> Result<Signals, Failure> {
        let failed = |call: &str, errno: nix::errno::Errno| {
            Failure::new(FailureKind::Call, call, Errno::from_raw_os_error(errno as i32))
        };
        let mut before = SigSet::empty();
        pthread_sigmask(SigmaskHow::SIG_SETMASK, Some(&SigSet::all()), Some(&mut before))
            .map_err(|errno| failed("sigprocmask(SIG_SETMASK)", errno))?;
        let wanted: SigSet = FORWARDED.into_iter().collect();
        match SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) {
            Ok(descriptor) => Ok(Signals { descriptor, before }),
            Err(errno) => {
                let _ = before.thread_set_mask();
                Err(failed("signalfd()", errno))
            }
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        let _ = self.before.thread_set_mask();
    }
}

/// Who sent a signal that was passed on to the command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sender {
    /// The signal.
    pub signal: i32,
    /// Process that sent it to launch; 0 for the kernel, as at the interrupt key of a terminal.
    pub pid: u32,
    /// User of that process.
    pub uid: u32,
}

/// The end of the container.
pub(super) struct Ended {
    pub(super) status: Exit,
    pub(super) timed_out: bool,
    /// The last signal that was passed on.
    pub(super) passed_on: Option<Sender>,
    /// SIGKILL came from launch itself.
    pub(super) killed: bool,
}

/// Where a stop is.
enum Phase {
    Running { deadline: Option<Instant> },
    Stopping { kill_at: Instant },
    Killed,
}

/// Waits for the end.
pub(super) fn run(
    plan: &Plan,
    pidfd: BorrowedFd<'_>,
    signals: &Signals,
    cgroup: Option<&Cgroup>,
) -> Result<Ended, Failure> {
    let mut supervisor = Supervisor {
        plan,
        pidfd,
        cgroup,
        phase: Phase::Running { deadline: deadline(plan.lifecycle.timeout_ms) },
        timed_out: false,
        interrupts: 0,
        passed_on: None,
    };
    loop {
        let (signalled, ended) = supervisor.poll(signals.descriptor.as_fd())?;
        if signalled {
            while let Ok(Some(info)) = signals.descriptor.read_signal() {
                let signal = info.ssi_signo.cast_signed();
                supervisor.passed_on = Some(Sender { signal, pid: info.ssi_pid, uid: info.ssi_uid });
                supervisor.forward(signal);
            }
        }
        supervisor.keep_time();
        if ended {
            let status = wait(pidfd).map_err(|errno| Failure::new(FailureKind::Call, "waitid(P_PIDFD)", errno))?;
            let Supervisor { timed_out, passed_on, phase, .. } = supervisor;
            return Ok(Ended { status, timed_out, passed_on, killed: matches!(phase, Phase::Killed) });
        }
    }
}

fn deadline(milliseconds: Option<u64>) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_millis(milliseconds?))
}

struct Supervisor<'a> {
    plan: &'a Plan,
    pidfd: BorrowedFd<'a>,
    cgroup: Option<&'a Cgroup>,
    phase: Phase,
    timed_out: bool,
    interrupts: u32,
    passed_on: Option<Sender>,
}

impl Supervisor<'_> {
    /// Waits for a signal, the end, or the next deadline.
    fn poll(&self, signals: BorrowedFd<'_>) -> Result<(bool, bool), Failure> {
        let mut fds =
            [PollFd::from_borrowed_fd(signals, PollFlags::IN), PollFd::from_borrowed_fd(self.pidfd, PollFlags::IN)];
        let timeout = self
            .next()
            .map(|at| at.saturating_duration_since(Instant::now()))
            .and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(errno) => return Err(Failure::new(FailureKind::Call, "poll(signalfd, pidfd)", errno)),
        }
        Ok((!fds[0].revents().is_empty(), !fds[1].revents().is_empty()))
    }

    fn next(&self) -> Option<Instant> {
        match self.phase {
            Phase::Running { deadline } => deadline,
            Phase::Stopping { kill_at } => Some(kill_at),
            Phase::Killed => None,
        }
    }

    /// A second interrupt from the keyboard kills: the first was not enough.
    fn forward(&mut self, signal: i32) {
        if signal == libc::SIGINT {
            self.interrupts += 1;
            if self.interrupts > 1 {
                return self.kill();
            }
        }
        if self.plan.lifecycle.forward_signals {
            self.send(signal);
        } else if matches!(signal, libc::SIGTERM | libc::SIGINT | libc::SIGHUP | libc::SIGQUIT) {
            self.stop();
        }
    }

    fn send(&self, signal: i32) {
        if let Some(signal) = Signal::from_named_raw(signal) {
            let _ = pidfd_send_signal(self.pidfd, signal);
        }
    }

    fn keep_time(&mut self) {
        if self.next().is_none_or(|at| Instant::now() < at) {
            return;
        }
        match self.phase {
            Phase::Running { .. } => {
                self.timed_out = true;
                self.stop();
            }
            Phase::Stopping { .. } => self.kill(),
            Phase::Killed => {}
        }
    }

    /// Asks the command to stop.
    fn stop(&mut self) {
        self.send(self.plan.lifecycle.stop_signal);
        match deadline(Some(self.plan.lifecycle.stop_timeout_ms)) {
            Some(kill_at) => self.phase = Phase::Stopping { kill_at },
            None => self.phase = Phase::Running { deadline: None },
        }
    }

    /// Kills init, and with it the pid namespace, and all that the cgroup holds.
    fn kill(&mut self) {
        self.phase = Phase::Killed;
        let _ = pidfd_send_signal(self.pidfd, Signal::KILL);
        if let Some(cgroup) = self.cgroup {
            cgroup.kill();
        }
    }
}

/// Waits for the end of the process behind a pidfd.
pub(super) fn wait(pidfd: BorrowedFd<'_>) -> Result<Exit, Errno> {
    loop {
        match waitid(WaitId::PidFd(pidfd), WaitIdOptions::EXITED) {
            Ok(Some(status)) => {
                let code = status.exit_status().map(Exit::Code);
                return Ok(code.or_else(|| status.terminating_signal().map(Exit::Signal)).unwrap_or(Exit::Code(125)));
            }
            Ok(None) | Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
}

/// Reads a status of wait(2).
pub(super) fn exit_of(status: i32) -> Exit {
    if libc::WIFSIGNALED(status) { Exit::Signal(libc::WTERMSIG(status)) } else { Exit::Code(libc::WEXITSTATUS(status)) }
}
