//! The attributes of directories, kept until everything is unpacked.
//!
//! A mode without `w`, or a time, would not survive the entries that still come; an access list would be inherited.

use std::collections::{BTreeMap, BTreeSet};

use rustix::fs::{Gid, Mode, OFlags, Timespec, Timestamps, Uid};
use rustix::io::Errno;

use super::notes::Notes;
use super::parents::Parents;
use super::{ExtractError, Opaque, Ownership, xattr};
use crate::runtime::image::name::Name;
use crate::runtime::image::tar::{Entry, Time};

/// What a directory looks like in the end.
#[derive(Debug, Clone)]
pub(super) struct Attributes {
    mode: u32,
    owner: Option<(Uid, Gid)>,
    mtime: Time,
    xattrs: Vec<(Vec<u8>, Vec<u8>)>,
    /// No entry describes it.
    implied: bool,
}

impl Attributes {
    pub(super) fn of(entry: &Entry, owner: Option<(Uid, Gid)>) -> Self {
        Self { mode: entry.mode, owner, mtime: entry.mtime, xattrs: entry.xattrs.clone(), implied: false }
    }

    pub(super) fn implied(owner: Option<(Uid, Gid)>) -> Self {
        Self { mode: 0o755, owner, mtime: Time::default(), xattrs: Vec::new(), implied: true }
    }
}

/// Returns the times for futimens(2): the access time is that of the last change, so that trees are reproducible.
pub(super) fn timestamps(time: Time) -> Timestamps {
    let time = Timespec { tv_sec: time.seconds, tv_nsec: time.nanoseconds.into() };
    Timestamps { last_access: time, last_modification: time }
}

/// All directories so far.
#[derive(Default)]
pub(super) struct Directories {
    attributes: BTreeMap<Name, Attributes>,
    opaque: BTreeSet<Name>,
    marker: Option<Opaque>,
}

impl Directories {
    pub(super) fn set(&mut self, name: Name, attributes: Attributes) {
        self.attributes.insert(name, attributes);
    }

    /// Marks a directory that hides what lower layers have below it.
    pub(super) fn set_opaque(&mut self, name: Name) {
        self.opaque.insert(name);
    }

    /// Says how opaque directories are marked.
    pub(super) fn mark_opaque_by(&mut self, marker: Opaque) {
        self.marker = Some(marker);
    }

    /// Forgets a directory that was removed, and those below it.
    pub(super) fn forget(&mut self, name: &Name) {
        self.attributes.remove(name);
        self.opaque.remove(name);
        let below: Vec<Name> = self.attributes.range(name.below()).map(|(name, _)| name.clone()).collect();
        for name in below {
            self.attributes.remove(&name);
            self.opaque.remove(&name);
        }
    }

    /// Returns the directories below the root that no entry describes, and that show what lower layers have in them.
    pub(super) fn implied(&self) -> impl Iterator<Item = &Name> {
        let below_root = self.attributes.iter().filter(|(name, _)| name.split().is_some());
        below_root.filter(|(name, at)| at.implied && !self.opaque.contains(name)).map(|(name, _)| name)
    }

    /// Sets the attributes, deepest first.
    pub(super) fn finish(
        self,
        parents: &mut Parents,
        ownership: &Ownership,
        notes: &mut Notes,
    ) -> Result<(), ExtractError> {
        for (name, attributes) in self.attributes.iter().rev() {
            let fd = match open(parents, name) {
                Ok(fd) => fd,
                // Replaced by something else through another spelling of its path.
                Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => continue,
                Err(errno) => return Err(ExtractError::call("openat", name)(errno)),
            };
            if let Some((uid, gid)) = attributes.owner {
                rustix::fs::fchown(&fd, Some(uid), Some(gid)).map_err(ExtractError::call("fchown", name))?;
            }
            let target = xattr::Target::Open(std::os::fd::AsFd::as_fd(&fd));
            if let Some(marker) = self.marker.filter(|_| self.opaque.contains(name)) {
                target.set(marker.xattr(), b"y").map_err(ExtractError::call("fsetxattr", name))?;
            }
            xattr::set(target, name, &attributes.xattrs, ownership, notes).map_err(ExtractError::at(name))?;
            let mode = Mode::from_raw_mode(attributes.mode);
            rustix::fs::fchmod(&fd, mode).map_err(ExtractError::call("fchmod", name))?;
            let times = timestamps(attributes.mtime);
            rustix::fs::futimens(&fd, &times).map_err(ExtractError::call("futimens", name))?;
        }
        Ok(())
    }
}

fn open(parents: &mut Parents, name: &Name) -> Result<std::os::fd::OwnedFd, Errno> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match name.split() {
        Some((directory, last)) => rustix::fs::openat(parents.open(&directory)?, last, flags, Mode::empty()),
        None => rustix::fs::openat(parents.open(name)?, ".", flags, Mode::empty()),
    }
}
