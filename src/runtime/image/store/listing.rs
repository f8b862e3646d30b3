//! One digest over everything in a tree: names, kinds, modes, owners, times, attributes, contents.
//!
//! Two trees with the same listing are the same; a tree whose listing changed was written to.

use std::fs::File;
use std::io::Read;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Mode, OFlags, Stat};

use crate::runtime::image::call::Call;
use crate::runtime::image::digest::{Digest, Hasher};
use crate::runtime::image::name::Name;
use crate::runtime::image::removal;

/// The digest, and the bytes of all files.
pub(super) struct Listing {
    pub(super) digest: Digest,
    pub(super) bytes: u64,
}

/// Walks the tree.
pub(super) fn of(tree: &OwnedFd) -> Result<Listing, Call> {
    let mut walk = Walk { hasher: Hasher::default(), bytes: 0, buffer: vec![0; 128 * 1024] };
    let root = rustix::fs::statat(tree, "", AtFlags::EMPTY_PATH).map_err(Call::on("newfstatat", "."))?;
    walk.head(&Name::default(), &root);
    walk.attributes(tree);
    walk.children(tree, &Name::default())?;
    Ok(Listing { digest: walk.hasher.finish(), bytes: walk.bytes })
}

struct Walk {
    hasher: Hasher,
    bytes: u64,
    buffer: Vec<u8>,
}

impl Walk {
    fn children(&mut self, directory: &OwnedFd, name: &Name) -> Result<(), Call> {
        let mut children = removal::children(directory, name.path().as_os_str())?;
        children.sort();
        for child in children {
            self.entry(directory, &name.join(&child), &child)?;
        }
        Ok(())
    }

    fn entry(&mut self, parent: &OwnedFd, name: &Name, last: &std::ffi::OsStr) -> Result<(), Call> {
        let stat =
            rustix::fs::statat(parent, last, AtFlags::SYMLINK_NOFOLLOW).map_err(Call::on("newfstatat", name.path()))?;
        self.head(name, &stat);
        let open = |flags| rustix::fs::openat(parent, last, flags | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty());
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => match open(OFlags::RDONLY | OFlags::DIRECTORY) {
                Ok(fd) => {
                    self.attributes(&fd);
                    self.children(&fd, name)
                }
                Err(errno) => self.closed(errno, name),
            },
            FileType::RegularFile => match open(OFlags::RDONLY | OFlags::NONBLOCK) {
                Ok(fd) => {
                    self.attributes(&fd);
                    self.contents(File::from(fd), name)
                }
                Err(errno) => self.closed(errno, name),
            },
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(parent, last, Vec::new());
                self.field(target.map_err(Call::on("readlinkat", name.path()))?.as_bytes());
                Ok(())
            }
            _ => Ok(()),
        }
    }

    /// What its own mode keeps from a caller who is not root counts as closed, the same each time.
    fn closed(&mut self, errno: rustix::io::Errno, name: &Name) -> Result<(), Call> {
        if errno != rustix::io::Errno::ACCESS {
            return Err(Call::on("openat", name.path())(errno));
        }
        self.field(b"closed");
        Ok(())
    }

    fn head(&mut self, name: &Name, stat: &Stat) {
        self.field(name.path().as_os_str().as_bytes());
        let is_directory = FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
        // The link count and size of a directory depend on the file system.
        let (links, size) = if is_directory { (0, 0) } else { (stat.st_nlink, stat.st_size.cast_unsigned()) };
        let numbers = [
            u64::from(stat.st_mode),
            u64::from(stat.st_uid),
            u64::from(stat.st_gid),
            links,
            size,
            stat.st_rdev,
            stat.st_mtime.cast_unsigned(),
            stat.st_mtime_nsec,
        ];
        for number in numbers {
            self.hasher.update(&number.to_le_bytes());
        }
    }

    fn attributes(&mut self, file: impl AsFd) {
        let mut names = vec![0; 64 * 1024];
        let Ok(length) = rustix::fs::flistxattr(file.as_fd(), &mut names[..]) else { return };
        let mut names: Vec<&[u8]> = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty()).collect();
        names.sort_unstable();
        for name in names.into_iter().filter(|name| !name.starts_with(b"security.selinux")) {
            let mut value = vec![0; 64 * 1024];
            let length = rustix::fs::fgetxattr(file.as_fd(), name, &mut value[..]).unwrap_or(0);
            self.field(name);
            self.field(&value[..length]);
        }
    }

    fn contents(&mut self, mut file: File, name: &Name) -> Result<(), Call> {
        loop {
            let read = file.read(&mut self.buffer).map_err(Call::io("read", name.path()))?;
            if read == 0 {
                return Ok(());
            }
            self.bytes += read as u64;
            self.hasher.update(&self.buffer[..read]);
        }
    }

    /// Hashes bytes with their length, so that no two sequences of fields look alike.
    fn field(&mut self, bytes: &[u8]) {
        self.hasher.update(&(bytes.len() as u64).to_le_bytes());
        self.hasher.update(bytes);
    }
}
