//! Ranges of 65536 ids for containers that root starts: one for each, never shared while both live.
//!
//! Byte n of one file stands for range n. It is locked with the lock of an open file description (fcntl(2), F_OFD_SETLK):
//! the kernel gives it back when the supervisor is gone, however it went.
#![allow(unsafe_code, reason = "a fence file: fcntl(2) with a lock structure")]

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};

/// First id of range 0: above the ranges of subuid(5) and systemd-nspawn(1), below 2^31.
pub(super) const FIRST: u32 = 0x7000_0000;
/// How many ranges there are.
const COUNT: u32 = 4095;
/// Ids of a range.
pub(super) const SIZE: u32 = crate::plan::userns::RANGE;
const DIRECTORY: &str = "/run/launch";

/// A range that is held as long as this value lives.
#[derive(Debug)]
pub struct Range {
    /// First id.
    pub first: u32,
    _lock: File,
}

/// Returns the first id of a range that is free now, without holding it.
pub(super) fn peek() -> u32 {
    first(std::process::id() % COUNT)
}

impl Range {
    /// Takes a free range; the search starts where few others do.
    ///
    /// # Errors
    /// When /run/launch cannot be made or written, or all ranges are taken.
    pub fn take() -> io::Result<Range> {
        let file = open()?;
        let start = std::process::id() % COUNT;
        for offset in 0..COUNT {
            let number = (start + offset) % COUNT;
            if lock(&file, number)? {
                return Ok(Range { first: first(number), _lock: file });
            }
        }
        Err(io::Error::from_raw_os_error(libc::EAGAIN))
    }
}

fn first(number: u32) -> u32 {
    FIRST + number * SIZE
}

fn open() -> io::Result<File> {
    let open = || {
        OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .custom_flags(libc::O_NOFOLLOW)
            .open(format!("{DIRECTORY}/ids"))
    };
    match open() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            match std::fs::DirBuilder::new().mode(0o755).create(DIRECTORY) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
                _ => {}
            }
            open()
        }
        other => other,
    }
}

/// Locks one byte; false where another holds it.
fn lock(file: &File, number: u32) -> io::Result<bool> {
    let lock = libc::flock { l_type: 1, l_whence: 0, l_start: i64::from(number), l_len: 1, l_pid: 0 };
    // SAFETY: the structure lives over the call; the descriptor is open.
    if unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) } == 0 {
        return Ok(true);
    }
    let error = io::Error::last_os_error();
    if matches!(error.raw_os_error(), Some(libc::EAGAIN | libc::EACCES)) { Ok(false) } else { Err(error) }
}
