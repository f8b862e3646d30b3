//! Roots out of archives, images and registries.
//!
//! ```text
//! source ──────> blobs ──────────> layers ─────────> tree
//! archive        as they came,     decoder, tar,     a directory in the store,
//! OCI layout     digest and size   extractor below   named by digest and owners,
//! registry       checked           a directory fd    published by rename
//! ```
//!
//! [`resolve()`] is the door: it gives a directory (or the layers for an overlay) that is whole, and stays as long as its
//! [`Tree`] is held. A source that is known already costs a look into the index. It never mounts, never runs anything
//! out of what it unpacked, and never leaves half a tree.
#![cfg_attr(
    not(feature = "pull"),
    expect(dead_code, reason = "what only pulling needs is small, and not worth a fence")
)]

pub mod archive;
pub mod bounds;
mod call;
pub mod config;
pub mod digest;
pub mod extract;
pub mod file;
mod inside;
pub mod lock;
pub mod name;
pub mod oci;
pub mod platform;
pub mod reference;
pub mod registry;
mod removal;
mod resolve;
pub mod store;
pub mod tar;
mod unpack;

pub use bounds::Bounds;
pub use call::Call;
pub use config::ImageConfig;
pub use digest::Digest;
pub use extract::{IdRange, Opaque, Ownership};
pub use inside::InsideError;
pub use platform::Platform;
pub use resolve::{Event, ImageError, Layout, Options, Progress, Resolved, Root, Source, resolve, unpack_into};
pub use store::{Store, Tree};
pub use unpack::UnpackError;
