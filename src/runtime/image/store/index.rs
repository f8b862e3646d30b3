//! The index: what a source that a file names was found to be, so that a second launch need not read it again.
//!
//! An archive is known by the state of its file; as git does it, a file that changed a moment ago is not believed.

use std::fs::{self, File};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::time::{Duration, SystemTime};

use super::{Store, StoreError};
use crate::runtime::image::config::ImageConfig;
use crate::runtime::image::digest::Digest;

/// The state of a file: while it is the same, the contents are the same.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
pub struct Stamp(Vec<i64>);

impl Stamp {
    /// Takes the state of an open file; `None` when it changed so recently that another change would not show.
    pub(in super::super) fn of(file: &File) -> Option<Self> {
        /// Far above the granularity of any file system's clock except FAT's.
        const FRESH: Duration = Duration::from_millis(100);
        let found = file.metadata().ok()?;
        let changed =
            SystemTime::UNIX_EPOCH + Duration::new(found.ctime().try_into().ok()?, found.ctime_nsec().try_into().ok()?);
        let fresh = SystemTime::now().duration_since(changed).is_ok_and(|age| age < FRESH);
        (!fresh).then(|| {
            let state = [found.dev().cast_signed(), found.ino().cast_signed(), found.size().cast_signed()];
            let times = [found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec()];
            Self([&state[..], &times[..]].concat())
        })
    }
}

/// What is known about a source.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Known {
    /// The source, for people and for the name of the entry.
    pub source: String,
    /// The state of its file then; empty for what has no file.
    pub stamp: Stamp,
    /// Its digest: of the archive, or of the image's manifest.
    pub digest: Digest,
    /// The digests of its plain layers, lowest first; of an archive, its own.
    pub layers: Vec<Digest>,
    /// What the image wants to run.
    pub config: ImageConfig,
    /// The blobs that it needs, so that cleaning up leaves them.
    pub blobs: Vec<Digest>,
}

impl Known {
    /// Returns the digests that its trees may be named by: each layer's, and that of all together.
    pub(super) fn trees(&self) -> impl Iterator<Item = Digest> {
        self.layers.iter().copied().chain([Digest::chain(&self.layers)])
    }
}

impl Store {
    /// Looks a source up. What cannot be read is not known.
    pub(in super::super) fn known(&self, source: &str, stamp: &Stamp) -> Option<Known> {
        let name = file_name(source);
        self.all().find_map(|store| {
            let path = store.join("index").join(&name);
            let known: Known = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
            if known.source != source || known.stamp != *stamp {
                return None;
            }
            touch(&path);
            Some(known)
        })
    }

    /// Writes down what was found out.
    pub(in super::super) fn remember(&self, known: &Known) -> Result<(), StoreError> {
        let text = serde_json::to_vec(known).expect("strings and numbers have a JSON form");
        self.write("index", &file_name(&known.source), &text)
    }

    /// Returns everything that is known.
    pub(super) fn all_known(&self) -> Result<Vec<(std::path::PathBuf, Known)>, StoreError> {
        let read = |path: std::path::PathBuf| {
            let known = serde_json::from_slice(&fs::read(&path).ok()?).ok()?;
            Some((path, known))
        };
        Ok(self.entries("index")?.into_iter().filter_map(read).collect())
    }
}

/// Names a file on this machine as a source.
pub(in super::super) fn source_of(kind: &str, path: &Path) -> String {
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("{kind}:{}", path.as_os_str().as_bytes().escape_ascii())
}

fn file_name(source: &str) -> String {
    Digest::of(source.as_bytes()).hex()
}

/// Says that an entry was used: what nobody used for long is what goes. A read-only store says nothing.
fn touch(path: &Path) {
    let now = rustix::fs::Timespec { tv_sec: 0, tv_nsec: rustix::fs::UTIME_NOW };
    let times = rustix::fs::Timestamps { last_access: now, last_modification: now };
    let _ = rustix::fs::utimensat(rustix::fs::CWD, path, &times, rustix::fs::AtFlags::SYMLINK_NOFOLLOW);
}
