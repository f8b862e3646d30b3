//! An image layout, or what `docker save` makes, in a tar archive: read where it lies, without unpacking it.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::rc::Rc;

use oci_spec::image::ImageIndex;

use super::{Blobs, MOST, OciError, docker, layout, parse};
use crate::runtime::image::archive::{Compression, decode, sniff};
use crate::runtime::image::bounds::Bounds;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::extract::ExtractError;
use crate::runtime::image::store::Draft;
use crate::runtime::image::tar::{End, Kind, TarError, TarStream};
use crate::runtime::image::unpack::UnpackError;
use crate::runtime::image::{Call, file};

/// Where a file lies in the archive.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place {
    offset: u64,
    size: u64,
}

/// An archive of an image layout.
pub(in super::super) struct Packed {
    /// The archive; when it was compressed, the plain bytes of it.
    file: File,
    places: BTreeMap<String, Place>,
    /// Blobs under other names than their digest, of `docker save`.
    pub(super) digests: BTreeMap<Digest, Blob>,
    /// The plain bytes lie in here.
    _draft: Option<Draft>,
}

/// A blob in an archive of `docker save`.
pub(super) enum Blob {
    Packed(Place),
    /// Made here: the manifest that such an archive lacks.
    Made(Vec<u8>),
}

impl Packed {
    /// Opens an archive and reads its index. `draft` gives a place for the plain bytes of a compressed one.
    pub(in super::super) fn open(
        path: &Path,
        file: &File,
        bounds: &Bounds,
        draft: impl FnOnce() -> Result<Draft, OciError>,
    ) -> Result<(Self, ImageIndex), OciError> {
        let file = file.try_clone().map_err(Call::io("dup", path))?;
        let (file, draft) = plain(file, path, bounds, draft)?;
        let places = places(&file, path, bounds)?;
        let mut packed = Self { file, places, digests: BTreeMap::new(), _draft: draft };
        let index = if packed.places.contains_key("index.json") {
            layout::check_version(&packed.small("oci-layout")?)?;
            parse("index", "index.json", &packed.small("index.json")?)?
        } else if packed.places.contains_key("manifest.json") {
            docker::convert(&mut packed)?
        } else {
            return Err(OciError::NoLayout { path: path.to_owned(), missing: "index.json" });
        };
        Ok((packed, index))
    }

    pub(super) fn place(&self, name: &str) -> Option<Place> {
        self.places.get(name).copied()
    }

    pub(super) fn section(&self, place: Place) -> Section<'_> {
        Section { file: &self.file, at: place.offset, end: place.offset + place.size }
    }

    /// Reads a small file.
    pub(super) fn small(&self, name: &'static str) -> Result<Vec<u8>, OciError> {
        let missing = OciError::NotPacked { manifest: "the layout", name: name.to_owned() };
        let place = self.place(name).ok_or(missing)?;
        self.read(name, place)
    }

    pub(super) fn read(&self, name: &str, place: Place) -> Result<Vec<u8>, OciError> {
        if place.size > MOST {
            return Err(OciError::Huge { blob: name.to_owned(), size: place.size });
        }
        let mut bytes = Vec::new();
        let read = self.section(place).read_to_end(&mut bytes);
        read.map_err(|error| OciError::Read { blob: name.to_owned(), error })?;
        Ok(bytes)
    }
}

impl Blobs for Packed {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Read + '_>>, OciError> {
        match self.digests.get(digest) {
            Some(Blob::Packed(place)) => return Ok(Some(Box::new(self.section(*place)))),
            Some(Blob::Made(bytes)) => return Ok(Some(Box::new(&bytes[..]))),
            None => {}
        }
        let place = self.place(&format!("blobs/sha256/{}", digest.hex()));
        Ok(place.map(|place| Box::new(self.section(place)) as Box<dyn Read>))
    }
}

/// A stretch of a file.
pub(super) struct Section<'a> {
    file: &'a File,
    at: u64,
    end: u64,
}

impl Read for Section<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = usize::try_from(self.end - self.at).unwrap_or(usize::MAX).min(buffer.len());
        let read = self.file.read_at(&mut buffer[..wanted], self.at)?;
        self.at += read as u64;
        Ok(read)
    }
}

/// Decompresses an archive whole, if it is compressed: its blobs are wanted in another order than they lie in.
fn plain(
    mut file: File,
    path: &Path,
    bounds: &Bounds,
    draft: impl FnOnce() -> Result<Draft, OciError>,
) -> Result<(File, Option<Draft>), OciError> {
    let mut head = [0; file::HEAD];
    let length = file.read_at(&mut head, 0).map_err(Call::io("read", path))?;
    let compression = sniff(&head[..length]).map_err(|error| OciError::Archive(error.into()))?;
    file.rewind().map_err(Call::io("lseek", path))?;
    if compression == Compression::None {
        return Ok((file, None));
    }
    let draft = draft()?;
    let target = draft.path().join("plain");
    let opened = File::options().read(true).write(true).create_new(true).open(&target);
    let mut out = opened.map_err(Call::io("open", &target))?;
    let mut input = decode(BufReader::new(file), compression).take(bounds.bytes);
    let mut buffer = vec![0; 128 * 1024];
    loop {
        let read = input.read(&mut buffer).map_err(|error| OciError::Archive(UnpackError::Read(error)))?;
        if read == 0 {
            out.rewind().map_err(Call::io("lseek", &target))?;
            return Ok((out, Some(draft)));
        }
        out.write_all(&buffer[..read]).map_err(Call::io("write", &target))?;
    }
}

/// Finds out where the files lie. A link in such an archive is another name for the same blob.
fn places(file: &File, path: &Path, bounds: &Bounds) -> Result<BTreeMap<String, Place>, OciError> {
    let wrong = |error: TarError| OciError::Archive(ExtractError::from(error).into());
    let size = file.metadata().map_err(Call::io("fstat", path))?.len();
    let mut input = BufReader::with_capacity(128 * 1024, file);
    let mut stream = TarStream::new(&mut input, Rc::new(Cell::new(size)), bounds, End::Marked);
    let (mut places, mut links) = (BTreeMap::new(), Vec::new());
    while let Some(entry) = stream.next().map_err(wrong)? {
        let name = entry.name.path().to_string_lossy().into_owned();
        match entry.kind {
            Kind::File { size, map: None } => {
                places.insert(name, Place { offset: stream.offset(), size });
            }
            Kind::Hardlink { target } => links.push((name, target.path().to_string_lossy().into_owned())),
            Kind::Symlink { target } => {
                let directory = entry.name.split().map(|(directory, _)| directory).unwrap_or_default();
                links.extend(beside(&directory.path().to_string_lossy(), &target).map(|target| (name, target)));
            }
            _ => {}
        }
    }
    for (name, target) in links {
        if let Some(place) = places.get(&target).copied() {
            places.insert(name, place);
        }
    }
    Ok(places)
}

/// Resolves the target of a link as text: `../OTHER/layer.tar` seen from a directory.
fn beside(directory: &str, target: &[u8]) -> Option<String> {
    let mut parts: Vec<&str> = directory.split('/').filter(|part| *part != ".").collect();
    for part in std::str::from_utf8(target).ok()?.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}
