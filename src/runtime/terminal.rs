//! The caller's side of a terminal: its modes, its size, and whether launch is in its foreground.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{FileType, Mode, OFlags};
use rustix::io::Errno;

use super::sys::terminal::{self, Modes, Size};
use super::sys::{self, fatal};

/// The caller's standard streams, where the container has a terminal of its own.
pub(super) struct Caller {
    input: OwnedFd,
    output: OwnedFd,
    /// Modes as they were found, where the input is a terminal.
    found: Option<Modes>,
    raw: bool,
}

impl Caller {
    /// Takes the caller's standard input and output.
    ///
    /// # Errors
    /// When no descriptor is left.
    pub(super) fn open() -> Result<Caller, Errno> {
        let input = rustix::io::fcntl_dupfd_cloexec(sys::standard(0), 3)?;
        let output = own_output()?;
        let found = terminal::modes(input.as_fd()).ok();
        Ok(Caller { input, output, found, raw: false })
    }

    pub(super) fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    pub(super) fn output(&self) -> BorrowedFd<'_> {
        self.output.as_fd()
    }

    /// Says whether input may be taken: a background job that reads its terminal would be stopped for it.
    pub(super) fn in_foreground(&self) -> bool {
        let own = rustix::process::getpgrp().as_raw_nonzero().get();
        self.found.is_none() || terminal::foreground(self.input()).is_ok_and(|group| group == own)
    }

    /// Says whether the input is a terminal.
    pub(super) fn is_terminal(&self) -> bool {
        self.found.is_some()
    }

    pub(super) fn is_raw(&self) -> bool {
        self.raw
    }

    /// Passes every key on as it is. In the background the terminal is another's, and left alone.
    pub(super) fn enter_raw(&mut self) {
        if let Some(found) = self.found
            && self.in_foreground()
        {
            fatal::remember(self.input.as_raw_fd(), found);
            self.raw = terminal::set_modes(self.input(), &found.raw()).is_ok();
        }
    }

    /// Gives the terminal back as it was found.
    pub(super) fn restore(&mut self) {
        if let Some(found) = self.found.filter(|_| self.raw) {
            let _ = terminal::set_modes(self.input(), &found);
            self.raw = false;
        }
    }
}

impl Drop for Caller {
    fn drop(&mut self) {
        self.restore();
    }
}

/// Size and modes of the caller's terminal, whichever of its streams is one.
pub(super) fn template() -> (Size, Option<Modes>) {
    (size().unwrap_or_default(), terminal::modes(sys::standard(0)).ok())
}

/// Returns the size of the caller's terminal.
pub(super) fn size() -> Option<Size> {
    (0..3).find_map(|stream| terminal::size(sys::standard(stream)).ok())
}

/// A description of our own, where it may be had: writing must not wait while signals come, and the caller's own
/// description is not ours to change. A file's offset and O_APPEND would be lost, and a file never waits.
fn own_output() -> Result<OwnedFd, Errno> {
    let stdout = sys::standard(1);
    let kind = rustix::fs::fstat(stdout).map(|stat| FileType::from_raw_mode(stat.st_mode));
    if matches!(kind, Ok(FileType::CharacterDevice | FileType::Fifo)) {
        let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        if let Ok(own) = rustix::fs::open("/proc/self/fd/1", flags, Mode::empty()) {
            return Ok(own);
        }
    }
    rustix::io::fcntl_dupfd_cloexec(stdout, 3)
}
