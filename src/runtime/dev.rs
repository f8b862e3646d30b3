//! /dev as root makes it: a file system in memory with nodes of our own, before the child is made.
//!
//! One mount instead of seven, and nothing of the host's /dev is trusted. The file system belongs to the host's user
//! namespace: its nodes work inside, and no root inside can make others or remount it. Without the right to make nodes the
//! child binds the host's instead.

use std::os::fd::{AsFd, OwnedFd};

use rustix::fs::{Dev, FileType, Mode, makedev};
use rustix::io::Errno;
use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags};

use super::program::{LINKS, NODES};

/// Makes the file system, not attached anywhere; its root belongs to these ids of the host. A console is a file that the
/// container's terminal will be mounted on.
pub(super) fn make(uid: u32, gid: u32, console: bool) -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    let set = |key: &str, value: &str| rustix::mount::fsconfig_set_string(context.as_fd(), key, value);
    set("size", "64m")?;
    set("nr_inodes", "65536")?;
    set("mode", "0755")?;
    set("uid", &uid.to_string())?;
    set("gid", &gid.to_string())?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attr = MountAttrFlags::MOUNT_ATTR_NOSUID | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    let tree = rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attr)?;
    // The caller's mask, which may be anything, must not touch the modes.
    let before = rustix::process::umask(Mode::empty());
    let filled = fill(&tree, console);
    rustix::process::umask(before);
    filled.map(|()| tree)
}

fn fill(tree: &OwnedFd, console: bool) -> Result<(), Errno> {
    if console {
        rustix::fs::mknodat(tree, c"console", FileType::RegularFile, Mode::from_raw_mode(0o620), 0)?;
    }
    for (name, _, major, minor) in NODES {
        let number: Dev = makedev(major, minor);
        rustix::fs::mknodat(tree, name, FileType::CharacterDevice, Mode::from_raw_mode(0o666), number)?;
    }
    for (name, text) in LINKS {
        rustix::fs::symlinkat(text, tree, name)?;
    }
    for (name, mode) in [(c"pts", 0o755), (c"shm", 0o1777), (c"mqueue", 0o755)] {
        rustix::fs::mkdirat(tree, name, Mode::from_raw_mode(mode))?;
    }
    Ok(())
}
