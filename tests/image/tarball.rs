//! Tar archives byte by byte, so that they can say what no tar program would.

use flate2::write::GzEncoder;
use std::io::Write;

/// An archive in the making.
#[derive(Clone, Default)]
pub(crate) struct Tarball(Vec<u8>);

/// The fields of a header.
#[derive(Clone)]
pub(crate) struct Head<'a> {
    pub(crate) kind: u8,
    pub(crate) name: &'a [u8],
    pub(crate) link: &'a [u8],
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) size: u64,
    pub(crate) device: (u32, u32),
}

impl Default for Head<'_> {
    fn default() -> Self {
        Self { kind: b'0', name: b"", link: b"", mode: 0o644, owner: (0, 0), size: 0, device: (0, 0) }
    }
}

impl Head<'_> {
    pub(crate) fn block(&self) -> [u8; 512] {
        let mut block = [0; 512];
        let mut put = |at: usize, bytes: &[u8]| block[at..at + bytes.len()].copy_from_slice(bytes);
        put(0, &self.name[..self.name.len().min(100)]);
        put(100, format!("{:07o}", self.mode).as_bytes());
        put(108, format!("{:07o}", self.owner.0).as_bytes());
        put(116, format!("{:07o}", self.owner.1).as_bytes());
        if self.size < 1 << 33 {
            put(124, format!("{:011o}", self.size).as_bytes());
        } else {
            put(124, &[0x80, 0, 0, 0]);
            put(128, &self.size.to_be_bytes());
        }
        put(136, b"00000001750");
        put(156, &[self.kind]);
        put(157, &self.link[..self.link.len().min(100)]);
        put(257, b"ustar\x0000");
        put(329, format!("{:07o}", self.device.0).as_bytes());
        put(337, format!("{:07o}", self.device.1).as_bytes());
        seal(&mut block);
        block
    }
}

/// Computes the checksum of a header.
pub(crate) fn seal(block: &mut [u8; 512]) {
    block[148..156].fill(b' ');
    let sum: u32 = block.iter().map(|byte| u32::from(*byte)).sum();
    block[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
}

impl Tarball {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// Adds bytes as they are.
    pub(crate) fn raw(mut self, bytes: &[u8]) -> Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Adds a header and its data, filled up to a block.
    pub(crate) fn put(self, head: &Head<'_>, data: &[u8]) -> Self {
        let padding = data.len().next_multiple_of(512) - data.len();
        self.raw(&Head { size: head.size.max(data.len() as u64), ..head.clone() }.block())
            .raw(data)
            .raw(&vec![0; padding])
    }

    pub(crate) fn file(self, name: &str, data: &str) -> Self {
        self.put(&Head { name: name.as_bytes(), ..Head::default() }, data.as_bytes())
    }

    pub(crate) fn dir(self, name: &str, mode: u32) -> Self {
        self.put(&Head { kind: b'5', name: name.as_bytes(), mode, ..Head::default() }, b"")
    }

    pub(crate) fn symlink(self, name: &str, target: &str) -> Self {
        self.put(
            &Head { kind: b'2', name: name.as_bytes(), link: target.as_bytes(), mode: 0o777, ..Head::default() },
            b"",
        )
    }

    pub(crate) fn hardlink(self, name: &str, target: &str) -> Self {
        self.put(&Head { kind: b'1', name: name.as_bytes(), link: target.as_bytes(), ..Head::default() }, b"")
    }

    pub(crate) fn node(self, kind: u8, name: &str, device: (u32, u32)) -> Self {
        self.put(&Head { kind, name: name.as_bytes(), device, ..Head::default() }, b"")
    }

    /// Adds a PAX header for the next entry.
    pub(crate) fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let mut data = Vec::new();
        for (keyword, value) in records {
            data.extend_from_slice(&record(keyword, value));
        }
        self.put(&Head { kind: b'x', name: b"pax", ..Head::default() }, &data)
    }

    /// Ends the archive.
    pub(crate) fn end(self) -> Vec<u8> {
        self.raw(&[0; 1024]).0
    }

    /// Ends it without its end mark.
    pub(crate) fn cut(self) -> Vec<u8> {
        self.0
    }
}

/// Makes a record, whose length counts itself.
pub(crate) fn record(keyword: &str, value: &[u8]) -> Vec<u8> {
    let rest = keyword.len() + value.len() + 3;
    let mut length = rest + rest.to_string().len();
    if length.to_string().len() > rest.to_string().len() {
        length = rest + length.to_string().len();
    }
    [format!("{length} {keyword}=").as_bytes(), value, b"\n"].concat()
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}
