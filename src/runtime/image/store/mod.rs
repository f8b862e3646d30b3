//! The store: what was pulled and unpacked, kept by its digest, so that it is done once.
//!
//! ```text
//! blobs/sha256/HEX       manifests, configurations and layers of images, as they came
//! trees/KIND/HEX/tree    unpacked roots, or single layers of them; KIND tells whose the files are
//! trees/KIND/HEX/entry   what is known about the tree
//! index/HEX              what a source in a file was found to be: archive and its state -> digest and tree
//! tmp/NAME/              what is being made; locked as long as its maker lives
//! locks/HEX, lock        who makes what; whether somebody cleans up
//! ```
//!
//! Everything appears by rename, whole. A process that is killed leaves something in `tmp/`, which the next one that
//! unpacks removes. It never trusts a store that others can write to.

mod blob;
mod draft;
mod error;
mod gc;
mod index;
mod listing;
mod locks;
mod ranges;
mod tree;
mod verify;

use std::fs::{self, DirBuilder};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::call::Call;

#[cfg(feature = "pull")]
pub(super) use blob::BlobWriter;
pub(super) use draft::Draft;
pub use error::StoreError;
pub use gc::Swept;
pub(super) use index::source_of;
pub use index::{Known, Stamp};

pub(super) use tree::Key;
pub use tree::Tree;
pub use verify::{Damage, Listed};

/// A store on disk.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    /// Stores of others that are read and never written, looked at before our own.
    shared: Vec<PathBuf>,
}

impl Store {
    /// Returns where this user's store is: `/var/lib/launch` for root, else below `XDG_DATA_HOME` or `~/.local/share`.
    pub fn default_path() -> Result<PathBuf, StoreError> {
        if rustix::process::geteuid().is_root() {
            return Ok("/var/lib/launch".into());
        }
        let absolute = |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
        match (absolute("XDG_DATA_HOME"), absolute("HOME")) {
            (Some(data), _) => Ok(data.join("launch")),
            (None, Some(home)) => Ok(home.join(".local/share/launch")),
            (None, None) => Err(StoreError::NoHome),
        }
    }

    /// Opens the store at `path`; nothing is made before something is stored.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let store = Self { path: path.into(), shared: Vec::new() };
        match fs::metadata(&store.path) {
            Ok(found) => store.check_owner(&found)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(Call::io("stat", &store.path)(error).into()),
        }
        Ok(store)
    }

    /// Adds a store that is only read: of the machine's administrator, or on a read-only disk.
    #[must_use]
    pub fn with_shared(mut self, path: impl Into<PathBuf>) -> Self {
        self.shared.push(path.into());
        self
    }

    /// Returns where the store is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What runs as root out of a store that somebody else fills would be his.
    fn check_owner(&self, found: &fs::Metadata) -> Result<(), StoreError> {
        let caller = rustix::process::geteuid().as_raw();
        let path = self.path.clone();
        if !found.is_dir() {
            return Err(StoreError::NotADirectory { path });
        }
        if found.uid() != caller {
            return Err(StoreError::Foreign { path, owner: found.uid(), caller });
        }
        if found.mode() & 0o022 != 0 {
            return Err(StoreError::Writable { path, mode: found.mode() & 0o7777 });
        }
        Ok(())
    }

    /// Makes a directory of the store: closed to others, because it holds setuid files of strangers.
    fn directory(&self, name: &str) -> Result<PathBuf, StoreError> {
        let path = if name.is_empty() { self.path.clone() } else { self.path.join(name) };
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(Call::io("mkdir", &path))?;
        Ok(path)
    }

    /// Returns the stores to look something up in.
    fn all(&self) -> impl Iterator<Item = &Path> {
        self.shared.iter().chain([&self.path]).map(PathBuf::as_path)
    }

    /// Writes a small file by rename.
    fn write(&self, directory: &str, name: &str, bytes: &[u8]) -> Result<(), StoreError> {
        let target = self.directory(directory)?.join(name);
        let draft = Draft::new(self)?;
        let path = draft.path().join(name);
        fs::write(&path, bytes).map_err(Call::io("write", &path))?;
        fs::rename(&path, &target).map_err(Call::io("rename", &target))?;
        Ok(())
    }
}
