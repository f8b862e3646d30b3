//! Refuses to start what is reached through a magic link of proc(5). Only system calls.
//!
//! Until its exec, the process that becomes the command still *is* launch: /proc/self/exe, as the command, as a link of a
//! hostile root or as the interpreter of a script, would start our own program inside, and give it a handle on our file.
#![deny(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::ffi::CStr;
use std::os::fd::OwnedFd;

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// Bytes that the kernel looks at (BINPRM_BUF_SIZE), and how often it follows an interpreter (exec_binprm).
const HEAD: usize = 256;
const DEPTH: u32 = 5;

/// Looks at each candidate; what is not there is none of our business.
pub(super) fn refuse(candidates: &[impl AsRef<CStr>]) -> Result<(), Errno> {
    for candidate in candidates {
        follow(candidate.as_ref(), DEPTH)?;
    }
    Ok(())
}

fn follow(path: &CStr, depth: u32) -> Result<(), Errno> {
    let file = match open(path) {
        Err(Errno::LOOP) => return Err(Errno::LOOP),
        // Exec says better what is wrong.
        Err(_) => return Ok(()),
        Ok(file) => file,
    };
    let regular = FileType::from_raw_mode(rustix::fs::fstat(&file)?.st_mode) == FileType::RegularFile;
    let mut head = [0; HEAD];
    if !regular || depth == 0 {
        return Ok(());
    }
    let length = rustix::io::pread(&file, &mut head, 0).unwrap_or(0);
    drop(file);
    let mut name = [0; HEAD];
    match interpreter(head.get(..length).unwrap_or_default(), &mut name) {
        Some(interpreter) => follow(interpreter, depth - 1),
        None => Ok(()),
    }
}

/// A fifo is not waited for, a terminal not taken.
fn open(path: &CStr) -> Result<OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    rustix::fs::openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_MAGICLINKS)
}

/// Copies the interpreter of a script, as execve(2) reads the first line.
fn interpreter<'a>(head: &[u8], name: &'a mut [u8; HEAD]) -> Option<&'a CStr> {
    let blank = |byte: &u8| matches!(byte, b' ' | b'\t');
    let line = head.strip_prefix(b"#!")?.split(|byte| matches!(byte, b'\n' | 0)).next()?;
    let start = line.iter().position(|byte| !blank(byte))?;
    let word = line.get(start..)?.split(blank).next()?;
    name.get_mut(..word.len())?.copy_from_slice(word);
    CStr::from_bytes_until_nul(name).ok()
}

#[cfg(test)]
mod tests {
    use super::{HEAD, interpreter};

    #[test]
    fn the_interpreter_is_read_as_the_kernel_reads_it() {
        for (head, expected) in [
            (&b"#!/bin/sh\n"[..], Some("/bin/sh")),
            (b"#! \t/bin/env  sh -x\nrest", Some("/bin/env")),
            (b"#!/proc/self/exe", Some("/proc/self/exe")),
            (b"#!\n", None),
            (b"\x7fELF", None),
            (b"", None),
        ] {
            let mut name = [0; HEAD];
            let found = interpreter(head, &mut name).map(|name| name.to_str().unwrap());
            assert_eq!(found, expected, "{head:?}");
        }
    }
}
