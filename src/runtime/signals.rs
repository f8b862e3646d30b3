//! The supervisor's signals: blocked from before the child is made, and read from a descriptor.

use std::os::fd::{AsFd, BorrowedFd};

use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use rustix::io::Errno;

use super::failure::{Failure, FailureKind};
use super::sys;

/// Signals that are read: those that are passed on, and Ctrl-Z.
const READ: [Signal; 9] = [
    Signal::SIGTERM,
    Signal::SIGINT,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
    Signal::SIGCONT,
    Signal::SIGWINCH,
    Signal::SIGTSTP,
];

/// All signals blocked, those of [`READ`] readable from a descriptor; the mask is restored at the end.
pub(super) struct Signals {
    descriptor: SignalFd,
    before: u64,
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

/// A signal that came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Its number.
    pub(super) number: i32,
    /// True where the terminal sent it: then it was meant for a whole process group.
    pub(super) keyboard: bool,
    /// Who sent it.
    pub(super) sender: Sender,
}

impl Signals {
    /// Blocks all signals: before anything is made that one of them could leave behind.
    pub(super) fn block() -> Result<Signals, Failure> {
        // A caller that ignores SIGCHLD passes that on: the kernel would then reap our child, and tell nobody.
        sys::default_child_action();
        let before = sys::set_signal_mask(u64::MAX)
            .map_err(|errno| Failure::new(FailureKind::Call, "sigprocmask(SIG_SETMASK)", errno))?;
        let wanted: SigSet = READ.into_iter().collect();
        match SignalFd::with_flags(&wanted, SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK) {
            Ok(descriptor) => Ok(Signals { descriptor, before }),
            Err(errno) => {
                let _ = sys::set_signal_mask(before);
                Err(Failure::new(FailureKind::Call, "signalfd()", Errno::from_raw_os_error(errno as i32)))
            }
        }
    }

    /// Takes the next signal.
    pub(super) fn next(&self) -> Option<Arrived> {
        let info = self.descriptor.read_signal().ok().flatten()?;
        let number = info.ssi_signo.cast_signed();
        let sender = Sender { signal: number, pid: info.ssi_pid, uid: info.ssi_uid };
        Some(Arrived { number, keyboard: info.ssi_code > 0, sender })
    }

    pub(super) fn descriptor(&self) -> BorrowedFd<'_> {
        self.descriptor.as_fd()
    }
}

impl Drop for Signals {
    /// What came too late to be passed on does not kill launch instead: how the command ended is still to be told.
    fn drop(&mut self) {
        while self.next().is_some() {}
        let _ = sys::set_signal_mask(self.before);
    }
}
