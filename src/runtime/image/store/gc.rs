//! Cleaning up: what no source that was used lately needs, goes.
//!
//! It never takes a tree away from a running container: those hold a lock on theirs.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::path::Path;
use std::time::{Duration, SystemTime};

use rustix::fs::FlockOperation;

use super::{Store, StoreError, tree};
use crate::runtime::image::call::Call;
use crate::runtime::image::digest::Digest;

/// What was removed.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Swept {
    /// Sources that nobody used.
    pub sources: Vec<String>,
    /// Unpacked trees.
    pub trees: u64,
    /// Blobs.
    pub blobs: u64,
    /// Drafts whose makers are gone.
    pub leftovers: u64,
    /// Trees that were kept because somebody uses them.
    pub in_use: u64,
    /// Bytes of trees and blobs.
    pub bytes: u64,
}

impl Store {
    /// Removes what no source used within `unused_for` needs.
    pub fn gc(&self, unused_for: Duration) -> Result<Swept, StoreError> {
        self.where_owned(|| self.gc_here(unused_for))
    }

    fn gc_here(&self, unused_for: Duration) -> Result<Swept, StoreError> {
        let _lock = self.lock_cleaning()?;
        let mut swept = Swept { leftovers: self.remove_leftovers()?, ..Swept::default() };
        let (mut names, mut unpacked) = (BTreeSet::new(), BTreeSet::new());
        for (path, known) in self.all_known()? {
            if is_unused(&path, unused_for) {
                fs::remove_file(&path).map_err(Call::io("unlink", &path))?;
                swept.sources.push(known.source);
                continue;
            }
            unpacked.extend(known.trees().map(|tree| tree.hex()));
            names.extend(known.blobs.iter().map(Digest::hex));
        }
        for kind in self.entries("trees")? {
            for path in self.entries(&kind)? {
                if !has_name_in(&path, &unpacked) {
                    sweep_tree(self, &path, &mut swept)?;
                }
            }
        }
        for path in self.entries("blobs/sha256")? {
            if !has_name_in(&path, &names) {
                swept.bytes += fs::metadata(&path).map_or(0, |found| found.len());
                fs::remove_file(&path).map_err(Call::io("unlink", &path))?;
                swept.blobs += 1;
            }
        }
        for path in self.entries("locks")? {
            fs::remove_file(&path).map_err(Call::io("unlink", &path))?;
        }
        Ok(swept)
    }
}

fn is_unused(path: &Path, unused_for: Duration) -> bool {
    let used = fs::metadata(path).and_then(|found| found.modified());
    used.is_ok_and(|used| SystemTime::now().duration_since(used).is_ok_and(|age| age >= unused_for))
}

fn has_name_in(path: &Path, names: &BTreeSet<String>) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(|name| names.contains(name))
}

fn sweep_tree(store: &Store, path: &Path, swept: &mut Swept) -> Result<(), StoreError> {
    let lock = File::open(path).map_err(Call::io("open", path))?;
    if rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        swept.in_use += 1;
        return Ok(());
    }
    let bytes = tree::facts(path).map_or(0, |facts| facts.bytes);
    // It goes as a whole: killed from here on, this leaves a leftover in `tmp/` and no half tree.
    store.discard(path)?;
    swept.trees += 1;
    swept.bytes += bytes;
    Ok(())
}
