//! What can be wrong with a store.

use std::path::PathBuf;

use crate::runtime::image::call::Call;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::inside::InsideError;

/// One such thing.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file system refused.
    #[error("store: {0}")]
    Call(#[from] Call),
    /// There is no place for a store of this user.
    #[error("neither XDG_DATA_HOME nor HOME is an absolute path, and the store has to be somewhere")]
    NoHome,
    /// Something else lies where the store should be.
    #[error("the store {path:?} is not a directory")]
    NotADirectory {
        /// Where.
        path: PathBuf,
    },
    /// Somebody else's.
    #[error("the store {path:?} belongs to user {owner} and not to {caller}")]
    Foreign {
        /// Where.
        path: PathBuf,
        /// Whose it is.
        owner: u32,
        /// Who asks.
        caller: u32,
    },
    /// Others could put into it what we run.
    #[error("others may write to the store {path:?} (mode {mode:o}); `chmod go-w` it")]
    Writable {
        /// Where.
        path: PathBuf,
        /// Its mode.
        mode: u32,
    },
    /// A blob that is not what its name says.
    #[error("{wanted}: the bytes have the digest {found}")]
    Digest {
        /// The digest that was asked for.
        wanted: Digest,
        /// The digest of the bytes.
        found: Digest,
    },
    /// A blob that is not as long as it should be.
    #[error("{digest}: {found} bytes came, the manifest says {wanted}")]
    Size {
        /// The blob.
        digest: Digest,
        /// What the manifest says.
        wanted: u64,
        /// What came.
        found: u64,
    },
    /// The namespace in which the store of an ordinary user is cleaned up.
    #[error("store: {0}")]
    Inside(Box<InsideError>),
    /// What came out of that namespace.
    #[error("store: the answer of the process in the user namespace cannot be read: {0}")]
    Answer(String),
    /// Another process unpacks or cleans up.
    #[error("the store {path:?} is in use by another launch that unpacks or cleans up")]
    Busy {
        /// Where.
        path: PathBuf,
    },
}
