//! One header block: what the `tar` crate parses of it, with errors that say which field of which entry is wrong.

use tar::{GnuExtSparseHeader, GnuSparseHeader, Header};

use super::{Name, Segment, TarError, Time};

/// A header whose checksum is right.
pub(super) struct Block {
    header: Header,
    /// Where it begins, in unpacked bytes.
    offset: u64,
}

impl Block {
    pub(super) fn new(bytes: &[u8; 512], offset: u64) -> Option<Self> {
        let header = Header::from_byte_slice(bytes).clone();
        let written = header.cksum().ok()?;
        // Each byte of the field itself counts as a space; some old writers summed signed bytes.
        let others = || bytes[..148].iter().chain(&bytes[156..]);
        let sum: u32 = others().map(|byte| u32::from(*byte)).sum::<u32>() + 8 * 32;
        let signed: i32 = others().map(|byte| i32::from(byte.cast_signed())).sum::<i32>() + 8 * 32;
        (sum == written || i64::from(signed) == i64::from(written)).then_some(Self { header, offset })
    }

    pub(super) fn kind(&self) -> u8 {
        self.header.entry_type().as_byte()
    }

    pub(super) fn path(&self) -> Vec<u8> {
        self.header.path_bytes().into_owned()
    }

    pub(super) fn target(&self) -> Vec<u8> {
        self.header.link_name_bytes().map(std::borrow::Cow::into_owned).unwrap_or_default()
    }

    pub(super) fn bad(&self, field: &'static str, entry: &Name) -> TarError {
        TarError::Field { entry: entry.clone(), field, offset: self.offset }
    }

    /// Returns the bytes stored after the header. Links, directories and devices have none, whatever the field says:
    /// some writers leave the size of the target in a hard link.
    pub(super) fn size(&self, entry: &Name) -> Result<u64, TarError> {
        let size = self.header.entry_size().map_err(|_| self.bad("size", entry))?;
        if size > u64::MAX - 511 {
            return Err(self.bad("size", entry));
        }
        Ok(if matches!(self.kind(), b'1'..=b'6') { 0 } else { size })
    }

    pub(super) fn real_size(&self, entry: &Name) -> Result<u64, TarError> {
        let gnu = self.header.as_gnu().ok_or_else(|| self.bad("size of a sparse file", entry))?;
        gnu.real_size().map_err(|_| self.bad("size of a sparse file", entry))
    }

    pub(super) fn mode(&self, entry: &Name) -> Result<u32, TarError> {
        Ok(self.header.mode().map_err(|_| self.bad("mode", entry))? & 0o7777)
    }

    pub(super) fn uid(&self, entry: &Name) -> Result<u64, TarError> {
        self.header.uid().map_err(|_| self.bad("uid", entry))
    }

    pub(super) fn gid(&self, entry: &Name) -> Result<u64, TarError> {
        self.header.gid().map_err(|_| self.bad("gid", entry))
    }

    /// Returns the time of the last change; before the epoch it is a negative number in base 256.
    pub(super) fn mtime(&self, entry: &Name) -> Result<Time, TarError> {
        let field = &self.header.as_old().mtime;
        let seconds = if field[0] == 0xff {
            field[4..].iter().fold(-1, |sum: i64, byte| sum << 8 | i64::from(*byte))
        } else {
            let parsed = self.header.mtime().map_err(|_| self.bad("mtime", entry))?;
            i64::try_from(parsed).map_err(|_| self.bad("mtime", entry))?
        };
        Ok(Time { seconds, nanoseconds: 0 })
    }

    pub(super) fn device(&self, entry: &Name) -> Result<(u32, u32), TarError> {
        let bad = || self.bad("device number", entry);
        match (self.header.device_major(), self.header.device_minor()) {
            (Ok(Some(major)), Ok(Some(minor))) => Ok((major, minor)),
            _ => Err(bad()),
        }
    }

    /// Returns the segments of an old GNU sparse header, and whether more of them follow in further blocks.
    pub(super) fn old_map(&self) -> Option<(Vec<Segment>, bool)> {
        let gnu = self.header.as_gnu()?;
        let mut map = Vec::new();
        segments(&gnu.sparse, &mut map)?;
        Some((map, gnu.is_extended()))
    }
}

/// Takes over the segments of a further block, and tells whether yet another follows.
pub(super) fn extend_map(bytes: &[u8; 512], map: &mut Vec<Segment>) -> Option<bool> {
    let mut block = GnuExtSparseHeader::new();
    *block.as_mut_bytes() = *bytes;
    segments(block.sparse(), map)?;
    Some(block.is_extended())
}

fn segments(headers: &[GnuSparseHeader], map: &mut Vec<Segment>) -> Option<()> {
    for header in headers.iter().take_while(|header| !header.is_empty()) {
        map.push(Segment { offset: header.offset().ok()?, length: header.length().ok()? });
    }
    Some(())
}
