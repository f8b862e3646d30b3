//! Removes a tree below a directory fd, whatever its permissions are.
//!
//! It never follows a symbolic link and never leaves the directory that it was given.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags};
use rustix::io::Errno;

use super::call::Call;

/// Removes `name` in `parent`, and all that is below it. That it is not there is fine.
pub(super) fn remove(parent: impl AsFd, name: &OsStr) -> Result<(), Call> {
    let parent = parent.as_fd();
    match rustix::fs::unlinkat(parent, name, AtFlags::empty()) {
        Ok(()) | Err(Errno::NOENT) => return Ok(()),
        // Linux says EISDIR, POSIX says EPERM.
        Err(Errno::ISDIR | Errno::PERM) => {}
        Err(errno) => return Err(Call::on("unlinkat", name)(errno)),
    }
    let directory = open(parent, name)?;
    for child in children(&directory, name)? {
        remove(&directory, &child)?;
    }
    rustix::fs::unlinkat(parent, name, AtFlags::REMOVEDIR).map_err(Call::on("rmdir", name))
}

/// Opens a directory for reading and writing its entries; lifts its permissions where they forbid that.
pub(super) fn open(parent: impl AsFd, name: &OsStr) -> Result<OwnedFd, Call> {
    let parent = parent.as_fd();
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let opened = rustix::fs::openat(parent, name, flags, Mode::empty());
    let writable = |fd: &OwnedFd| {
        rustix::fs::accessat(fd, ".", rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK, AtFlags::empty())
    };
    match opened {
        Ok(fd) if writable(&fd).is_ok() => Ok(fd),
        Err(errno) if errno != Errno::ACCESS => Err(Call::on("openat", name)(errno)),
        _ => {
            // Not through a link: only directories get here, and nobody else writes below a store or a temporary tree.
            let is_directory = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
                .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
            if is_directory {
                rustix::fs::chmodat(parent, name, Mode::RWXU, AtFlags::empty()).map_err(Call::on("fchmodat", name))?;
            }
            rustix::fs::openat(parent, name, flags, Mode::empty()).map_err(Call::on("openat", name))
        }
    }
}

/// Returns the names in a directory, all of them before anything changes.
pub(super) fn children(directory: &OwnedFd, name: &OsStr) -> Result<Vec<std::ffi::OsString>, Call> {
    let mut names = Vec::new();
    for entry in Dir::read_from(directory).map_err(Call::on("getdents64", name))? {
        let entry = entry.map_err(Call::on("getdents64", name))?;
        let bytes = entry.file_name().to_bytes();
        if bytes != b"." && bytes != b".." {
            names.push(OsStr::from_bytes(bytes).to_owned());
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn links_are_not_followed_and_locked_directories_go() {
        let base = tempfile::tempdir().unwrap();
        let outside = base.path().join("outside");
        std::fs::create_dir_all(base.path().join("tree/locked/deep")).unwrap();
        std::fs::create_dir(&outside).unwrap();
        std::fs::write(outside.join("kept"), "").unwrap();
        std::os::unix::fs::symlink(&outside, base.path().join("tree/locked/deep/link")).unwrap();
        for name in ["tree/locked/deep", "tree/locked"] {
            std::fs::set_permissions(base.path().join(name), std::fs::Permissions::from_mode(0o0)).unwrap();
        }
        let parent = std::fs::File::open(base.path()).unwrap();
        remove(&parent, OsStr::new("tree")).unwrap();
        remove(&parent, OsStr::new("tree")).unwrap();
        assert!(!base.path().join("tree").exists() && outside.join("kept").exists());
    }
}
