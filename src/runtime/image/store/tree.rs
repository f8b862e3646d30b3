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
    /// The boot in which it was made; none when a later one found it whole.
    pub(in super::super) boot: Option<String>,
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
        // Without a note it was cut short by a power cut.
        let Some(facts) = facts(path) else { return Ok(None) };
        if !self.survived(path, &facts)? {
            return Ok(None);
        }
        Ok(Some(Tree { path: tree.to_owned(), notes: facts.notes, _lock: lock }))
    }

    /// Returns whether all of a tree has reached the disk. Nobody waits for that when it is made: within the same boot
    /// the kernel has it in any case, and the first launch of a later boot reads it once from end to end.
    fn survived(&self, path: &Path, facts: &Facts) -> Result<bool, StoreError> {
        let Some(made_in) = &facts.boot else { return Ok(true) };
        if boot().as_ref() == Some(made_in) {
            return Ok(true);
        }
        let whole = self.where_owned(|| {
            let tree = File::open(path.join("tree")).map_err(Call::io("open", path))?;
            Ok(listing::of(&tree.into()).is_ok_and(|found| found.digest == facts.listing))
        })?;
        if whole {
            // A store that is only read is looked through in each launch: its keeper should launch once.
            let _ = write_facts(path, &Facts { boot: None, ..facts.clone() });
        }
        Ok(whole)
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
        let (bytes, listing) = (listed.bytes, listed.digest);
        write_facts(
            draft.path(),
            &Facts { source, bytes, notes: notes.clone(), listing, boot: boot().or_else(|| Some(String::new())) },
        )?;
        let target = self.path.join(key.path());
        self.directory(&format!("trees/{}", key.kind))?;
        // One that is there although nobody found it is a broken one.
        if target.exists() && self.hold(&target.join("tree"))?.is_none() {
            self.discard(&target)?;
        }
        match draft.publish(&target)? {
            Some(lock) => Ok(Tree { path: target.join("tree"), notes, _lock: lock }),
            None => self.tree(key)?.ok_or(StoreError::Busy { path: target }),
        }
    }
}

fn write_facts(path: &Path, facts: &Facts) -> Result<(), Call> {
    let text = serde_json::to_vec(facts).expect("strings and numbers have a JSON form");
    let (new, entry) = (path.join("entry.new"), path.join("entry"));
    fs::write(&new, text).and_then(|()| fs::rename(&new, &entry)).map_err(Call::io("write", &entry))
}

/// Returns what names this boot, random(4). Without /proc no boot is like another.
fn boot() -> Option<String> {
    let text = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    Some(text.trim_end().to_owned())
}

/// Reads what is written down beside a tree.
pub(super) fn facts(path: &Path) -> Option<Facts> {
    serde_json::from_slice(&fs::read(path.join("entry")).ok()?).ok()
}
