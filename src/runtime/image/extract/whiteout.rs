//! Whiteouts: how a layer says that something of the layers below is gone, image-spec `layer.md`.
//!
//! `.wh.NAME` hides NAME, `.wh..wh..opq` hides everything that the layers below have in its directory. Neither hides
//! what its own layer brings, whichever comes first.

use std::ffi::OsStr;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{AtFlags, FileType, Mode};
use rustix::io::Errno;

use super::{ExtractError, Extractor};
use crate::runtime::image::name::Name;
use crate::runtime::image::removal;
use crate::runtime::image::tar::Entry;

/// What becomes of whiteouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Whiteouts {
    /// They are files like others: an archive that is no layer.
    Literal,
    /// What they hide is removed: all layers go into one tree.
    Apply,
    /// They become the whiteouts of overlayfs: each layer has a directory of its own.
    Overlay(Opaque),
}

/// The attribute by which overlayfs knows an opaque directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Opaque {
    /// `trusted.overlay.opaque`: for a mount in the first user namespace.
    Trusted,
    /// `user.overlay.opaque`: for a mount with `userxattr`, the only one that a user namespace may make (since 5.11).
    User,
}

impl Opaque {
    pub(super) fn xattr(self) -> &'static [u8] {
        match self {
            Self::Trusted => b"trusted.overlay.opaque",
            Self::User => b"user.overlay.opaque",
        }
    }
}

/// Returns whether `name` is a whiteout of overlayfs: a character device 0:0.
pub(super) fn is_whiteout(parent: impl AsFd, name: &OsStr) -> bool {
    rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
        .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::CharacterDevice && stat.st_rdev == 0)
}

impl Extractor {
    /// Handles the entry `.wh.` + `hidden` in `directory`.
    pub(super) fn whiteout(&mut self, entry: &Entry, directory: &Name, hidden: &OsStr) -> Result<(), ExtractError> {
        let opaque = match hidden.as_bytes() {
            b".wh..opq" => true,
            b"" | b"." | b".." => return Err(ExtractError::Whiteout { entry: entry.name.clone() }),
            // Other bookkeeping of aufs, `.wh..wh.plnk` and the like.
            name if name.starts_with(b".wh.") => return Ok(()),
            _ => false,
        };
        match (self.whiteouts, opaque) {
            (Whiteouts::Literal, _) => Ok(()),
            (Whiteouts::Apply, true) => self.clear(directory, entry),
            (Whiteouts::Apply, false) => match self.parents.open(directory) {
                Ok(parent) => self.prune(&parent, hidden, &directory.join(hidden)),
                Err(Errno::NOENT | Errno::NOTDIR) => Ok(()),
                Err(errno) => Err(ExtractError::Parent { entry: entry.name.clone(), parent: directory.clone(), errno }),
            },
            (Whiteouts::Overlay(marker), true) => {
                self.parent(directory, &entry.name)?;
                self.directories.mark_opaque_by(marker);
                self.directories.set_opaque(directory.clone());
                Ok(())
            }
            (Whiteouts::Overlay(marker), false) => {
                self.directories.mark_opaque_by(marker);
                self.cover(entry, directory, hidden)
            }
        }
    }

    /// Removes what `directory` holds of lower layers.
    fn clear(&mut self, directory: &Name, entry: &Entry) -> Result<(), ExtractError> {
        let parent = match self.parents.open(directory) {
            Ok(parent) => parent,
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            Err(errno) => {
                return Err(ExtractError::Parent { entry: entry.name.clone(), parent: directory.clone(), errno });
            }
        };
        let opened = removal::open(&parent, OsStr::new(".")).map_err(ExtractError::at(directory))?;
        self.prune_children(&opened, directory)
    }

    /// Removes `name` as far as it is of lower layers.
    fn prune(&mut self, parent: &OwnedFd, last: &OsStr, name: &Name) -> Result<(), ExtractError> {
        let kept_below = self.brought.range(name.below()).next().is_some();
        if !kept_below && !self.brought.contains(name) {
            self.forget(name);
            return removal::remove(parent, last).map_err(ExtractError::at(name));
        }
        let is_directory = rustix::fs::statat(parent, last, AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| FileType::from_raw_mode(stat.st_mode) == FileType::Directory);
        if !is_directory {
            return Ok(());
        }
        let opened = removal::open(parent, last).map_err(ExtractError::at(name))?;
        self.prune_children(&opened, name)
    }

    fn prune_children(&mut self, directory: &OwnedFd, name: &Name) -> Result<(), ExtractError> {
        let children = removal::children(directory, name.path().as_os_str()).map_err(ExtractError::at(name))?;
        children.iter().try_for_each(|child| self.prune(directory, child, &name.join(child)))
    }

    /// Leaves a whiteout of overlayfs. The kernel lets everybody make it (since 5.8).
    fn cover(&mut self, entry: &Entry, directory: &Name, hidden: &OsStr) -> Result<(), ExtractError> {
        let parent = self.parent(directory, &entry.name)?;
        match rustix::fs::mknodat(&parent, hidden, FileType::CharacterDevice, Mode::empty(), 0) {
            Ok(()) => Ok(()),
            // The layer has it anew: a directory then hides what is below it, anything else hides by being there.
            Err(Errno::EXIST) => {
                self.directories.set_opaque(directory.join(hidden));
                Ok(())
            }
            Err(errno) => Err(ExtractError::call("mknodat", &entry.name)(errno)),
        }
    }

    /// Forgets what is known about a name that goes away.
    pub(super) fn forget(&mut self, name: &Name) {
        self.directories.forget(name);
        self.parents.forget();
    }
}
