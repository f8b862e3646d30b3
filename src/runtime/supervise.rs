//! The supervisor: waits for the end of the container, passes signals on, keeps the time, serves its terminal.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{Signal, WaitId, WaitIdOptions, pidfd_send_signal, waitid};

use super::cgroup::Cgroup;
use super::failure::{Failure, FailureKind};
use super::message::{self, Message};
use super::proxy::Proxy;
use super::signals::{Arrived, Sender, Signals};
use super::spawn::Exit;
use super::sys;
use crate::plan::Plan;

/// How often a job in the background looks whether it was brought to the front.
const BACKGROUND: Duration = Duration::from_millis(300);

/// What is supervised.
pub(super) struct Container<'a> {
    pub(super) plan: &'a Plan,
    pub(super) pid: i32,
    pub(super) pidfd: BorrowedFd<'a>,
    pub(super) channel: BorrowedFd<'a>,
    pub(super) cgroup: Option<&'a Cgroup>,
}

/// The end of the container.
pub(super) struct Ended {
    pub(super) status: Exit,
    pub(super) timed_out: bool,
    /// The last signal that was passed on.
    pub(super) passed_on: Option<Sender>,
    /// SIGKILL came from launch itself.
    pub(super) killed: bool,
    /// What init or the child said at the end.
    pub(super) said: Option<Message>,
}

/// Where a stop is.
enum Phase {
    Running { deadline: Option<Instant> },
    Stopping { kill_at: Option<Instant> },
    Killed,
}

/// Waits for the end.
///
/// # Errors
/// When the kernel does not let us wait; the container still runs then.
pub(super) fn run(container: &Container<'_>, signals: &Signals) -> Result<Ended, Failure> {
    let proxy = if container.plan.terminal() {
        Some(Proxy::new().map_err(|errno| Failure::new(FailureKind::Call, "dup(standard streams)", errno))?)
    } else {
        let_go_of_streams();
        None
    };
    let mut supervisor = Supervisor {
        container,
        phase: Phase::Running { deadline: after(container.plan.lifecycle.timeout_ms) },
        timed_out: false,
        interrupted: None,
        passed_on: None,
        stopping_self: false,
        proxy,
        said: None,
    };
    supervisor.watch(signals)?;
    supervisor.listen();
    supervisor.drain(signals)?;
    let status = wait(container.pidfd).map_err(|errno| Failure::new(FailureKind::Call, "waitid(P_PIDFD)", errno))?;
    let Supervisor { timed_out, passed_on, phase, said, .. } = supervisor;
    Ok(Ended { status, timed_out, passed_on, killed: matches!(phase, Phase::Killed), said })
}

/// The command has its own copies: whoever is at the other end of a pipe sees its end when the command closes it, not when
/// launch ends. Standard error stays, for what launch itself has to say.
fn let_go_of_streams() {
    let null = rustix::fs::open(
        "/dev/null",
        rustix::fs::OFlags::RDWR | rustix::fs::OFlags::CLOEXEC,
        rustix::fs::Mode::empty(),
    );
    if let Ok(null) = null {
        let _ = sys::dup_to(null.as_raw_fd(), 0);
        let _ = sys::dup_to(null.as_raw_fd(), 1);
    }
}

fn after(milliseconds: Option<u64>) -> Option<Instant> {
    Instant::now().checked_add(Duration::from_millis(milliseconds?))
}

struct Supervisor<'a> {
    container: &'a Container<'a>,
    phase: Phase,
    timed_out: bool,
    /// When the first interrupt came.
    interrupted: Option<Instant>,
    passed_on: Option<Sender>,
    /// Launch was asked to stop (SIGTSTP), and waits for the command to have stopped.
    stopping_self: bool,
    proxy: Option<Proxy>,
    said: Option<Message>,
}

/// What poll(2) found.
#[derive(Default)]
struct Ready {
    signals: bool,
    ended: bool,
    channel: bool,
    streams: [bool; 3],
}

impl Supervisor<'_> {
    fn watch(&mut self, signals: &Signals) -> Result<(), Failure> {
        loop {
            let ready = self.poll(signals.descriptor(), true)?;
            if ready.signals {
                while let Some(signal) = signals.next() {
                    self.on_signal(signal);
                }
            }
            if ready.channel {
                self.listen();
            }
            if let Some(proxy) = &mut self.proxy {
                proxy.pump(ready.streams);
                proxy.look_for_foreground();
            }
            self.keep_time();
            if ready.ended {
                return Ok(());
            }
        }
    }

    /// Passes on what the command has written to its terminal, as fast as the caller takes it. A signal ends even that.
    fn drain(&mut self, signals: &Signals) -> Result<(), Failure> {
        loop {
            let Some(proxy) = &mut self.proxy else { return Ok(()) };
            proxy.finish();
            if proxy.is_drained() {
                self.proxy = None;
                return Ok(());
            }
            let ready = self.poll(signals.descriptor(), false)?;
            if let Some(proxy) = &mut self.proxy {
                proxy.pump(ready.streams);
            }
            if ready.signals {
                let last = |signal: Arrived| matches!(signal.number, libc::SIGTERM | libc::SIGINT | libc::SIGHUP);
                while let Some(signal) = signals.next() {
                    if last(signal) {
                        self.proxy = None;
                    }
                }
            }
        }
    }

    /// Waits for a signal, the end, a word of the container, its terminal, or the next deadline.
    fn poll(&self, signals: BorrowedFd<'_>, running: bool) -> Result<Ready, Failure> {
        let interest = self.proxy.as_ref().map_or([None; 3], Proxy::interest);
        let fixed = [
            Some((signals, PollFlags::IN)),
            running.then_some((self.container.pidfd, PollFlags::IN)),
            (running && self.listens()).then_some((self.container.channel, PollFlags::IN)),
        ];
        let asked = || fixed.iter().chain(&interest);
        let mut fds: Vec<PollFd<'_>> =
            asked().flatten().map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags)).collect();
        let timeout = self
            .next()
            .map(|at| at.saturating_duration_since(Instant::now()))
            .and_then(|left| Timespec::try_from(left).ok());
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) => {}
            Err(Errno::INTR) => return Ok(Ready::default()),
            Err(errno) => return Err(Failure::new(FailureKind::Call, "poll(signalfd, pidfd)", errno)),
        }
        let mut found = fds.iter().map(|fd| !fd.revents().is_empty());
        let mut ready = asked().map(|asked| asked.is_some() && found.next().unwrap_or(false));
        let mut next = || ready.next().unwrap_or(false);
        Ok(Ready { signals: next(), ended: next(), channel: next(), streams: [next(), next(), next()] })
    }

    /// The channel is read at the end anyway; before, only where something else than the end may be said.
    fn listens(&self) -> bool {
        self.said.is_none() && (self.proxy.is_some() || self.stopping_self)
    }

    fn next(&self) -> Option<Instant> {
        let phase = match self.phase {
            Phase::Running { deadline } => deadline,
            Phase::Stopping { kill_at } => kill_at,
            Phase::Killed => None,
        };
        let look = self
            .proxy
            .as_ref()
            .filter(|proxy| proxy.in_background())
            .and_then(|_| Instant::now().checked_add(BACKGROUND));
        [phase, look].into_iter().flatten().min()
    }

    /// Takes what the container says.
    fn listen(&mut self) {
        while let Some((message, descriptor)) = message::take(self.container.channel) {
            match message {
                Message::Terminal => self.connect(descriptor),
                Message::Stopped => self.stopped(),
                Message::Failed(..) | Message::Ended(_) => {
                    self.said.get_or_insert(message);
                }
            }
        }
    }

    fn connect(&mut self, master: Option<OwnedFd>) {
        if let (Some(proxy), Some(master)) = (&mut self.proxy, master) {
            proxy.connect(master);
        }
    }

    fn on_signal(&mut self, signal: Arrived) {
        let lifecycle = &self.container.plan.lifecycle;
        if !matches!(signal.number, libc::SIGTSTP | libc::SIGCONT | libc::SIGWINCH) {
            self.passed_on = Some(signal.sender);
        }
        match signal.number {
            libc::SIGTSTP => self.suspend(),
            libc::SIGCONT => self.resume(signal),
            libc::SIGWINCH if self.proxy.is_some() => self.resize(),
            libc::SIGINT if self.is_second_interrupt() => self.kill(),
            // Asked to stop: the command is asked as it wants to be asked, and has its time.
            number if number == libc::SIGTERM || number == lifecycle.stop_signal => self.stop(),
            _ if lifecycle.forward_signals => self.send(signal.number, signal.keyboard),
            libc::SIGINT | libc::SIGHUP | libc::SIGQUIT => self.stop(),
            _ => {}
        }
    }

    /// The first was not enough.
    fn is_second_interrupt(&mut self) -> bool {
        let window = Duration::from_millis(self.container.plan.lifecycle.stop_timeout_ms);
        let now = Instant::now();
        let second = self.interrupted.is_some_and(|first| now.duration_since(first) <= window);
        self.interrupted = Some(now);
        second
    }

    fn send(&self, signal: i32, group: bool) {
        if self.container.plan.lifecycle.init {
            let _ = sys::signal_init(self.container.pidfd, signal, group);
        } else if !group || sys::kill(-self.container.pid, signal).is_err() {
            let _ = sys::kill(self.container.pid, signal);
        }
    }

    /// Ctrl-Z without a terminal of the container's own, or `kill -TSTP`: the command first, then launch.
    fn suspend(&mut self) {
        self.send(if self.container.plan.lifecycle.init { libc::SIGTSTP } else { libc::SIGSTOP }, true);
        if self.container.plan.lifecycle.init {
            self.stopping_self = true;
        } else {
            self.stop_self();
        }
    }

    /// The command has stopped: below a terminal launch stops with it, so that the caller's shell goes on.
    fn stopped(&mut self) {
        if self.proxy.is_some() || self.stopping_self {
            self.stopping_self = false;
            self.stop_self();
        }
    }

    /// The whole job stops, as it does without a container. It goes on after SIGCONT.
    fn stop_self(&mut self) {
        if let Some(proxy) = &mut self.proxy {
            proxy.pause();
            // The others of a pipeline had no Ctrl-Z from the terminal, which was raw.
            let _ = sys::kill(0, libc::SIGTSTP);
        }
        let _ = sys::kill(rustix::process::getpid().as_raw_nonzero().get(), libc::SIGSTOP);
    }

    fn resume(&mut self, signal: Arrived) {
        self.stopping_self = false;
        if let Some(proxy) = &mut self.proxy {
            proxy.resume();
        }
        self.send(signal.number, true);
    }

    fn resize(&self) {
        if let Some(proxy) = &self.proxy {
            proxy.resize();
        }
    }

    fn keep_time(&mut self) {
        let over = |at: Option<Instant>| at.is_some_and(|at| Instant::now() >= at);
        match self.phase {
            Phase::Running { deadline } if over(deadline) => {
                self.timed_out = true;
                self.stop();
            }
            Phase::Stopping { kill_at } if over(kill_at) => self.kill(),
            _ => {}
        }
    }

    /// Asks the command to stop; SIGKILL follows. A stopped one is continued, or it would not hear.
    fn stop(&mut self) {
        self.send(self.container.plan.lifecycle.stop_signal, false);
        self.send(libc::SIGCONT, true);
        if let Phase::Running { .. } = self.phase {
            self.phase = Phase::Stopping { kill_at: after(Some(self.container.plan.lifecycle.stop_timeout_ms)) };
        }
    }

    /// Kills init, and with it the pid namespace, and all that the cgroup holds.
    fn kill(&mut self) {
        self.phase = Phase::Killed;
        let _ = pidfd_send_signal(self.container.pidfd, Signal::KILL);
        if let Some(cgroup) = self.container.cgroup {
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
