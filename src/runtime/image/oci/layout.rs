//! An image layout as a directory, image-spec `image-layout.md`.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use oci_spec::image::{ImageIndex, OciLayout};

use super::{Blobs, MOST, OciError, parse};
use crate::runtime::image::Call;
use crate::runtime::image::digest::Digest;

/// A layout.
pub(in super::super) struct Layout {
    path: PathBuf,
}

impl Layout {
    /// Opens a layout and reads its index. Also returns the open index: its state stands for that of the layout.
    pub(in super::super) fn open(path: &Path) -> Result<(Self, ImageIndex, File), OciError> {
        let version = small(path, "oci-layout")?.0;
        check_version(&version)?;
        let (text, file) = small(path, "index.json")?;
        let index = parse("index", "index.json", &text)?;
        Ok((Self { path: path.to_owned() }, index, file))
    }
}

impl Blobs for Layout {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Read + '_>>, OciError> {
        let path = self.path.join("blobs/sha256").join(digest.hex());
        match File::open(&path) {
            Ok(file) => Ok(Some(Box::new(file))),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Call::io("open", &path)(error).into()),
        }
    }
}

/// Checks the contents of the file `oci-layout`.
pub(super) fn check_version(text: &[u8]) -> Result<(), OciError> {
    let layout: OciLayout = parse("file", "oci-layout", text)?;
    let found = layout.image_layout_version();
    if found.starts_with("1.") { Ok(()) } else { Err(OciError::Version { found: found.clone() }) }
}

fn small(path: &Path, name: &'static str) -> Result<(Vec<u8>, File), OciError> {
    let whole = path.join(name);
    let file = match File::open(&whole) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Err(OciError::NoLayout { path: path.to_owned(), missing: name });
        }
        Err(error) => return Err(Call::io("open", &whole)(error).into()),
    };
    let mut bytes = Vec::new();
    (&file).take(MOST + 1).read_to_end(&mut bytes).map_err(Call::io("read", &whole))?;
    if bytes.len() as u64 > MOST {
        return Err(OciError::Huge { blob: name.to_owned(), size: bytes.len() as u64 });
    }
    Ok((bytes, file))
}
