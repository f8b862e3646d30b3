//! What can be wrong with an image.

use crate::runtime::image::Call;
use crate::runtime::image::digest::{Digest, DigestError};
use crate::runtime::image::store::StoreError;
use crate::runtime::image::unpack::UnpackError;

/// One such thing.
#[derive(Debug, thiserror::Error)]
pub enum OciError {
    /// The file system refused.
    #[error(transparent)]
    Call(#[from] Call),
    /// A blob cannot be read.
    #[error("{blob}: read: {error}")]
    Read {
        /// The blob.
        blob: String,
        /// Why.
        error: std::io::Error,
    },
    /// The directory is no layout.
    #[error("{path:?} is not an OCI image layout: there is no {missing:?} in it")]
    NoLayout {
        /// The directory or archive.
        path: std::path::PathBuf,
        /// The file that is missing.
        missing: &'static str,
    },
    /// A layout of a version that nobody knows.
    #[error("the image layout is of version {found:?}, this program knows 1.x")]
    Version {
        /// The version.
        found: String,
    },
    /// A file of JSON that is not what it should be.
    #[error("the {what} {blob} cannot be read: {error}")]
    Json {
        /// Index, manifest or configuration.
        what: &'static str,
        /// Which one.
        blob: String,
        /// What is wrong.
        error: serde_json::Error,
    },
    /// The store.
    #[error(transparent)]
    Store(Box<StoreError>),
    /// A layer that does not unpack.
    #[error("layer {layer}: {error}")]
    Unpack {
        /// Which layer, from 1.
        layer: usize,
        /// What is wrong with it.
        error: UnpackError,
    },
    /// A blob that the image needs is not there.
    #[error("the blob {digest} is missing")]
    Missing {
        /// The blob.
        digest: Digest,
    },
    /// A manifest or configuration too large to be one.
    #[error("{blob} has {size} bytes; indexes, manifests and configurations may have 4 MiB")]
    Huge {
        /// The blob.
        blob: String,
        /// Its size.
        size: u64,
    },
    /// A blob of another length.
    #[error("the blob {digest} has {found} bytes, its descriptor says {wanted}")]
    Size {
        /// The blob.
        digest: Digest,
        /// What the descriptor says.
        wanted: u64,
        /// What it has.
        found: u64,
    },
    /// A blob with other bytes.
    #[error("the blob {wanted} has the digest {found}")]
    Digest {
        /// The digest that names it.
        wanted: Digest,
        /// The digest of its bytes.
        found: Digest,
    },
    /// A layer that unpacks to other bytes than the configuration says.
    #[error("layer {number} unpacks to {found}, the image configuration says {wanted}")]
    DiffId {
        /// Which layer, from 1.
        number: usize,
        /// What the configuration says.
        wanted: Digest,
        /// What came out.
        found: Digest,
    },
    /// A digest that cannot be checked.
    #[error(transparent)]
    Algorithm(DigestError),
    /// Indexes within indexes without end.
    #[error("the index leads to more than 8 others, one in the other")]
    Nested,
    /// There is nothing in it.
    #[error("there is no image in it")]
    Empty,
    /// No image has that name.
    #[error("no image has the ref {wanted:?}; there is {there}")]
    NoRef {
        /// The ref.
        wanted: String,
        /// The refs that there are.
        there: String,
    },
    /// Several images, and no word about which.
    #[error("there are several images; write `ref` = one of {there}")]
    Ambiguous {
        /// The refs that there are.
        there: String,
    },
    /// Not for this platform.
    #[error("the image is not for {wanted}, but for {there}")]
    NoPlatform {
        /// The platform.
        wanted: String,
        /// The platforms that there are.
        there: String,
    },
    /// Something else than an image.
    #[error("{blob} is of type {found:?}, which is no image manifest")]
    MediaType {
        /// The blob.
        blob: String,
        /// Its type.
        found: String,
    },
    /// A layer that may not be distributed, or of a kind that cannot be unpacked.
    #[error("layer {number} is of type {found:?}; {why}")]
    Layer {
        /// Which layer, from 1.
        number: usize,
        /// Its type.
        found: String,
        /// Why it is refused.
        why: &'static str,
    },
    /// Manifest and configuration do not fit.
    #[error("the manifest has {layers} layers, the image configuration {diff_ids}")]
    Layers {
        /// Of the manifest.
        layers: usize,
        /// Of the configuration.
        diff_ids: usize,
    },
    /// The archive around it.
    #[error(transparent)]
    Archive(UnpackError),
    /// A file that the archive's manifest names is not there.
    #[error("{manifest} names {name:?}, which is not in the archive")]
    NotPacked {
        /// The file that names it.
        manifest: &'static str,
        /// The name.
        name: String,
    },
}
