//! Reads a tar stream entry by entry: ustar, GNU (long names, sparse, base-256 numbers) and PAX.
//!
//! It never touches the file system. The `tar` crate parses the 512 bytes of a header; what spans several blocks is
//! put together here, because every length in it is a claim of the archive's and is bounded before it is believed.

mod header;
mod pax;
mod sparse;

use std::cell::Cell;
use std::io::Read;
use std::rc::Rc;

use super::bounds::{Bound, Bounds, Exceeded};
use super::name::{Name, NameError};
use header::Block;
use pax::Pax;
pub(super) use sparse::Segment;

const BLOCK: u64 = 512;

/// A stream that is no sound tar archive.
#[derive(Debug, thiserror::Error)]
pub enum TarError {
    /// The first block is no header.
    #[error("this is not a tar archive (no header with a valid checksum at its beginning)")]
    NotTar,
    /// It ends too early.
    #[error("the archive is truncated: it ends at byte {offset} (unpacked), {within}")]
    Truncated {
        /// Where it ends, in unpacked bytes.
        offset: u64,
        /// What was being read.
        within: Within,
    },
    /// The file cannot be read or does not decompress.
    #[error("after byte {offset} (unpacked): {error}")]
    Read {
        /// How many unpacked bytes came before.
        offset: u64,
        /// What the file or the decoder said.
        error: std::io::Error,
    },
    /// A header whose checksum is wrong, in the middle of the archive.
    #[error("the header at byte {offset} (unpacked), after {after}, has a wrong checksum")]
    Checksum {
        /// Where the header begins.
        offset: u64,
        /// The entry before it.
        after: Name,
    },
    /// A number or a record that cannot be read.
    #[error("{entry}: the {field} in the header at byte {offset} (unpacked) is malformed")]
    Field {
        /// The entry, as far as its name is known.
        entry: Name,
        /// The field.
        field: &'static str,
        /// Where the header begins.
        offset: u64,
    },
    /// An entry of a kind that has no meaning in a root.
    #[error("{entry} is of type {kind:?}, which is not supported")]
    Kind {
        /// The entry.
        entry: Name,
        /// The type flag of its header.
        kind: char,
    },
    /// A name that no honest archive has.
    #[error("{entry} {error}; nothing of this archive is used")]
    Name {
        /// The name as written.
        entry: Name,
        /// What is wrong with it.
        error: NameError,
    },
    /// It asks for too much.
    #[error(transparent)]
    Exceeded(#[from] Exceeded),
}

/// What was being read when the archive ended.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Within {
    /// The data or the extended header of an entry.
    #[error("within {0}")]
    Entry(Name),
    /// Between two entries, with no end mark.
    #[error("after {0}, without an end mark")]
    Between(Name),
}

/// A point in time, as archives have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Time {
    pub(super) seconds: i64,
    pub(super) nanoseconds: u32,
}

/// What an entry is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    File { size: u64, map: Option<Vec<Segment>> },
    Hardlink { target: Name },
    Symlink { target: Vec<u8> },
    Character { major: u32, minor: u32 },
    Block { major: u32, minor: u32 },
    Directory,
    Fifo,
}

/// One entry; its data, if it is a file, comes from [`TarStream::read`].
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) name: Name,
    pub(super) kind: Kind,
    /// Permission bits with setuid, setgid and sticky.
    pub(super) mode: u32,
    pub(super) uid: u64,
    pub(super) gid: u64,
    pub(super) mtime: Time,
    pub(super) xattrs: Vec<(Vec<u8>, Vec<u8>)>,
}

/// Whether the end mark (a block of zeros) must be there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Nothing else tells a truncated archive from a whole one.
    Marked,
    /// A digest or a size vouches for it: some writers of layers leave the mark out.
    Vouched,
}

/// The stream.
pub(super) struct TarStream<'a> {
    input: &'a mut dyn Read,
    bounds: &'a Bounds,
    /// Packed bytes read so far.
    packed: Rc<Cell<u64>>,
    end: End,
    /// Unpacked bytes read so far.
    offset: u64,
    entries: u64,
    /// Data of the current entry that nobody has read yet.
    unread: u64,
    padding: u64,
    globals: Pax,
    /// The current or last entry, for messages.
    name: Name,
}

impl<'a> TarStream<'a> {
    pub(super) fn new(input: &'a mut dyn Read, packed: Rc<Cell<u64>>, bounds: &'a Bounds, end: End) -> Self {
        let (name, globals) = Default::default();
        Self { input, bounds, packed, end, offset: 0, entries: 0, unread: 0, padding: 0, globals, name }
    }

    /// Returns the next entry; `None` at the end. Data that was not read is skipped.
    pub(super) fn next(&mut self) -> Result<Option<Entry>, TarError> {
        self.skip_data()?;
        let mut pax = self.globals.clone();
        let mut extended = false;
        loop {
            let Some(block) = self.header(extended)? else { return Ok(None) };
            self.unread = block.size(&self.name)?;
            self.padding = self.unread.next_multiple_of(BLOCK) - self.unread;
            match block.kind() {
                b'L' => pax.path = Some(self.long_name()?),
                b'K' => pax.target = Some(self.long_name()?),
                b'x' | b'X' => self.records(&block, &mut pax)?,
                b'g' => {
                    let mut globals = std::mem::take(&mut self.globals);
                    self.records(&block, &mut globals)?;
                    self.globals = globals;
                }
                b'V' => self.skip_data()?,
                _ => return self.entry(&block, pax).map(Some),
            }
            extended = true;
        }
    }

    /// Reads data of the current entry; 0 at its end.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let wanted = usize::try_from(self.unread).unwrap_or(usize::MAX).min(buffer.len());
        if wanted == 0 {
            return Ok(0);
        }
        let read = self.fill(&mut buffer[..wanted])?;
        if read == 0 {
            return Err(self.truncated());
        }
        self.unread -= read as u64;
        Ok(read)
    }

    /// Returns the position in the plain stream: after [`TarStream::next`], that of the entry's data.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// Reads on to the end of the stream, so that decoders check their trailers: a bomb may hide there as well.
    pub(super) fn drain(&mut self) -> Result<(), TarError> {
        let mut buffer = [0; 8192];
        while self.fill(&mut buffer)? > 0 {}
        Ok(())
    }

    fn entry(&mut self, block: &Block, pax: Pax) -> Result<Entry, TarError> {
        self.entries += 1;
        if let Some(path) = pax.sparse.name.as_ref().or(pax.path.as_ref()) {
            self.name = Name::raw(path);
        } else {
            self.name = Name::raw(&block.path());
        }
        if let Some(size) = pax.size.filter(|_| !matches!(block.kind(), b'1'..=b'6')) {
            self.unread = size;
            self.padding = size.checked_next_multiple_of(BLOCK).ok_or_else(|| block.bad("size", &self.name))? - size;
        }
        self.name = self.clean(self.name.clone())?;
        self.check(self.entries > self.bounds.entries, Bound::Entries(self.bounds.entries))?;
        let depth = self.name.components().count().saturating_sub(1);
        self.check(depth > self.bounds.depth, Bound::Depth(self.bounds.depth))?;
        let kind = self.kind(block, &pax)?;
        Ok(Entry {
            kind,
            mode: block.mode(&self.name)?,
            uid: pax.uid.map_or_else(|| block.uid(&self.name), Ok)?,
            gid: pax.gid.map_or_else(|| block.gid(&self.name), Ok)?,
            mtime: pax.mtime.map_or_else(|| block.mtime(&self.name), Ok)?,
            xattrs: pax.xattrs,
            name: self.name.clone(),
        })
    }

    fn kind(&mut self, block: &Block, pax: &Pax) -> Result<Kind, TarError> {
        let kind = match block.kind() {
            b'S' | b'0' | b'7' | 0 if block.kind() == b'S' || pax.sparse.is_sparse() => return self.sparse(block, pax),
            // Before ustar, a directory was a file whose name ends in a slash.
            0 if block.path().ends_with(b"/") => Kind::Directory,
            b'0' | b'7' | 0 => return Ok(Kind::File { size: self.unread, map: None }),
            b'1' => Kind::Hardlink { target: self.clean(Name::raw(&self.target(block, pax)?))? },
            b'2' => Kind::Symlink { target: self.target(block, pax)? },
            b'3' => block.device(&self.name).map(|(major, minor)| Kind::Character { major, minor })?,
            b'4' => block.device(&self.name).map(|(major, minor)| Kind::Block { major, minor })?,
            b'5' | b'D' => Kind::Directory,
            b'6' => Kind::Fifo,
            other => return Err(TarError::Kind { entry: self.name.clone(), kind: char::from(other) }),
        };
        Ok(kind)
    }

    fn target(&self, block: &Block, pax: &Pax) -> Result<Vec<u8>, TarError> {
        let target = pax.target.clone().unwrap_or_else(|| block.target());
        self.check(target.len() > self.bounds.name, Bound::Name(self.bounds.name))?;
        if target.is_empty() || target.contains(&0) {
            return Err(block.bad("link target", &self.name));
        }
        Ok(target)
    }

    fn clean(&self, written: Name) -> Result<Name, TarError> {
        let bytes = std::os::unix::ffi::OsStrExt::as_bytes(written.path().as_os_str());
        let name = Name::clean(bytes).map_err(|error| TarError::Name { entry: written.clone(), error })?;
        if name.len() > self.bounds.name {
            let bound = Bound::Name(self.bounds.name);
            return Err(Exceeded { entry: written, bound }.into());
        }
        Ok(name)
    }

    fn sparse(&mut self, block: &Block, pax: &Pax) -> Result<Kind, TarError> {
        let (map, size) = if block.kind() == b'S' {
            (self.old_map(block)?, block.real_size(&self.name)?)
        } else if pax.sparse.major == Some(1) {
            (self.inline_map(block)?, pax.sparse.real_size.unwrap_or(0))
        } else {
            (pax.sparse.map.clone(), pax.sparse.real_size.unwrap_or(0))
        };
        self.check(size > self.bounds.sparse, Bound::Sparse(self.bounds.sparse))?;
        sparse::check(&map, self.unread, size).ok_or_else(|| block.bad("map of a sparse file", &self.name))?;
        Ok(Kind::File { size, map: Some(map) })
    }

    /// Reads the map of an old GNU header: four segments in it, then twenty-one in each block that follows.
    fn old_map(&mut self, block: &Block) -> Result<Vec<Segment>, TarError> {
        let bad = |name: &Name| block.bad("map of a sparse file", name);
        let (mut map, mut more) = block.old_map().ok_or_else(|| bad(&self.name))?;
        while more {
            let wide = map.len() as u64 * 24 > self.bounds.header;
            self.check(wide, Bound::Header(self.bounds.header))?;
            let mut bytes = [0; 512];
            self.exactly(&mut bytes)?;
            more = header::extend_map(&bytes, &mut map).ok_or_else(|| bad(&self.name))?;
        }
        Ok(map)
    }

    /// Reads the map that form 1.0 keeps before the data: decimal numbers, one a line, filled up to a block.
    fn inline_map(&mut self, block: &Block) -> Result<Vec<Segment>, TarError> {
        let bad = |name: &Name| block.bad("map of a sparse file", name);
        let mut text = Vec::new();
        let mut lines_wanted = None;
        loop {
            if self.unread < BLOCK {
                return Err(bad(&self.name));
            }
            self.check(text.len() as u64 >= self.bounds.header, Bound::Header(self.bounds.header))?;
            let mut bytes = [0; 512];
            self.exactly(&mut bytes)?;
            self.unread -= BLOCK;
            text.extend_from_slice(&bytes);
            let mut lines = text.split(|byte| *byte == b'\n');
            if lines_wanted.is_none() && text.contains(&b'\n') {
                let count = lines.next().and_then(pax::number).ok_or_else(|| bad(&self.name))?;
                lines_wanted = Some(count.saturating_mul(2).saturating_add(1));
            }
            let whole_lines = text.split(|byte| *byte == b'\n').count() as u64 - 1;
            if let Some(wanted) = lines_wanted.filter(|wanted| whole_lines >= *wanted) {
                let numbers = text.split(|byte| *byte == b'\n');
                let numbers = numbers.take(usize::try_from(wanted).unwrap_or(usize::MAX)).skip(1);
                return sparse::pairs(numbers).ok_or_else(|| bad(&self.name));
            }
        }
    }

    /// Reads a whole extended header.
    fn extended(&mut self) -> Result<Vec<u8>, TarError> {
        self.check(self.unread > self.bounds.header, Bound::Header(self.bounds.header))?;
        let mut bytes = vec![0; usize::try_from(self.unread).unwrap_or(0)];
        self.exactly(&mut bytes)?;
        self.unread = 0;
        self.skip_data()?;
        Ok(bytes)
    }

    fn long_name(&mut self) -> Result<Vec<u8>, TarError> {
        let mut name = self.extended()?;
        let end = name.iter().position(|byte| *byte == 0).unwrap_or(name.len());
        name.truncate(end);
        Ok(name)
    }

    fn records(&mut self, block: &Block, pax: &mut Pax) -> Result<(), TarError> {
        let records = self.extended()?;
        pax.read(&records).map_err(|_| block.bad("extended header", &self.name))
    }

    /// Reads a header; `None` at the end mark, or at a silent end if something else vouches for the archive.
    fn header(&mut self, extended: bool) -> Result<Option<Block>, TarError> {
        let offset = self.offset;
        let mut bytes = [0; 512];
        let mut filled = 0;
        while filled < bytes.len() {
            match self.fill(&mut bytes[filled..])? {
                0 if filled == 0 && !extended && self.end == End::Vouched => return Ok(None),
                0 if offset == 0 => return Err(TarError::NotTar),
                0 if filled == 0 => return Err(self.ended(Within::Between(self.name.clone()))),
                0 => return Err(self.truncated()),
                read => filled += read,
            }
        }
        if bytes == [0; 512] {
            return if extended { Err(self.truncated()) } else { Ok(None) };
        }
        match Block::new(&bytes, offset) {
            Some(block) => Ok(Some(block)),
            None if offset == 0 => Err(TarError::NotTar),
            None => Err(TarError::Checksum { offset, after: self.name.clone() }),
        }
    }

    fn skip_data(&mut self) -> Result<(), TarError> {
        let mut buffer = [0; 8192];
        let mut left = self.unread.saturating_add(self.padding);
        while left > 0 {
            let wanted = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
            match self.fill(&mut buffer[..wanted])? {
                // The padding of the last entry is left out by the same writers.
                0 if left <= self.padding && self.end == End::Vouched => break,
                0 => return Err(self.truncated()),
                read => left -= read as u64,
            }
        }
        (self.unread, self.padding) = (0, 0);
        Ok(())
    }

    fn exactly(&mut self, mut buffer: &mut [u8]) -> Result<(), TarError> {
        while !buffer.is_empty() {
            match self.fill(buffer)? {
                0 => return Err(self.truncated()),
                read => buffer = &mut buffer[read..],
            }
        }
        Ok(())
    }

    /// Reads what there is; all bytes of the archive pass through here and are counted.
    fn fill(&mut self, buffer: &mut [u8]) -> Result<usize, TarError> {
        let read = loop {
            match self.input.read(buffer) {
                Ok(read) => break read,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof => return Err(self.truncated()),
                Err(error) => return Err(TarError::Read { offset: self.offset, error }),
            }
        };
        self.offset += read as u64;
        self.check(self.offset > self.bounds.bytes, Bound::Bytes(self.bounds.bytes))?;
        let dense = self.offset > Bounds::RATIO_FROM && self.offset / self.bounds.ratio > self.packed.get();
        self.check(dense, Bound::Ratio(self.bounds.ratio))?;
        Ok(read)
    }

    fn check(&self, exceeded: bool, bound: Bound) -> Result<(), TarError> {
        if exceeded { Err(Exceeded { entry: self.name.clone(), bound }.into()) } else { Ok(()) }
    }

    fn truncated(&self) -> TarError {
        self.ended(Within::Entry(self.name.clone()))
    }

    fn ended(&self, within: Within) -> TarError {
        TarError::Truncated { offset: self.offset, within }
    }
}
