//! Terminals: modes, size, sessions and the two ends of a pty, by ioctl_tty(2). Never the heap.

use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use rustix::io::Errno;

use super::as_word;
use super::raw::syscall;

/// `struct termios` of the kernel (asm-generic/termbits.h); not that of the C library.
#[repr(C)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::runtime) struct Modes {
    input: u32,
    output: u32,
    control: u32,
    local: u32,
    line: u8,
    characters: [u8; 19],
}

/// `struct winsize`.
#[repr(C)]
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::runtime) struct Size {
    pub(in crate::runtime) rows: u16,
    pub(in crate::runtime) columns: u16,
    x: u16,
    y: u16,
}

const TCGETS: usize = 0x5401;
const TCSETS: usize = 0x5402;
const TIOCSCTTY: usize = 0x540e;
const TIOCGPGRP: usize = 0x540f;
const TIOCSPGRP: usize = 0x5410;
const TIOCGWINSZ: usize = 0x5413;
const TIOCSWINSZ: usize = 0x5414;
const TIOCSPTLCK: usize = 0x4004_5431;
const TIOCGPTPEER: usize = 0x5441;

const VEOF: usize = 4;
const VTIME: usize = 5;
const VMIN: usize = 6;

impl Modes {
    /// Every byte as it comes, none of them special (termios(3), "Raw mode").
    pub(in crate::runtime) fn raw(mut self) -> Modes {
        self.input &= !(libc::IGNBRK
            | libc::BRKINT
            | libc::PARMRK
            | libc::ISTRIP
            | libc::INLCR
            | libc::IGNCR
            | libc::ICRNL
            | libc::IXON);
        self.output &= !libc::OPOST;
        self.local &= !(libc::ECHO | libc::ECHONL | libc::ICANON | libc::ISIG | libc::IEXTEN);
        self.control = self.control & !(libc::CSIZE | libc::PARENB) | libc::CS8;
        self.characters[VMIN] = 1;
        self.characters[VTIME] = 0;
        self
    }

    /// The character that ends the input.
    pub(in crate::runtime) fn end_of_file(&self) -> u8 {
        self.characters[VEOF]
    }
}

/// Reads the modes of a terminal; ENOTTY where it is none.
pub(in crate::runtime) fn modes(fd: BorrowedFd<'_>) -> Result<Modes, Errno> {
    let mut modes = Modes { input: 0, output: 0, control: 0, local: 0, line: 0, characters: [0; 19] };
    // SAFETY: the kernel writes a `struct termios`, whose layout `Modes` has.
    unsafe { ioctl(fd, TCGETS, std::ptr::from_mut(&mut modes) as usize) }?;
    Ok(modes)
}

/// Sets the modes of a terminal at once.
pub(in crate::runtime) fn set_modes(fd: BorrowedFd<'_>, modes: &Modes) -> Result<(), Errno> {
    // SAFETY: the kernel reads a `struct termios`, whose layout `Modes` has.
    unsafe { ioctl(fd, TCSETS, std::ptr::from_ref(modes) as usize) }.map(drop)
}

/// Reads the size of a terminal.
pub(in crate::runtime) fn size(fd: BorrowedFd<'_>) -> Result<Size, Errno> {
    let mut size = Size::default();
    // SAFETY: the kernel writes a `struct winsize`.
    unsafe { ioctl(fd, TIOCGWINSZ, std::ptr::from_mut(&mut size) as usize) }?;
    Ok(size)
}

/// Sets the size of a terminal; its foreground processes get SIGWINCH when it changes.
pub(in crate::runtime) fn set_size(fd: BorrowedFd<'_>, size: Size) -> Result<(), Errno> {
    // SAFETY: the kernel reads a `struct winsize`.
    unsafe { ioctl(fd, TIOCSWINSZ, std::ptr::from_ref(&size) as usize) }.map(drop)
}

/// Opens the other end of a new pty: by descriptor, so that no path is followed (Linux 4.13).
pub(in crate::runtime) fn open_peer(master: BorrowedFd<'_>) -> Result<OwnedFd, Errno> {
    let unlocked: i32 = 0;
    // SAFETY: the kernel reads one int.
    unsafe { ioctl(master, TIOCSPTLCK, std::ptr::from_ref(&unlocked) as usize) }?;
    let flags = libc::O_RDWR | libc::O_NOCTTY | libc::O_CLOEXEC;
    // SAFETY: numbers only.
    let fd = unsafe { ioctl(master, TIOCGPTPEER, as_word(flags)) }?;
    // SAFETY: the kernel has just made this descriptor, and nobody else knows it.
    Ok(unsafe { OwnedFd::from_raw_fd(RawFd::try_from(fd).map_err(|_| Errno::BADF)?) })
}

/// Makes a terminal the controlling one of this session, whose leader the caller is.
pub(in crate::runtime) fn take_control(fd: BorrowedFd<'_>) -> Result<(), Errno> {
    // SAFETY: numbers only.
    unsafe { ioctl(fd, TIOCSCTTY, 0) }.map(drop)
}

/// Puts a process group into the foreground. The caller blocks SIGTTOU.
pub(in crate::runtime) fn set_foreground(fd: BorrowedFd<'_>, group: i32) -> Result<(), Errno> {
    // SAFETY: the kernel reads one int.
    unsafe { ioctl(fd, TIOCSPGRP, std::ptr::from_ref(&group) as usize) }.map(drop)
}

/// Says which process group is in the foreground of the caller's own terminal.
pub(in crate::runtime) fn foreground(fd: BorrowedFd<'_>) -> Result<i32, Errno> {
    let mut group: i32 = 0;
    // SAFETY: the kernel writes one int.
    unsafe { ioctl(fd, TIOCGPGRP, std::ptr::from_mut(&mut group) as usize) }?;
    Ok(group)
}

/// # Safety
/// `argument` is what the request takes.
unsafe fn ioctl(fd: BorrowedFd<'_>, request: usize, argument: usize) -> Result<usize, Errno> {
    // SAFETY: the caller vouches for the argument.
    unsafe { syscall(libc::SYS_ioctl, [as_word(fd.as_raw_fd()), request, argument, 0, 0, 0]) }
}
