//! Files of the container's own proc(5): kernel parameters, labels, the OOM score. Only system calls.
//!
//! Never trusts a path: what is at /proc must be a proc file system, and nothing in it leads out of it.
#![deny(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::ffi::CStr;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::prove::DIFFERS;

/// Longest value that is compared.
const VALUE_MAX: usize = 256;
/// PROC_SUPER_MAGIC (statfs(2)).
const PROC_MAGIC: u64 = 0x9fa0;

/// Opens a file of the proc(5) that is mounted at /proc below `root`.
fn open(root: BorrowedFd<'_>, path: &CStr, access: OFlags) -> Result<OwnedFd, Errno> {
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let proc = rustix::fs::openat2(root, c"proc", flags, Mode::empty(), resolve | ResolveFlags::NO_SYMLINKS)?;
    let kind = rustix::fs::fstatfs(&proc)?.f_type;
    if u64::try_from(kind).ok() != Some(PROC_MAGIC) {
        return Err(Errno::NODEV);
    }
    let flags = access | OFlags::CLOEXEC;
    rustix::fs::openat2(&proc, path, flags, Mode::empty(), resolve | ResolveFlags::NO_XDEV)
}

/// Writes a file once the root is the process's own.
pub(super) fn write(path: &CStr, data: &[u8]) -> Result<(), Errno> {
    let root = rustix::fs::open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    // A file of /proc takes its value in one write.
    rustix::io::write(open(root.as_fd(), path, OFlags::WRONLY)?, data).map(drop)
}

/// Writes a parameter and reads it back. Which namespace's it is follows from the process that opens it (proc_sys(5)).
pub(super) fn sysctl(root: BorrowedFd<'_>, path: &CStr, value: &[u8]) -> Result<(), Errno> {
    let file = match open(root, path, OFlags::RDWR) {
        // A switch that cannot be read, as net.ipv4.route.flush.
        Err(Errno::ACCESS) => {
            let file = open(root, path, OFlags::WRONLY)?;
            return rustix::io::write(file, value).map(drop);
        }
        other => other?,
    };
    rustix::io::pwrite(&file, value, 0)?;
    let mut kept = [0; VALUE_MAX];
    let length = rustix::io::pread(&file, &mut kept, 0)?;
    if same_value(value, kept.get(..length).unwrap_or_default()) { Ok(()) } else { Err(DIFFERS) }
}

/// Compares word by word. A value may name fewer words than the kernel shows; lists of ports are shown in an order of the
/// kernel's own.
fn same_value(written: &[u8], kept: &[u8]) -> bool {
    let mut kept_words = words(kept);
    words(written).all(|word| {
        let Some(kept) = kept_words.next() else { return false };
        word == kept || word.contains(&b',') || (number(word).is_some() && number(word) == number(kept))
    })
}

fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Reads a number as the kernel does: in octal after 0, in hexadecimal after 0x.
fn number(word: &[u8]) -> Option<i128> {
    let (negative, digits) = word.strip_prefix(b"-").map_or((false, word), |digits| (true, digits));
    let (base, digits) = match digits {
        [b'0', b'x' | b'X', rest @ ..] => (16, rest),
        [b'0', rest @ ..] if !rest.is_empty() => (8, rest),
        _ => (10, digits),
    };
    if digits.is_empty() || digits.len() > 20 {
        return None;
    }
    let value = digits.iter().try_fold(0i128, |value, digit| {
        let digit = char::from(*digit).to_digit(base)?;
        Some(value * i128::from(base) + i128::from(digit))
    })?;
    Some(if negative { -value } else { value })
}

#[cfg(test)]
mod tests {
    use super::same_value;

    #[test]
    fn values_are_compared_as_the_kernel_reads_them() {
        for (written, kept, same) in [
            ("1", "1\n", true),
            ("0 2147483647", "0\t2147483647\n", true),
            ("0x10", "16\n", true),
            ("010", "8\n", true),
            ("-1", "-1\n", true),
            ("cubic", "cubic\n", true),
            ("4096", "4096\t131072\t6291456\n", true),
            ("9000,8000-8002", "8000-8002,9000\n", true),
            ("1", "0\n", false),
            ("1 2", "1\n", false),
            ("bbr", "cubic\n", false),
            ("0", "1024\n", false),
        ] {
            assert_eq!(same_value(written.as_bytes(), kept.as_bytes()), same, "{written:?} {kept:?}");
        }
    }
}
