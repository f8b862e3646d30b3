//! Why a tree could not be unpacked.

use rustix::io::Errno;

use crate::runtime::image::call::Call;
use crate::runtime::image::name::Name;
use crate::runtime::image::tar::TarError;

/// One such reason; each names the entry.
#[derive(Debug, thiserror::Error)]
pub enum ExtractError {
    /// The archive itself is not sound.
    #[error(transparent)]
    Tar(#[from] TarError),
    /// The file system refused.
    #[error("{entry}: {call}")]
    Call {
        /// The entry.
        entry: Name,
        /// What was refused.
        call: Call,
    },
    /// An owner that the id map does not have.
    #[error("{entry}: its owner or group {id} is outside of the id map")]
    Unmapped {
        /// The entry.
        entry: Name,
        /// The id.
        id: u64,
    },
    /// The entry lies below something that is no directory.
    #[error("{entry}: {parent} is not a directory of the archive ({errno})")]
    Parent {
        /// The entry.
        entry: Name,
        /// What it lies below.
        parent: Name,
        /// What the kernel said about it.
        errno: Errno,
    },
    /// A hard link to what is not there, or is outside.
    #[error("{entry}: the target {target} of the hard link cannot be linked ({errno})")]
    Hardlink {
        /// The entry.
        entry: Name,
        /// Its target.
        target: Name,
        /// What the kernel said.
        errno: Errno,
    },
    /// The root of the tree as something else than a directory.
    #[error("{entry}: the root of the archive is not a directory")]
    RootKind {
        /// The entry.
        entry: Name,
    },
    /// A whiteout of `.`, `..` or nothing.
    #[error("{entry}: a whiteout that hides no name")]
    Whiteout {
        /// The entry.
        entry: Name,
    },
}

impl ExtractError {
    /// Makes the closure that `map_err` wants.
    pub(super) fn at(entry: &Name) -> impl FnOnce(Call) -> Self {
        let entry = entry.clone();
        move |call| Self::Call { entry, call }
    }

    /// The same for a bare error number.
    pub(super) fn call(name: &'static str, entry: &Name) -> impl FnOnce(Errno) -> Self {
        let entry = entry.clone();
        move |errno| {
            let call = Call::on(name, entry.path())(errno);
            Self::Call { entry, call }
        }
    }
}
