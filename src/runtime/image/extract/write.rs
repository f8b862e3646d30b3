//! Makes the files, directories, links and nodes, each with its attributes.
//!
//! The order in each is the kernel's: owner first (it clears setuid and capabilities), then mode, attributes, times.

use std::ffi::OsStr;
use std::fs::File;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::FileExt;
use std::rc::Rc;

use rustix::fs::{AtFlags, FileType, Gid, Mode, OFlags, Uid};
use rustix::io::Errno;

use super::directories::{Attributes, timestamps};
use super::{ExtractError, Extractor, Note, Whiteouts, whiteout, xattr};
use crate::runtime::image::call::Call;
use crate::runtime::image::name::Name;
use crate::runtime::image::removal;
use crate::runtime::image::tar::{Entry, Segment, TarStream};

type Owner = Option<(Uid, Gid)>;

impl Extractor {
    #[expect(clippy::too_many_arguments, reason = "where, what, whose, how much, from where, and who is told")]
    pub(super) fn file(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        owner: Owner,
        (size, map): (u64, Option<&[Segment]>),
        stream: &mut TarStream<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExtractError> {
        let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::EXCL | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let open = || rustix::fs::openat(parent, name, flags, Mode::RUSR | Mode::WUSR);
        let file = File::from(self.in_place(parent, name, entry, "openat", open)?);
        match map {
            None => self.copy(&file, entry, stream, &[Segment { offset: 0, length: size }], progress)?,
            Some(map) => {
                rustix::fs::ftruncate(&file, size).map_err(ExtractError::call("ftruncate", &entry.name))?;
                self.copy(&file, entry, stream, map, progress)?;
            }
        }
        if let Some((uid, gid)) = owner {
            rustix::fs::fchown(&file, Some(uid), Some(gid)).map_err(ExtractError::call("fchown", &entry.name))?;
        }
        let mode = Mode::from_raw_mode(entry.mode);
        rustix::fs::fchmod(&file, mode).map_err(ExtractError::call("fchmod", &entry.name))?;
        self.xattrs(xattr::Target::Open(file.as_fd()), entry)?;
        let times = timestamps(entry.mtime);
        rustix::fs::futimens(&file, &times).map_err(ExtractError::call("futimens", &entry.name))
    }

    fn copy(
        &mut self,
        file: &File,
        entry: &Entry,
        stream: &mut TarStream<'_>,
        map: &[Segment],
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExtractError> {
        for segment in map {
            let mut at = segment.offset;
            let end = segment.offset + segment.length;
            while at < end {
                let wanted = usize::try_from(end - at).unwrap_or(usize::MAX).min(self.buffer.len());
                let read = stream.read(&mut self.buffer[..wanted])?;
                let written = file.write_all_at(&self.buffer[..read], at);
                written.map_err(Call::io("pwrite", entry.name.path())).map_err(ExtractError::at(&entry.name))?;
                at += read as u64;
                progress(read as u64);
            }
        }
        Ok(())
    }

    pub(super) fn directory(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        owner: Owner,
    ) -> Result<(), ExtractError> {
        // Only we may enter it until it is finished.
        match rustix::fs::mkdirat(parent, name, Mode::RWXU) {
            Ok(()) => {}
            Err(Errno::EXIST) => self.directory_over(parent, name, entry)?,
            Err(errno) => return Err(ExtractError::call("mkdirat", &entry.name)(errno)),
        }
        self.directories.set(entry.name.clone(), Attributes::of(entry, owner));
        Ok(())
    }

    /// A directory that is there stays with what is in it; anything else gives way, a link to a directory as well.
    fn directory_over(&mut self, parent: &OwnedFd, name: &OsStr, entry: &Entry) -> Result<(), ExtractError> {
        let stat = rustix::fs::statat(parent, name, AtFlags::SYMLINK_NOFOLLOW)
            .map_err(ExtractError::call("newfstatat", &entry.name))?;
        if FileType::from_raw_mode(stat.st_mode) == FileType::Directory {
            return Ok(());
        }
        let hides = matches!(self.whiteouts, Whiteouts::Overlay(_)) && whiteout::is_whiteout(parent, name);
        self.forget(&entry.name);
        removal::remove(parent, name).map_err(ExtractError::at(&entry.name))?;
        if hides {
            self.directories.set_opaque(entry.name.clone());
        }
        rustix::fs::mkdirat(parent, name, Mode::RWXU).map_err(ExtractError::call("mkdirat", &entry.name))
    }

    pub(super) fn symlink(
        &mut self,
        parent: &Rc<OwnedFd>,
        name: &OsStr,
        entry: &Entry,
        owner: Owner,
        target: &[u8],
    ) -> Result<(), ExtractError> {
        self.in_place(parent, name, entry, "symlinkat", || rustix::fs::symlinkat(target, parent, name))?;
        self.attributes(parent, name, entry, owner)
    }

    /// Makes a hard link; its attributes are those of its target.
    pub(super) fn hardlink(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        target: &Name,
    ) -> Result<(), ExtractError> {
        let refused = |errno| ExtractError::Hardlink { entry: entry.name.clone(), target: target.clone(), errno };
        let Some((directory, last)) = target.split() else { return Err(refused(Errno::PERM)) };
        let from = self.parents.open(&directory).map_err(refused)?;
        // No AT_SYMLINK_FOLLOW: a link to a symbolic link is one to the link itself.
        match rustix::fs::linkat(&from, last, parent, name, AtFlags::empty()) {
            Err(Errno::EXIST) if *target == entry.name => Ok(()),
            Err(Errno::EXIST) => {
                self.forget(&entry.name);
                removal::remove(parent, name).map_err(ExtractError::at(&entry.name))?;
                rustix::fs::linkat(&from, last, parent, name, AtFlags::empty()).map_err(refused)
            }
            other => other.map_err(refused),
        }
    }

    pub(super) fn node(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        owner: Owner,
        kind: FileType,
        device: u64,
    ) -> Result<(), ExtractError> {
        let make = || match rustix::fs::mknodat(parent, name, kind, Mode::RUSR | Mode::WUSR, device) {
            Err(Errno::PERM) if kind != FileType::Fifo => Ok(false),
            other => other.map(|()| true),
        };
        if self.in_place(parent, name, entry, "mknodat", make)? {
            return self.attributes(parent, name, entry, owner);
        }
        let (major, minor) = (rustix::fs::major(device), rustix::fs::minor(device));
        self.notes.push(Note::DeviceLeftOut { entry: entry.name.clone(), major, minor });
        Ok(())
    }

    /// Sets the attributes of what cannot be opened; it was made a moment ago, and nobody else writes here.
    fn attributes(&mut self, parent: &OwnedFd, name: &OsStr, entry: &Entry, owner: Owner) -> Result<(), ExtractError> {
        if let Some((uid, gid)) = owner {
            rustix::fs::chownat(parent, name, Some(uid), Some(gid), AtFlags::SYMLINK_NOFOLLOW)
                .map_err(ExtractError::call("fchownat", &entry.name))?;
        }
        if !matches!(entry.kind, crate::runtime::image::tar::Kind::Symlink { .. }) {
            rustix::fs::chmodat(parent, name, Mode::from_raw_mode(entry.mode), AtFlags::empty())
                .map_err(ExtractError::call("fchmodat", &entry.name))?;
        }
        self.xattrs(xattr::Target::Named(parent.as_fd(), name), entry)?;
        rustix::fs::utimensat(parent, name, &timestamps(entry.mtime), AtFlags::SYMLINK_NOFOLLOW)
            .map_err(ExtractError::call("utimensat", &entry.name))
    }

    fn xattrs(&mut self, target: xattr::Target<'_>, entry: &Entry) -> Result<(), ExtractError> {
        xattr::set(target, &entry.name, &entry.xattrs, &self.ownership, &mut self.notes)
            .map_err(ExtractError::at(&entry.name))
    }

    /// Makes something; what has its name already, of an earlier layer or entry, gives way.
    fn in_place<T>(
        &mut self,
        parent: &OwnedFd,
        name: &OsStr,
        entry: &Entry,
        call: &'static str,
        make: impl Fn() -> Result<T, Errno>,
    ) -> Result<T, ExtractError> {
        match make() {
            Err(Errno::EXIST) => {
                self.forget(&entry.name);
                removal::remove(parent, name).map_err(ExtractError::at(&entry.name))?;
                make().map_err(ExtractError::call(call, &entry.name))
            }
            other => other.map_err(ExtractError::call(call, &entry.name)),
        }
    }
}
