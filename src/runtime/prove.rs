//! Reads back from the kernel what was set: only system calls, in the process that becomes the command.
//!
//! Never looks into /proc: prctl(2), capget(2), prlimit(2) and statfs(2) answer in a tenth of the time.
#![deny(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::os::fd::BorrowedFd;

use rustix::io::Errno;

use super::sys;

/// What was read is not what was set. No system call that is made here returns it.
pub(super) const DIFFERS: Errno = Errno::BADE;

/// Bits that statfs(2) has in common with mount_setattr(2): ro, nosuid, nodev, noexec.
const FLAGS: u64 = 0xf;
/// PR_SET_KEEPCAPS, which exec clears.
const SECBIT_KEEP_CAPS: usize = 1 << 4;
const PR_CAP_AMBIENT_IS_SET: usize = 1;
const MODE_FILTER: usize = 2;

fn same(holds: bool) -> Result<(), Errno> {
    if holds { Ok(()) } else { Err(DIFFERS) }
}

/// A mount may have more flags than were asked for, never fewer.
fn has_flags(kept: impl TryInto<u64>, wanted: u64) -> Result<(), Errno> {
    same(kept.try_into().unwrap_or(0) & FLAGS & wanted == wanted & FLAGS)
}

pub(super) fn mount(tree: BorrowedFd<'_>, flags: u64) -> Result<(), Errno> {
    has_flags(rustix::fs::fstatfs(tree)?.f_flags, flags)
}

pub(super) fn root(flags: u64) -> Result<(), Errno> {
    has_flags(rustix::fs::statfs(c"/")?.f_flags, flags)
}

/// Real, effective and saved ids; groups as a set.
pub(super) fn ids(uid: u32, gid: u32, groups: Option<&[u32]>) -> Result<(), Errno> {
    same(sys::res_uids()? == [uid; 3] && sys::res_gids()? == [gid; 3])?;
    let Some(wanted) = groups else { return Ok(()) };
    let mut kept = [0; 64];
    // More than 64 are compared by their number alone.
    let count = match sys::groups(&mut kept) {
        Err(Errno::INVAL) => return same(wanted.len() > kept.len()),
        other => other?,
    };
    let kept = kept.get(..count).unwrap_or_default();
    same(kept.iter().all(|gid| wanted.contains(gid)) && wanted.iter().all(|gid| kept.contains(gid)))
}

/// Effective, permitted, inheritable, bounding and ambient set, and securebits.
pub(super) fn capabilities(keep: u64, ambient: u64, last: u32) -> Result<(), Errno> {
    same(sys::capget()? == (keep, keep, keep))?;
    for capability in 0..=last {
        let bounding = sys::prctl(libc::PR_CAPBSET_READ, capability as usize, 0)?;
        same(bounding <= (keep >> capability & 1) as usize)?;
        // An ambient capability is an inheritable one (capabilities(7)): without those there is nothing to ask for.
        if keep >> capability & 1 == 1 {
            let kept = sys::prctl(libc::PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, capability as usize)?;
            same(kept == (ambient >> capability & 1) as usize)?;
        }
    }
    same(sys::prctl(libc::PR_GET_SECUREBITS, 0, 0)? & SECBIT_KEEP_CAPS == SECBIT_KEEP_CAPS)
}

pub(super) fn no_new_privs() -> Result<(), Errno> {
    same(sys::prctl(libc::PR_GET_NO_NEW_PRIVS, 0, 0)? == 1)
}

pub(super) fn rlimit(resource: usize, wanted: (u64, u64)) -> Result<(), Errno> {
    same(sys::limit(resource)? == wanted)
}

pub(super) fn seccomp() -> Result<(), Errno> {
    same(sys::prctl(libc::PR_GET_SECCOMP, 0, 0)? == MODE_FILTER)
}

#[cfg(test)]
mod tests {
    use super::{DIFFERS, has_flags};

    #[test]
    fn a_missing_flag_differs_and_an_additional_one_does_not() {
        assert_eq!(has_flags(1u64 | 4, 1), Ok(()));
        assert_eq!(has_flags(4u64, 1 | 4), Err(DIFFERS));
        assert_eq!(has_flags(0u64, 0), Ok(()));
    }
}
