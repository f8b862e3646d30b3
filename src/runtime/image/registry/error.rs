//! Why something could not be pulled. Each names the host; none repeats a secret.

use crate::runtime::image::digest::Digest;
use crate::runtime::image::oci::OciError;
use crate::runtime::image::store::StoreError;

/// One reason.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Not in the store, and nobody may be asked.
    #[error("the image is not in the store, and this launch is offline")]
    Offline,
    /// The program was built without the means.
    #[error("the image is not in the store, and this program was built without the feature `pull`")]
    NotBuilt,
    /// No answer.
    #[error("{host}: {error}")]
    Transport {
        /// The host.
        host: String,
        /// What went wrong.
        error: String,
    },
    /// An answer that is a refusal.
    #[error("{host}: {path}: {status} {hint}")]
    Status {
        /// The host.
        host: String,
        /// What was asked for.
        path: String,
        /// The status of HTTP.
        status: u16,
        /// What that means here.
        hint: &'static str,
    },
    /// Come back much later.
    #[error("{host} asks to wait {seconds} seconds before the next request")]
    Wait {
        /// The host.
        host: String,
        /// How long.
        seconds: u64,
    },
    /// A redirect that is not followed.
    #[error("{host} redirects to {target:?}, which is not followed: {why}")]
    Redirect {
        /// The host.
        host: String,
        /// Where to.
        target: String,
        /// Why.
        why: &'static str,
    },
    /// An answer that makes no sense.
    #[error("{host}: {path}: {why}")]
    Answer {
        /// The host.
        host: String,
        /// What was asked for.
        path: String,
        /// What is wrong with it.
        why: String,
    },
    /// Other bytes than were asked for.
    #[error("{host} gave {found} for {wanted}")]
    Digest {
        /// The host.
        host: String,
        /// What was asked for.
        wanted: Digest,
        /// What came.
        found: Digest,
    },
    /// Less came than was asked for, or more, in every attempt.
    #[error("{host}: {digest}: {found} of {wanted} bytes came: {why}")]
    Short {
        /// The host.
        host: String,
        /// The blob.
        digest: Digest,
        /// How many were to come.
        wanted: u64,
        /// How many came.
        found: u64,
        /// What ended it.
        why: String,
    },
    /// The files with credentials, or their helpers.
    #[error("credentials for {host}: {why}")]
    Credentials {
        /// The host.
        host: String,
        /// What is wrong.
        why: String,
    },
    /// Certificates of one's own.
    #[error("SSL_CERT_FILE {path:?}: {why}")]
    Certificates {
        /// The file.
        path: std::path::PathBuf,
        /// What is wrong.
        why: String,
    },
    /// Another download failed, and this one was given up.
    #[error("given up")]
    GivenUp,
    /// The image itself.
    #[error(transparent)]
    Image(#[from] OciError),
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
}
