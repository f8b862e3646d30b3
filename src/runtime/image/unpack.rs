//! One archive, from the bytes of its file to entries in a tree: digest, decoder, tar, extractor in a row.
//!
//! It never decides whether a digest is the right one: it returns what it found.

use std::io::{BufRead, BufReader, Read};

use super::archive::{self, ArchiveError};
use super::bounds::Bounds;
use super::digest::{Digest, Tap};
use super::extract::{ExtractError, Extractor};
use super::tar::{End, TarStream};

const BUFFER: usize = 128 * 1024;

/// An archive that could not be unpacked.
#[derive(Debug, thiserror::Error)]
pub enum UnpackError {
    /// It is of a kind that cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// It cannot be read at all.
    #[error("read: {0}")]
    Read(std::io::Error),
    /// Its entries.
    #[error(transparent)]
    Extract(#[from] ExtractError),
}

/// What went through.
#[derive(Debug, Clone, Copy)]
pub(super) struct Unpacked {
    /// The digest of the file.
    pub(super) packed: Digest,
    /// The size of the file.
    pub(super) size: u64,
    /// The digest of the plain tar stream, what image configurations call `diff_id`; of a layer only.
    pub(super) plain: Option<Digest>,
}

/// Unpacks `input` over what `extractor` has, and reads it to its end, so that every checksum in it is checked.
pub(super) fn unpack(
    input: impl Read,
    extractor: &mut Extractor,
    bounds: &Bounds,
    end: End,
    progress: &mut dyn FnMut(u64),
) -> Result<Unpacked, UnpackError> {
    let tap = Tap::new(input);
    let count = tap.count();
    let mut packed = BufReader::with_capacity(BUFFER, tap);
    let compression = archive::sniff(packed.fill_buf().map_err(UnpackError::Read)?)?;
    let plain = {
        let mut decoder = archive::decode(&mut packed, compression);
        let through = |plain: &mut dyn Read| {
            let mut stream = TarStream::new(plain, count, bounds, end);
            extractor.layer(&mut stream, progress)?;
            stream.drain().map_err(ExtractError::from)
        };
        match end {
            End::Marked => {
                through(&mut decoder)?;
                None
            }
            End::Vouched => {
                let mut plain = Tap::new(decoder);
                through(&mut plain)?;
                Some(plain.finish().map_err(UnpackError::Read)?.0)
            }
        }
    };
    let (packed, size) = packed.into_inner().finish().map_err(UnpackError::Read)?;
    Ok(Unpacked { packed, size, plain })
}
