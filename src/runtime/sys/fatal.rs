//! The last thing that a dying supervisor does: it gives the caller's terminal back its modes.

use std::os::fd::{BorrowedFd, RawFd};
use std::sync::atomic::{AtomicPtr, Ordering};

use super::terminal::{self, Modes};

/// Signals of a fault, and of abort(3), which a panic ends in. All others stay blocked.
const FATAL: [i32; 7] =
    [libc::SIGABRT, libc::SIGSEGV, libc::SIGBUS, libc::SIGILL, libc::SIGFPE, libc::SIGSYS, libc::SIGTRAP];

struct Saved {
    fd: RawFd,
    modes: Modes,
}

static SAVED: AtomicPtr<Saved> = AtomicPtr::new(std::ptr::null_mut());

/// Remembers the modes of a terminal for the case that this process dies of a fault.
///
/// The memory is never given back: a handler may be reading it. It is a few bytes for each change to raw mode.
pub(in crate::runtime) fn remember(fd: RawFd, modes: Modes) {
    if SAVED.swap(Box::into_raw(Box::new(Saved { fd, modes })), Ordering::AcqRel).is_null() {
        for signal in FATAL {
            let action = libc::sigaction {
                sa_sigaction: restore as *const () as usize,
                // SAFETY: an empty set is all zeroes.
                sa_mask: unsafe { std::mem::zeroed() },
                // The second time, the default action.
                sa_flags: libc::SA_RESETHAND,
                sa_restorer: None,
            };
            // SAFETY: the handler makes three system calls and touches nothing but `SAVED`.
            unsafe { libc::sigaction(signal, &raw const action, std::ptr::null_mut()) };
        }
        unblock();
    }
}

/// Also where another process sends one of them, the handler runs.
fn unblock() {
    // SAFETY: an empty set is all zeroes; the set lives over the calls.
    unsafe {
        let mut set: libc::sigset_t = std::mem::zeroed();
        for signal in FATAL {
            libc::sigaddset(&raw mut set, signal);
        }
        libc::pthread_sigmask(libc::SIG_UNBLOCK, &raw const set, std::ptr::null_mut());
    }
}

extern "C" fn restore(signal: i32) {
    let saved = SAVED.load(Ordering::Acquire);
    // SAFETY: what was stored there is never freed nor changed.
    if let Some(saved) = unsafe { saved.as_ref() } {
        // SAFETY: the descriptor stays open as long as the terminal is raw; a closed one is refused by the kernel.
        let _ = terminal::set_modes(unsafe { BorrowedFd::borrow_raw(saved.fd) }, &saved.modes);
    }
    // Blocked until the handler returns; then the default action, also where no fault happens again.
    let _ = super::kill(rustix::process::getpid().as_raw_nonzero().get(), signal);
}
