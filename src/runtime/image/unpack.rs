//! One archive, from the bytes of its file to entries in a tree: digest, decoder, tar, extractor in a row.
//!
//! It never decides whether a digest is the right one: it returns what it found.

use std::io::{BufRead, BufReader, Read};
use std::rc::Rc;

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
    /// The digest of the plain tar stream: what image configurations call `diff_id`.
    pub(super) plain: Digest,
}

/// Unpacks `input` over what `extractor` has.
pub(super) fn unpack(
    input: impl Read,
    extractor: &mut Extractor,
    bounds: &Bounds,
    end: End,
    progress: &mut dyn FnMut(u64),
) -> Result<Unpacked, UnpackError> {
    with_stream(input, bounds, end, |stream| Ok(extractor.layer(stream, progress)?)).map(|((), unpacked)| unpacked)
}

/// Gives `read` the entries of the archive `input`, then reads the rest, so that every checksum in it is checked.
pub(super) fn with_stream<T>(
    input: impl Read,
    bounds: &Bounds,
    end: End,
    read: impl FnOnce(&mut TarStream<'_>) -> Result<T, UnpackError>,
) -> Result<(T, Unpacked), UnpackError> {
    let tap = Tap::new(input);
    let count = tap.count();
    let mut packed = BufReader::with_capacity(BUFFER, tap);
    let compression = archive::sniff(packed.fill_buf().map_err(UnpackError::Read)?)?;
    let mut plain = Tap::new(archive::decode(&mut packed, compression));
    let mut stream = TarStream::new(&mut plain, Rc::clone(&count), bounds, end);
    let value = read(&mut stream)?;
    stream.drain().map_err(ExtractError::from)?;
    let (plain, _) = plain.finish().map_err(UnpackError::Read)?;
    let (packed, size) = packed.into_inner().finish().map_err(UnpackError::Read)?;
    Ok((value, Unpacked { packed, size, plain }))
}
