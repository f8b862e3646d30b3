//! File system images: tells by the magic number which one a file holds.
//!
//! It never mounts: whether the kernel takes the file directly or by a loop device is for the mounts to decide.

use std::fmt;
use std::io::Read;
use std::path::Path;

use super::call::Call;

/// A read-only file system made for images.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileSystem {
    /// erofs(5); the kernel mounts it from a plain file since 6.12.
    Erofs,
    /// squashfs; needs a loop device.
    Squashfs,
}

impl fmt::Display for FileSystem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Erofs => "erofs",
            Self::Squashfs => "squashfs",
        })
    }
}

/// How many bytes of the file [`identify`] wants to see.
pub(super) const HEAD: usize = 1028;

/// Tells the file system by its superblock: erofs has its magic number at byte 1024, squashfs at byte 0.
pub fn identify(head: &[u8]) -> Option<FileSystem> {
    if head.starts_with(b"hsqs") {
        return Some(FileSystem::Squashfs);
    }
    (head.get(1024..1028)? == [0xe2, 0xe1, 0xf5, 0xe0]).then_some(FileSystem::Erofs)
}

/// Reads the first bytes of `path` and identifies it.
pub fn identify_file(path: &Path) -> Result<Option<FileSystem>, Call> {
    let file = std::fs::File::open(path).map_err(Call::io("open", path))?;
    let mut head = Vec::with_capacity(HEAD);
    file.take(HEAD as u64).read_to_end(&mut head).map_err(Call::io("read", path))?;
    Ok(identify(&head))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_by_its_magic_number() {
        let mut erofs = vec![0; 1024];
        assert_eq!(identify(&erofs), None);
        erofs.extend([0xe2, 0xe1, 0xf5, 0xe0]);
        assert_eq!(identify(&erofs), Some(FileSystem::Erofs));
        assert_eq!(identify(b"hsqs\0"), Some(FileSystem::Squashfs));
        assert_eq!(identify(b"hs"), None);
    }
}
