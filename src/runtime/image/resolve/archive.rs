//! `archive = "…"`: a tarball, unpacked once for each of its states.
//!
//! It never believes a written digest before it has read the whole file, nor a file that changes meanwhile.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::Path;

use super::{Event, ImageError, Options, Progress, Resolved, Root};
use crate::runtime::image::Call;
use crate::runtime::image::config::ImageConfig;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::extract::{ExtractError, Extractor, Note, Whiteouts};
use crate::runtime::image::store::{Draft, Key, Known, Stamp, Store, Tree, source_of};
use crate::runtime::image::tar::End;
use crate::runtime::image::unpack::{UnpackError, unpack};

/// The archive of one launch.
pub(super) struct Archive<'a> {
    pub(super) path: &'a Path,
    pub(super) wanted: Option<Digest>,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options,
}

impl Archive<'_> {
    /// Looks whether it is there already.
    pub(super) fn find(&self) -> Result<Option<Resolved>, ImageError> {
        let file = File::open(self.path).map_err(Call::io("open", self.path))?;
        self.look_up(&source_of("archive", self.path), &file)
    }

    pub(super) fn resolve(&self, progress: &mut dyn Progress) -> Result<Resolved, ImageError> {
        let source = source_of("archive", self.path);
        let file = File::open(self.path).map_err(Call::io("open", self.path))?;
        if let Some(found) = self.look_up(&source, &file)? {
            return Ok(found);
        }
        let _making = self.store.lock_making()?;
        let _one = self.store.lock_one(&source)?;
        // Another launch may have made it while this one waited.
        if let Some(found) = self.look_up(&source, &file)? {
            return Ok(found);
        }
        self.store.remove_leftovers()?;
        self.make(source, &file, progress)
    }

    fn look_up(&self, source: &str, file: &File) -> Result<Option<Resolved>, ImageError> {
        let Some(known) = Stamp::of(file).and_then(|stamp| self.store.known(source, &stamp)) else {
            return Ok(None);
        };
        self.check(known.digest)?;
        let key = Key::new(Whiteouts::Literal, &self.options.ownership, known.digest);
        Ok(self.store.tree(&key)?.map(|tree| resolved(tree, known.digest)))
    }

    fn check(&self, found: Digest) -> Result<(), ImageError> {
        match self.wanted {
            Some(wanted) if wanted != found => Err(ImageError::Digest { path: self.path.to_owned(), wanted, found }),
            _ => Ok(()),
        }
    }

    fn make(&self, source: String, file: &File, progress: &mut dyn Progress) -> Result<Resolved, ImageError> {
        let state = |file: &File| {
            file.metadata().map(|found| {
                use std::os::unix::fs::MetadataExt;
                (found.size(), found.mtime(), found.mtime_nsec(), found.ctime(), found.ctime_nsec())
            })
        };
        let before = state(file).map_err(Call::io("fstat", self.path))?;
        let draft = Draft::new(self.store)?;
        let tree = draft.tree()?;
        let mut told = |bytes| progress.report(Event::Unpacked { source: &source, bytes });
        let (digest, notes) = self.unpack(file, &tree, &mut told)?;
        if state(file).map_err(Call::io("fstat", self.path))? != before {
            return Err(ImageError::Changed { path: self.path.to_owned() });
        }
        self.check(digest)?;
        let key = Key::new(Whiteouts::Literal, &self.options.ownership, digest);
        let notes = notes.iter().map(ToString::to_string).collect();
        let tree = self.store.publish(draft, &tree, &key, source.clone(), notes)?;
        if let Some(stamp) = Stamp::of(file) {
            let config = ImageConfig::default();
            let known = Known { source, stamp, digest, layers: vec![digest], config, blobs: Vec::new() };
            self.store.remember(&known)?;
        }
        Ok(resolved(tree, digest))
    }

    fn unpack(
        &self,
        file: &File,
        tree: &OwnedFd,
        progress: &mut dyn FnMut(u64),
    ) -> Result<(Digest, Vec<Note>), ImageError> {
        let wrong = |error: UnpackError| ImageError::Unpack { source_name: self.path.display().to_string(), error };
        let root = tree.try_clone().map_err(Call::io("dup", self.path))?;
        let mut extractor =
            Extractor::new(root, &self.options.ownership, Whiteouts::Literal).map_err(|error| wrong(error.into()))?;
        let unpacked = unpack(file, &mut extractor, &self.options.bounds, End::Marked, progress).map_err(wrong)?;
        let notes = extractor.finish().map_err(|error: ExtractError| wrong(error.into()))?;
        Ok((unpacked.packed, notes))
    }
}

fn resolved(tree: Tree, digest: Digest) -> Resolved {
    Resolved { root: Root::Tree(tree), digest: Some(digest), config: ImageConfig::default() }
}

/// Unpacks an archive into `directory`, which must not exist, and keeps nothing in a store: `launch unpack`.
pub fn unpack_into(path: &Path, directory: &Path, options: &Options) -> Result<Vec<Note>, ImageError> {
    fs::create_dir(directory).map_err(Call::io("mkdir", directory))?;
    let unpacked = fill(path, directory, options);
    if unpacked.is_err()
        && let (Some(parent), Some(name)) = (directory.parent(), directory.file_name())
    {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        crate::runtime::image::removal::remove(File::open(parent).map_err(Call::io("open", parent))?, name)?;
    }
    unpacked
}

fn fill(path: &Path, directory: &Path, options: &Options) -> Result<Vec<Note>, ImageError> {
    let file = File::open(path).map_err(Call::io("open", path))?;
    let root: OwnedFd = File::open(directory).map_err(Call::io("open", directory))?.into();
    let wrong = |error| ImageError::Unpack { source_name: path.display().to_string(), error };
    let mut extractor =
        Extractor::new(root, &options.ownership, Whiteouts::Literal).map_err(|error| wrong(error.into()))?;
    unpack(file, &mut extractor, &options.bounds, End::Marked, &mut |_| ()).map_err(wrong)?;
    extractor.finish().map_err(|error| wrong(error.into()))
}
