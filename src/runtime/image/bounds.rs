//! How much an archive may ask of this machine before it is refused.
//!
//! The defaults are far above every honest root and far below what hurts.

use super::name::Name;

/// The bounds of one archive or image.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Unpacked bytes, headers and padding included.
    pub bytes: u64,
    /// Entries.
    pub entries: u64,
    /// Directories above an entry.
    pub depth: usize,
    /// Bytes of a path or of a link's target.
    pub name: usize,
    /// Unpacked bytes for each packed one; not looked at below [`Bounds::RATIO_FROM`].
    pub ratio: u64,
    /// Bytes of the extended headers (long names, extended attributes) of one entry.
    pub header: u64,
    /// Apparent bytes of one sparse file.
    pub sparse: u64,
}

impl Bounds {
    /// Small archives may be as dense as they like: an empty disk image of 1 GiB hurts nobody.
    pub const RATIO_FROM: u64 = 1 << 30;
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            bytes: 256 << 30,
            entries: 4_000_000,
            depth: 256,
            name: 4095,
            ratio: 250,
            header: 1 << 20,
            sparse: 16 << 40,
        }
    }
}

/// Which of the [`Bounds`] was passed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Bound {
    /// [`Bounds::bytes`].
    #[error("makes the archive larger than {0} bytes")]
    Bytes(u64),
    /// [`Bounds::entries`].
    #[error("is one more than the {0} entries that an archive may have")]
    Entries(u64),
    /// [`Bounds::depth`].
    #[error("lies below more than {0} directories")]
    Depth(usize),
    /// [`Bounds::name`].
    #[error("has a name or link target of more than {0} bytes")]
    Name(usize),
    /// [`Bounds::ratio`].
    #[error("unpacks to more than {0} times its packed size")]
    Ratio(u64),
    /// [`Bounds::header`].
    #[error("has extended headers of more than {0} bytes")]
    Header(u64),
    /// [`Bounds::sparse`].
    #[error("is a sparse file of more than {0} bytes")]
    Sparse(u64),
}

/// An archive that asks for too much.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{entry} {bound}")]
pub struct Exceeded {
    /// The entry that passed the bound.
    pub entry: Name,
    /// The bound with its value.
    pub bound: Bound,
}
