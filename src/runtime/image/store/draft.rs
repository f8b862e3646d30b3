//! Drafts: directories in `tmp/` where something is made before it is whole.
//!
//! The maker holds a lock on its draft. One without a lock has lost its maker, and is removed by the next.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use rustix::fs::{FlockOperation, Mode, OFlags};

use super::{Store, StoreError};
use crate::runtime::image::call::Call;
use crate::runtime::image::removal;

/// A draft; removed on drop, whatever is in it.
#[derive(Debug)]
pub(in super::super) struct Draft {
    path: PathBuf,
    lock: Option<File>,
}

impl Draft {
    pub(in super::super) fn new(store: &Store) -> Result<Self, StoreError> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let directory = store.directory("tmp")?;
        loop {
            let count = COUNT.fetch_add(1, Ordering::Relaxed);
            let path = directory.join(format!("{}-{count}", std::process::id()));
            match rustix::fs::mkdir(&path, Mode::RWXU) {
                Ok(()) => {}
                Err(rustix::io::Errno::EXIST) => continue,
                Err(errno) => return Err(Call::on("mkdir", &path)(errno).into()),
            }
            // Between the two calls somebody may have taken it for a leftover.
            if let Some(lock) = lock(&path)? {
                return Ok(Self { path, lock: Some(lock) });
            }
        }
    }

    pub(in super::super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the directory `tree` in it.
    pub(in super::super) fn tree(&self) -> Result<OwnedFd, StoreError> {
        let path = self.path.join("tree");
        rustix::fs::mkdir(&path, Mode::RWXU).map_err(Call::on("mkdir", &path))?;
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        Ok(rustix::fs::open(&path, flags, Mode::empty()).map_err(Call::on("open", &path))?)
    }

    /// Moves the whole draft to `target`; its lock comes along, shared from then on. `None` when that exists already.
    pub(super) fn publish(mut self, target: &Path) -> Result<Option<File>, StoreError> {
        use rustix::fs::{CWD, RenameFlags, renameat_with};
        match renameat_with(CWD, &self.path, CWD, target, RenameFlags::NOREPLACE) {
            Ok(()) => {}
            Err(rustix::io::Errno::EXIST) => return Ok(None),
            Err(errno) => return Err(Call::on("renameat2", target)(errno).into()),
        }
        let lock = self.lock.take();
        if let Some(lock) = &lock {
            rustix::fs::flock(lock, FlockOperation::LockShared).map_err(Call::on("flock", target))?;
        }
        Ok(lock)
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if self.lock.is_some() {
            // What cannot be removed now is a leftover for the next one.
            let _ = remove(&self.path);
        }
    }
}

/// Locks a directory; `None` when somebody else has it, or it went away.
fn lock(path: &Path) -> Result<Option<File>, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Call::io("open", path)(error).into()),
    };
    if rustix::fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(None);
    }
    Ok(is_at(&file, path).then_some(file))
}

/// Returns whether the open `file` is still what `path` names.
pub(super) fn is_at(file: &File, path: &Path) -> bool {
    let identity = |found: &fs::Metadata| (found.dev(), found.ino());
    match (file.metadata(), fs::symlink_metadata(path)) {
        (Ok(open), Ok(named)) => identity(&open) == identity(&named),
        _ => false,
    }
}

/// Removes a directory of the store.
fn remove(path: &Path) -> Result<(), Call> {
    let (Some(parent), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    let parent = File::open(parent).map_err(Call::io("open", parent))?;
    removal::remove(&parent, name)
}

impl Store {
    /// Moves something of the store into a draft, which takes it away.
    pub(super) fn discard(&self, path: &Path) -> Result<(), StoreError> {
        let draft = Draft::new(self)?;
        fs::rename(path, draft.path().join("discarded")).map_err(Call::io("rename", path))?;
        remove(draft.path())?;
        Ok(())
    }

    /// Removes drafts whose makers are gone. Returns how many.
    pub(in super::super) fn remove_leftovers(&self) -> Result<u64, StoreError> {
        let mut removed = 0;
        for path in self.entries(OsStr::new("tmp"))? {
            // What belongs to subordinate ids can be removed in their namespace only: by `gc`, or by the next that unpacks.
            if let Some(_lock) = lock(&path)?
                && remove(&path).is_ok()
            {
                removed += 1;
            }
        }
        Ok(removed)
    }

    /// Returns the paths in a directory of the store, sorted; none when it does not exist.
    pub(super) fn entries(&self, directory: impl AsRef<Path>) -> Result<Vec<PathBuf>, StoreError> {
        let path = self.path.join(directory);
        let listing = match fs::read_dir(&path) {
            Ok(listing) => listing,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Call::io("open", &path)(error).into()),
        };
        let paths: Result<Vec<_>, _> = listing.map(|entry| entry.map(|entry| entry.path())).collect();
        let mut paths = paths.map_err(Call::io("getdents64", &path))?;
        paths.sort();
        Ok(paths)
    }
}
