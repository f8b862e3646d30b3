//! Unpacks the entries of tar streams strictly below one directory fd.
//!
//! It never follows a link out of the tree (openat2 with RESOLVE_IN_ROOT finds parents, everything else is done to a
//! last component without following), never believes a name, and never leaves the decision about a half unpacked tree
//! to chance: its caller gives it a temporary directory and removes that on any error.
//!
//! Several layers are unpacked into one tree one after the other ([`Whiteouts::Apply`]), or each into a directory of
//! its own for overlayfs ([`Whiteouts::Overlay`]).

mod directories;
mod error;
mod notes;
mod owner;
mod parents;
mod whiteout;
mod write;
mod xattr;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;

use rustix::fs::{Gid, Uid};

use super::name::Name;
use super::tar::{Entry, Kind, TarStream};
use directories::{Attributes, Directories};
pub use error::ExtractError;
pub use notes::Note;
use notes::Notes;
pub use owner::{IdRange, Ownership};
use parents::Parents;
pub use whiteout::{Opaque, Whiteouts};

/// The size of the copy buffer: large enough that the calls do not count, small enough for the cache.
const BUFFER: usize = 128 * 1024;

/// A tree in the making.
pub(super) struct Extractor {
    ownership: Ownership,
    whiteouts: Whiteouts,
    parents: Parents,
    directories: Directories,
    /// What the current layer has brought: its own whiteouts do not hide that.
    brought: BTreeSet<Name>,
    notes: Notes,
    buffer: Vec<u8>,
}

impl Extractor {
    /// Begins a tree in `root`, an empty directory that nobody else writes to.
    pub(super) fn new(root: OwnedFd, ownership: &Ownership, whiteouts: Whiteouts) -> Result<Self, ExtractError> {
        let mut extractor = Self {
            ownership: ownership.as_seen_here(),
            whiteouts,
            parents: Parents::new(root),
            directories: Directories::default(),
            brought: BTreeSet::new(),
            notes: Notes::default(),
            buffer: vec![0; BUFFER],
        };
        extractor.imply(&Name::default())?;
        Ok(extractor)
    }

    /// Unpacks one layer over what is there.
    pub(super) fn layer(
        &mut self,
        stream: &mut TarStream<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExtractError> {
        self.brought.clear();
        while let Some(entry) = stream.next()? {
            self.entry(&entry, stream, progress)?;
        }
        Ok(())
    }

    /// Gives the directories their modes and times, which would not have survived the unpacking. Returns the notes.
    pub(super) fn finish(mut self) -> Result<Vec<Note>, ExtractError> {
        let directories = std::mem::take(&mut self.directories);
        if let Whiteouts::Overlay(_) = self.whiteouts {
            directories.implied().for_each(|name| self.notes.push(Note::DirectoryImplied { entry: name.clone() }));
        }
        directories.finish(&mut self.parents, &self.ownership, &mut self.notes)?;
        Ok(self.notes.finish())
    }

    fn entry(
        &mut self,
        entry: &Entry,
        stream: &mut TarStream<'_>,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(), ExtractError> {
        let owner = self.owner(entry)?;
        let Some((directory, name)) = entry.name.split() else {
            return self.root(entry, owner);
        };
        if self.whiteouts != Whiteouts::Literal && name.as_bytes().starts_with(b".wh.") {
            return self.whiteout(entry, &directory, OsStr::from_bytes(&name.as_bytes()[4..]));
        }
        let parent = self.parent(&directory, &entry.name)?;
        match &entry.kind {
            Kind::File { size, map } => {
                self.file(&parent, name, entry, owner, (*size, map.as_deref()), stream, progress)?;
            }
            Kind::Directory => self.directory(&parent, name, entry, owner)?,
            Kind::Symlink { target } => self.symlink(&parent, name, entry, owner, target)?,
            Kind::Hardlink { target } => self.hardlink(&parent, name, entry, target)?,
            Kind::Fifo => self.node(&parent, name, entry, owner, rustix::fs::FileType::Fifo, 0)?,
            Kind::Character { major, minor } => {
                let device = rustix::fs::makedev(*major, *minor);
                self.node(&parent, name, entry, owner, rustix::fs::FileType::CharacterDevice, device)?;
            }
            Kind::Block { major, minor } => {
                let device = rustix::fs::makedev(*major, *minor);
                self.node(&parent, name, entry, owner, rustix::fs::FileType::BlockDevice, device)?;
            }
        }
        if self.whiteouts != Whiteouts::Literal {
            self.brought.insert(entry.name.clone());
        }
        Ok(())
    }

    /// The entry `./` says how the root itself looks.
    fn root(&mut self, entry: &Entry, owner: Option<(Uid, Gid)>) -> Result<(), ExtractError> {
        if entry.kind != Kind::Directory {
            return Err(ExtractError::RootKind { entry: entry.name.clone() });
        }
        self.directories.set(entry.name.clone(), Attributes::of(entry, owner));
        Ok(())
    }

    fn owner(&mut self, entry: &Entry) -> Result<Option<(Uid, Gid)>, ExtractError> {
        let owner = self
            .ownership
            .translate(entry.uid, entry.gid)
            .map_err(|id| ExtractError::Unmapped { entry: entry.name.clone(), id })?;
        if owner.is_none() && (entry.uid, entry.gid) != (0, 0) {
            self.notes.flatten();
        }
        Ok(owner)
    }

    /// Notes a directory that the archive uses without having an entry for it: root's, 0755, of the epoch.
    fn imply(&mut self, name: &Name) -> Result<(), ExtractError> {
        let owner = self.ownership.translate(0, 0).map_err(|id| ExtractError::Unmapped { entry: name.clone(), id })?;
        self.directories.set(name.clone(), Attributes::implied(owner));
        Ok(())
    }
}
