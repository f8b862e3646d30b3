//! From a source in a file to a root in the store.

use std::fs::{self, File};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use super::bounds::Bounds;
use super::call::Call;
use super::config::ImageConfig;
use super::digest::Digest;
use super::extract::{ExtractError, Extractor, Note, Opaque, Ownership, Whiteouts};
use super::file::{self, FileSystem};
use super::store::{Draft, Key, Known, Stamp, Store, StoreError, Tree, source_of};
use super::tar::End;
use super::unpack::{UnpackError, unpack};

/// Where a root comes from: the keys of `[rootfs]` other than `path` and `host`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// `archive = "…"`.
    Archive {
        /// The file.
        path: PathBuf,
        /// The digest that it must have.
        sha256: Option<Digest>,
    },
    /// `file = "…"`: erofs or squashfs.
    File {
        /// The file.
        path: PathBuf,
        /// The digest that it must have. Checking it reads the whole file, once for each of its states.
        sha256: Option<Digest>,
    },
}

/// In which form a root is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// One directory.
    Tree,
    /// A directory for each layer, for overlayfs: images share what they have in common.
    Layers(Opaque),
}

/// How to resolve.
#[derive(Debug, Clone)]
pub struct Options {
    /// Whose the files are.
    pub ownership: Ownership,
    /// In which form.
    pub layout: Layout,
    /// What an archive may ask for.
    pub bounds: Bounds,
}

impl Options {
    /// One tree with these owners.
    pub fn new(ownership: Ownership) -> Self {
        Self { ownership, layout: Layout::Tree, bounds: Bounds::default() }
    }
}

/// What happens meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// So many more bytes of files were written.
    Unpacked {
        /// The source.
        source: &'a str,
        /// The bytes.
        bytes: u64,
    },
}

/// Is told what happens; `()` does not care.
pub trait Progress {
    /// Takes note. Called often: it should not wait for anything.
    fn report(&mut self, event: Event<'_>);
}

impl Progress for () {
    fn report(&mut self, _: Event<'_>) {}
}

/// A root that is there.
#[derive(Debug)]
pub enum Root {
    /// One directory.
    Tree(Tree),
    /// The directories of its layers, lowest first.
    Layers(Vec<Tree>),
    /// A file system image to mount.
    Image {
        /// The file.
        path: PathBuf,
        /// What is in it.
        kind: FileSystem,
    },
}

/// What a source was resolved to.
#[derive(Debug)]
pub struct Resolved {
    /// Where it is.
    pub root: Root,
    /// The digest of what was used: the file's, or the image manifest's. `None` for a file system image without
    /// `sha256`, which is not read as a whole.
    pub digest: Option<Digest>,
    /// What the image wants to run.
    pub config: ImageConfig,
}

/// A source that could not be resolved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImageError {
    /// The file.
    #[error(transparent)]
    Call(#[from] Call),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The archive, or the layer that is named.
    #[error("{source_name}: {error}")]
    Unpack {
        /// The archive or layer.
        source_name: String,
        /// What is wrong with it.
        error: UnpackError,
    },
    /// The file is another one than was written down.
    #[error("{path:?} has the digest {found}, and `sha256` says {wanted}")]
    Digest {
        /// The file.
        path: PathBuf,
        /// What the file says.
        wanted: Digest,
        /// What it has.
        found: Digest,
    },
    /// The file was written to while it was read.
    #[error("{path:?} changed while it was read")]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// A `file` that holds no file system that is known.
    #[error("{path:?} is neither an erofs nor a squashfs image; write `archive` for a tarball")]
    NoFileSystem {
        /// The file.
        path: PathBuf,
    },
}

/// Finds or makes the root that `source` names.
pub fn resolve(
    source: &Source,
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Resolved, ImageError> {
    match source {
        Source::Archive { path, sha256 } => Archive { path, wanted: *sha256, store, options }.resolve(progress),
        Source::File { path, sha256 } => image_file(path, *sha256),
    }
}

/// Unpacks an archive into `directory`, which must not exist, and keeps nothing in a store: `launch unpack`.
pub fn unpack_into(path: &Path, directory: &Path, options: &Options) -> Result<Vec<Note>, ImageError> {
    fs::create_dir(directory).map_err(Call::io("mkdir", directory))?;
    let unpacked = fill(path, directory, options);
    if unpacked.is_err()
        && let (Some(parent), Some(name)) = (directory.parent(), directory.file_name())
    {
        let parent = if parent.as_os_str().is_empty() { Path::new(".") } else { parent };
        super::removal::remove(File::open(parent).map_err(Call::io("open", parent))?, name)?;
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

/// The archive of one launch.
struct Archive<'a> {
    path: &'a Path,
    wanted: Option<Digest>,
    store: &'a Store,
    options: &'a Options,
}

impl Archive<'_> {
    fn resolve(&self, progress: &mut dyn Progress) -> Result<Resolved, ImageError> {
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

fn image_file(path: &Path, wanted: Option<Digest>) -> Result<Resolved, ImageError> {
    let kind = file::identify_file(path)?.ok_or_else(|| ImageError::NoFileSystem { path: path.to_owned() })?;
    if let Some(wanted) = wanted {
        let file = File::open(path).map_err(Call::io("open", path))?;
        let (found, _) = super::digest::Tap::new(file).finish().map_err(Call::io("read", path))?;
        if found != wanted {
            return Err(ImageError::Digest { path: path.to_owned(), wanted, found });
        }
    }
    let root = Root::Image { path: path.to_owned(), kind };
    Ok(Resolved { root, digest: wanted, config: ImageConfig::default() })
}
