//! Opens an archive: finds out by its first bytes how it is compressed, and gives the plain bytes.
//!
//! It never trusts a file name, and never looks into the archive: that is [`super::tar`]'s.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most memory that an archive may ask its decoder for, in KiB: `xz -9` needs 64 MiB, `zstd --ultra -22` 128 MiB.
const WINDOW_KIB: u32 = 256 * 1024;

/// How an archive is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    None,
    /// `.gz`, RFC 1952; several members are one stream.
    Gzip,
    /// `.zst`, RFC 8878; several frames are one stream.
    Zstd,
    /// `.xz`; several streams are one.
    Xz,
}

/// A file that cannot be read as an archive.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ArchiveError {
    /// There is nothing in it.
    #[error("the archive is empty")]
    Empty,
    /// A known format that this program has no decoder for.
    #[error("{0} is not supported; the archive may be .tar, .tar.gz, .tar.zst or .tar.xz")]
    Unsupported(&'static str),
    /// A file system image, which is mounted and not unpacked.
    #[error("this is a {0} image and not an archive; write `file` in place of `archive`")]
    FileSystem(super::file::FileSystem),
}

/// Tells the compression by the first bytes of the file.
pub fn sniff(head: &[u8]) -> Result<Compression, ArchiveError> {
    if let Some(kind) = super::file::identify(head) {
        return Err(ArchiveError::FileSystem(kind));
    }
    match head {
        [] => Err(ArchiveError::Empty),
        [0x1f, 0x8b, ..] => Ok(Compression::Gzip),
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Ok(Compression::Zstd),
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Ok(Compression::Xz),
        [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', ..] => Err(ArchiveError::Unsupported("bzip2")),
        [b'P', b'K', 3, 4, ..] => Err(ArchiveError::Unsupported("zip")),
        [0x5d, 0, 0, ..] => Err(ArchiveError::Unsupported("raw lzma")),
        [0x04, 0x22, 0x4d, 0x18, ..] => Err(ArchiveError::Unsupported("lz4")),
        _ => Ok(Compression::None),
    }
}

/// Gives the plain bytes of `input`, whatever it is compressed with.
pub(super) fn decode<'a, R: BufRead + 'a>(input: R, compression: Compression) -> Box<dyn Read + 'a> {
    match compression {
        Compression::None => Box::new(input),
        Compression::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(input)),
        Compression::Zstd => Box::new(ZstdReader::new(input)),
        Compression::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(input, true, WINDOW_KIB)),
    }
}

/// Reads a sequence of zstd frames, as `cat a.zst b.zst` and parallel compressors make them.
struct ZstdReader<R> {
    input: R,
    decoder: FrameDecoder,
    /// No frame is open: the next byte, if there is one, begins a header.
    between: bool,
}

impl<R: BufRead> ZstdReader<R> {
    fn new(input: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(u64::from(WINDOW_KIB) * 1024);
        Self { input, decoder, between: true }
    }

    /// Opens the next frame; `false` at the end of the input. Skippable frames carry no data.
    fn next_frame(&mut self) -> io::Result<bool> {
        while !self.input.fill_buf()?.is_empty() {
            match self.decoder.reset(&mut self.input) {
                Ok(()) => {
                    self.between = false;
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let skipped = io::copy(&mut self.input.by_ref().take(u64::from(length)), &mut io::sink())?;
                    if skipped < u64::from(length) {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                Err(error) => return Err(io::Error::new(io::ErrorKind::InvalidData, error)),
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for ZstdReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if self.between && !self.next_frame()? {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                self.decoder
                    .decode_blocks(&mut self.input, BlockDecodingStrategy::UptoBlocks(1))
                    .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
            }
            let read = self.decoder.read(buffer)?;
            if read > 0 || buffer.is_empty() {
                return Ok(read);
            }
            self.check_sum()?;
            self.between = true;
        }
    }
}

impl<R> ZstdReader<R> {
    /// The decoder computes the checksum of a frame but leaves the comparison to us.
    fn check_sum(&self) -> io::Result<()> {
        match (self.decoder.get_checksum_from_data(), self.decoder.get_calculated_checksum()) {
            (Some(written), Some(computed)) if written != computed => {
                Err(io::Error::new(io::ErrorKind::InvalidData, "the checksum of a zstd frame does not match"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf launch | zstd -c`, with its checksum.
    const FRAME: &[u8] = b"\x28\xb5\x2f\xfd\x04\x58\x31\0\0launch\x32\xf2\xb9\xa3";
    const SKIPPABLE: &[u8] = &[0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];

    fn plain(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut out = Vec::new();
        decode(bytes, sniff(bytes).unwrap()).read_to_end(&mut out).map(|_| out)
    }

    #[test]
    fn several_zstd_frames_are_one_stream() {
        let bytes = [FRAME, SKIPPABLE, FRAME].concat();
        assert_eq!(plain(&bytes).unwrap(), b"launchlaunch");
    }

    #[test]
    fn a_wrong_zstd_checksum_is_an_error() {
        let mut bytes = FRAME.to_vec();
        *bytes.last_mut().unwrap() ^= 1;
        assert!(plain(&bytes).unwrap_err().to_string().contains("checksum"));
    }

    #[test]
    fn a_truncated_zstd_frame_is_an_error_at_every_byte() {
        for end in 4..FRAME.len() {
            assert!(plain(&FRAME[..end]).is_err(), "{end}");
        }
        for end in 1..SKIPPABLE.len() {
            assert!(plain(&[FRAME, &SKIPPABLE[..end]].concat()).is_err(), "{end}");
        }
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        let error = |head: &[u8]| sniff(head).unwrap_err().to_string();
        assert!(error(b"BZh91AY&SY").starts_with("bzip2 is not supported"));
        assert!(error(b"").contains("empty"));
        assert!(error(b"hsqs").contains("squashfs image and not an archive"));
    }
}
