//! From a source in a file to a root in the store.

mod archive;
mod image;
mod pulled;

use std::fs::File;
use std::path::{Path, PathBuf};

use crate::runtime::image::bounds::Bounds;
use crate::runtime::image::call::Call;
use crate::runtime::image::config::ImageConfig;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::extract::{Opaque, Ownership};
use crate::runtime::image::file::{self, FileSystem};
use crate::runtime::image::inside::{self, InsideError};
use crate::runtime::image::oci::OciError;
use crate::runtime::image::platform::Platform;
use crate::runtime::image::reference::Reference;
use crate::runtime::image::registry::{RegistryError, RegistryOptions};
use crate::runtime::image::store::{Store, StoreError, Tree};
use crate::runtime::image::unpack::UnpackError;
pub use archive::unpack_into;

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
    /// `oci = "…"`: a layout, or an archive of one, or what `docker save` made.
    Oci {
        /// The directory or file.
        path: PathBuf,
        /// The name of the image in it.
        reference: Option<String>,
        /// The platform to choose; this machine's when nothing is written.
        platform: Option<Platform>,
    },
    /// `image = "…"`: of a registry.
    Image {
        /// Its name.
        reference: Reference,
        /// The platform to choose; this machine's when nothing is written.
        platform: Option<Platform>,
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
    /// How to talk to registries.
    pub registry: RegistryOptions,
}

impl Options {
    /// One tree with these owners.
    pub fn new(ownership: Ownership) -> Self {
        Self { ownership, layout: Layout::Tree, bounds: Bounds::default(), registry: RegistryOptions::default() }
    }
}

/// What happens meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event<'a> {
    /// So many more bytes of a blob came.
    Pulled {
        /// The source.
        source: &'a str,
        /// The blob.
        blob: Digest,
        /// The bytes of the whole blob.
        size: u64,
        /// The bytes that came.
        bytes: u64,
    },
    /// A layer begins to be unpacked.
    Layer {
        /// The source.
        source: &'a str,
        /// Which layer, from 1.
        number: usize,
        /// Of how many.
        of: usize,
    },
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
    /// The image.
    #[error("{source_name}: {error}")]
    Image {
        /// The layout, archive or reference.
        source_name: String,
        /// What is wrong with it.
        error: OciError,
    },
    /// The registry.
    #[error("{source_name}: {error}")]
    Registry {
        /// The name of the image.
        source_name: String,
        /// What went wrong.
        error: RegistryError,
    },
    /// The namespace in which an ordinary user unpacks for his subordinate ids.
    #[error(transparent)]
    Inside(#[from] InsideError),
    /// Somebody removed what was just made.
    #[error("the unpacked root is gone from the store: somebody cleaned up at this moment; try again")]
    Vanished,
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
    let Some((users, groups)) = options.ownership.needs_namespace() else {
        return resolve_here(source, store, options, progress);
    };
    if let Some(found) = look_up(source, store, options)? {
        return Ok(found);
    }
    // The copy of this process in a namespace makes it; then it is there.
    store.remember_ranges(users, groups)?;
    let answer = inside::run(users, groups, || {
        let made = resolve_here(source, store, options, progress).map_err(|error| error.to_string())?;
        Ok(serde_json::to_vec(&Made::of(&made)).expect("strings have a JSON form"))
    })?;
    let made: Option<Made> = serde_json::from_slice(&answer).ok();
    made.and_then(|made| made.hold(store, options)).ok_or(ImageError::Vanished)
}

/// What the copy of this process made, as it says it.
#[derive(serde::Serialize, serde::Deserialize)]
struct Made {
    trees: Vec<PathBuf>,
    digest: Option<Digest>,
    config: ImageConfig,
}

impl Made {
    fn of(resolved: &Resolved) -> Self {
        let trees = match &resolved.root {
            Root::Tree(tree) => vec![tree.path().to_owned()],
            Root::Layers(trees) => trees.iter().map(|tree| tree.path().to_owned()).collect(),
            Root::Image { .. } => Vec::new(),
        };
        Self { trees, digest: resolved.digest, config: resolved.config.clone() }
    }

    fn hold(self, store: &Store, options: &Options) -> Option<Resolved> {
        let trees: Result<Option<Vec<Tree>>, _> = self.trees.iter().map(|tree| store.hold(tree)).collect();
        let mut trees = trees.ok()??;
        let root = match options.layout {
            Layout::Tree => Root::Tree(trees.pop()?),
            Layout::Layers(_) => Root::Layers(trees),
        };
        Some(Resolved { root, digest: self.digest, config: self.config })
    }
}

/// Looks whether the root is there already, unless it is to be looked for again.
fn look_up(source: &Source, store: &Store, options: &Options) -> Result<Option<Resolved>, ImageError> {
    match source {
        Source::Archive { path, sha256 } => archive::Archive { path, wanted: *sha256, store, options }.find(),
        Source::Oci { path, reference, platform } => {
            image::find(path, reference.as_deref(), platform.as_ref(), store, options)
        }
        Source::Image { reference, platform } => pulled::find(reference, platform.as_ref(), store, options),
        Source::File { path, sha256 } => image_file(path, *sha256).map(Some),
    }
}

fn resolve_here(
    source: &Source,
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Resolved, ImageError> {
    match source {
        Source::Archive { path, sha256 } => {
            archive::Archive { path, wanted: *sha256, store, options }.resolve(progress)
        }
        Source::Oci { path, reference, platform } => {
            image::resolve(path, reference.as_deref(), platform.clone(), store, options, progress)
        }
        Source::Image { reference, platform } => pulled::resolve(reference, platform.clone(), store, options, progress),
        Source::File { path, sha256 } => image_file(path, *sha256),
    }
}

fn image_file(path: &Path, wanted: Option<Digest>) -> Result<Resolved, ImageError> {
    let kind = file::identify_file(path)?.ok_or_else(|| ImageError::NoFileSystem { path: path.to_owned() })?;
    if let Some(wanted) = wanted {
        let file = File::open(path).map_err(Call::io("open", path))?;
        let (found, _) = crate::runtime::image::digest::Tap::new(file).finish().map_err(Call::io("read", path))?;
        if found != wanted {
            return Err(ImageError::Digest { path: path.to_owned(), wanted, found });
        }
    }
    let root = Root::Image { path: path.to_owned(), kind };
    Ok(Resolved { root, digest: wanted, config: ImageConfig::default() })
}
