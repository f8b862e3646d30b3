//! Extended attributes: which of an archive's are set, and how.
//!
//! It never sets one that the kernel, a security module or overlayfs would take for its own word.

use std::os::fd::{AsFd, AsRawFd, BorrowedFd};
use std::path::PathBuf;

use rustix::fs::XattrFlags;
use rustix::io::Errno;

use super::Ownership;
use super::notes::{Note, Notes};
use crate::runtime::image::call::Call;
use crate::runtime::image::name::Name;

/// Sets the attributes of `entry` that may be set; those that this user or file system cannot keep become notes.
pub(super) fn set(
    target: Target<'_>,
    entry: &Name,
    xattrs: &[(Vec<u8>, Vec<u8>)],
    ownership: &Ownership,
    notes: &mut Notes,
) -> Result<(), Call> {
    for (name, value) in xattrs {
        let text = String::from_utf8_lossy(name).into_owned();
        if !is_kept(name, ownership) {
            notes.push(Note::XattrLeftOut { entry: entry.clone(), name: text });
            continue;
        }
        let owned = ownership.root().filter(|_| name == b"security.capability").and_then(|root| owned(value, root));
        match target.set(name, owned.as_deref().unwrap_or(value)) {
            Ok(()) => {}
            Err(Errno::PERM | Errno::OPNOTSUPP | Errno::INVAL | Errno::ACCESS) => {
                notes.push(Note::XattrLeftOut { entry: entry.clone(), name: text });
            }
            Err(errno) => return Err(Call::on("setxattr", entry.path())(errno)),
        }
    }
    Ok(())
}

/// `user.*` and file capabilities travel; access lists hold ids, which are right only if ids stay as they are.
/// What overlayfs keeps for itself would let a layer redirect another; labels are the business of this host's policy.
fn is_kept(name: &[u8], ownership: &Ownership) -> bool {
    if name.starts_with(b"user.overlay.") || name.starts_with(b"trusted.") {
        return false;
    }
    if name.starts_with(b"system.posix_acl_") {
        return *ownership == Ownership::Identity;
    }
    name.starts_with(b"user.") || name == b"security.capability"
}

/// Turns a file capability of version 2 into one of version 3 that belongs to the given root, capabilities(7):
/// on the host itself it then gives nothing to anybody.
fn owned(value: &[u8], root: u32) -> Option<Vec<u8>> {
    const VERSION_2: u32 = 0x0200_0000;
    const VERSION_3: u32 = 0x0300_0000;
    const FLAGS: u32 = 0x00ff_ffff;
    let magic = u32::from_le_bytes(value.get(..4)?.try_into().ok()?);
    if value.len() != 20 || magic & !FLAGS != VERSION_2 {
        return None;
    }
    let mut owned = (magic & FLAGS | VERSION_3).to_le_bytes().to_vec();
    owned.extend_from_slice(&value[4..]);
    owned.extend_from_slice(&root.to_le_bytes());
    Some(owned)
}

/// What carries the attributes.
#[derive(Clone, Copy)]
pub(super) enum Target<'a> {
    /// An open file or directory.
    Open(BorrowedFd<'a>),
    /// A link, fifo or device, which cannot be opened for this: its directory and its name there.
    Named(BorrowedFd<'a>, &'a std::ffi::OsStr),
}

impl Target<'_> {
    pub(super) fn set(self, name: &[u8], value: &[u8]) -> Result<(), Errno> {
        match self {
            Self::Open(fd) => rustix::fs::fsetxattr(fd.as_fd(), name, value, XattrFlags::empty()),
            Self::Named(parent, file) => {
                let path: PathBuf = ["/proc/self/fd", &parent.as_raw_fd().to_string()].iter().collect();
                rustix::fs::lsetxattr(path.join(file), name, value, XattrFlags::empty())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_others_would_believe_is_left_out() {
        for name in ["trusted.overlay.redirect", "user.overlay.opaque", "security.selinux", "security.ima", "trusted.x"]
        {
            assert!(!is_kept(name.as_bytes(), &Ownership::Identity), "{name}");
        }
        for name in ["user.mime", "security.capability", "system.posix_acl_access"] {
            assert!(is_kept(name.as_bytes(), &Ownership::Identity), "{name}");
        }
        assert!(!is_kept(b"system.posix_acl_default", &Ownership::Caller));
    }

    #[test]
    fn capabilities_get_an_owner() {
        let mut version_2 = vec![1, 0, 0, 2];
        version_2.extend([7; 16]);
        let version_3 = owned(&version_2, 100_000).unwrap();
        assert_eq!(version_3.len(), 24);
        assert_eq!((&version_3[..4], &version_3[20..]), (&[1, 0, 0, 3][..], &100_000u32.to_le_bytes()[..]));
        assert_eq!(owned(&version_3, 1), None);
        assert_eq!(owned(b"", 1), None);
    }
}
