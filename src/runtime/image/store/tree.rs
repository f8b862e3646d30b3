//! Unpacked trees: found by key, published by rename, held by a shared lock as long as somebody uses them.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;

use super::draft::{Draft, is_at};
use super::{Store, StoreError, listing};
use crate::runtime::image::call::Call;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::extract::{Opaque, Ownership, Whiteouts};

/// The name of a tree: what was unpacked, how, and for whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in super::super) struct Key {
    kind: String,
    digest: Digest,
}

impl Key {
    pub(in super::super) fn new(whiteouts: Whiteouts, ownership: &Ownership, digest: Digest) -> Self {
        let shape = match whiteouts {
            Whiteouts::Literal => "archive",
            Whiteouts::Apply => "image",
            Whiteouts::Overlay(Opaque::Trusted) => "layer",
            Whiteouts::Overlay(Opaque::User) => "userlayer",
        };
        Self { kind: format!("{shape}-{}", ownership.key()), digest }
    }

    fn path(&self) -> PathBuf {
        ["trees", &self.kind, &self.digest.hex()].iter().collect()
    }
}

/// What is written down beside a tree.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(in super::super) struct Facts {
    /// Where it came from, for people.
    pub(in super::super) source: String,
    /// Bytes of its files.
    pub(in super::super) bytes: u64,
    /// What could not be unpacked as the archive has it.
    pub(in super::super) notes: Vec<String>,
    /// The digest over all that is in it, see [`listing`].
    pub(in super::super) listing: Digest,
}

/// A tree in the store. It stays there at least as long as this lives.
#[derive(Debug)]
pub struct Tree {
    path: PathBuf,
    /// What could not be unpacked as the archive has it.
    pub notes: Vec<String>,
    _lock: File,
}

impl Tree {
    /// Returns the directory. It is shared with others: never write to it.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

impl Store {
    /// Finds a tree and holds it.
    pub(in super::super) fn tree(&self, key: &Key) -> Result<Option<Tree>, StoreError> {
        for store in self.all() {
            if let Some(tree) = self.hold(&store.join(key.path()).join("tree"))? {
                return Ok(Some(tree));
            }
        }
        Ok(None)
    }

    /// Holds a tree that is at a known place.
    #[expect(clippy::unused_self, reason = "only a store has trees")]
    pub(in super::super) fn hold(&self, tree: &Path) -> Result<Option<Tree>, StoreError> {
        let path = tree.parent().unwrap_or(tree);
        let lock = match File::open(path) {
            Ok(lock) => lock,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(Call::io("open", path)(error).into()),
        };
        rustix::fs::flock(&lock, FlockOperation::LockShared).map_err(Call::on("flock", path))?;
        // It may have been removed while we waited for the lock.
        if !is_at(&lock, path) {
            return Ok(None);
        }
        let notes = facts(path).map(|facts| facts.notes).unwrap_or_default();
        Ok(Some(Tree { path: tree.to_owned(), notes, _lock: lock }))
    }

    /// Makes a finished draft a tree of the store, or takes the one that another process made meanwhile.
    pub(in super::super) fn publish(
        &self,
        draft: Draft,
        tree: &OwnedFd,
        key: &Key,
        source: String,
        notes: Vec<String>,
    ) -> Result<Tree, StoreError> {
        let listed = listing::of(tree)?;
        let facts = Facts { source, bytes: listed.bytes, notes: notes.clone(), listing: listed.digest };
        let text = serde_json::to_vec(&facts).expect("strings and numbers have a JSON form");
        let entry = draft.path().join("entry");
        fs::write(&entry, text).map_err(Call::io("write", &entry))?;
        // A rename may reach the disk before the data does: after a power cut the tree would be there, and empty.
        rustix::fs::syncfs(tree).map_err(Call::on("syncfs", draft.path()))?;
        let target = self.path.join(key.path());
        self.directory(&format!("trees/{}", key.kind))?;
        match draft.publish(&target)? {
            Some(lock) => Ok(Tree { path: target.join("tree"), notes, _lock: lock }),
            None => self.tree(key)?.ok_or(StoreError::Busy { path: target }),
        }
    }
}

/// Reads what is written down beside a tree.
pub(super) fn facts(path: &Path) -> Option<Facts> {
    serde_json::from_slice(&fs::read(path.join("entry")).ok()?).ok()
}
