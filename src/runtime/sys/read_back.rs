//! System calls that say what the kernel keeps of this process: ids, groups, limits.

use rustix::io::Errno;

use super::raw::syscall;

/// Returns real, effective and saved user id (getresuid(2)).
pub(in crate::runtime) fn res_uids() -> Result<[u32; 3], Errno> {
    three(libc::SYS_getresuid)
}

/// Returns real, effective and saved group id (getresgid(2)).
pub(in crate::runtime) fn res_gids() -> Result<[u32; 3], Errno> {
    three(libc::SYS_getresgid)
}

fn three(number: libc::c_long) -> Result<[u32; 3], Errno> {
    let (mut real, mut effective, mut saved) = (0u32, 0u32, 0u32);
    let word = |id: &mut u32| std::ptr::from_mut(id) as usize;
    // SAFETY: both calls write three ids, which live over the call.
    unsafe { syscall(number, [word(&mut real), word(&mut effective), word(&mut saved), 0, 0, 0]) }?;
    Ok([real, effective, saved])
}

/// Writes the supplementary groups and returns how many there are; EINVAL where they do not fit (getgroups(2)).
pub(in crate::runtime) fn groups(into: &mut [u32]) -> Result<usize, Errno> {
    // SAFETY: the kernel writes at most as many ids as the slice holds.
    unsafe { syscall(libc::SYS_getgroups, [into.len(), into.as_mut_ptr() as usize, 0, 0, 0, 0]) }
}

/// Returns soft and hard limit of a resource (prlimit(2)).
pub(in crate::runtime) fn limit(resource: usize) -> Result<(u64, u64), Errno> {
    let mut limit = [0u64; 2];
    // SAFETY: `struct rlimit64` is two 64-bit words, which live over the call; no new limit is set.
    unsafe { syscall(libc::SYS_prlimit64, [0, resource, 0, limit.as_mut_ptr() as usize, 0, 0]) }?;
    Ok((limit[0], limit[1]))
}
