//! Blobs: bytes under the name of their digest.

use std::fs::{self, File};
use std::io::{Seek, Write};
use std::path::PathBuf;

use super::{Draft, Store, StoreError};
use crate::runtime::image::call::Call;
use crate::runtime::image::digest::{Digest, Hasher};

impl Store {
    /// Opens a blob.
    pub(in super::super) fn blob(&self, digest: &Digest) -> Result<Option<File>, StoreError> {
        for store in self.all() {
            let path = store.join("blobs/sha256").join(digest.hex());
            match File::open(&path) {
                Ok(file) => return Ok(Some(file)),
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                Err(error) => return Err(Call::io("open", &path)(error).into()),
            }
        }
        Ok(None)
    }

    /// Begins a blob.
    pub(in super::super) fn blob_writer(&self) -> Result<BlobWriter, StoreError> {
        let draft = Draft::new(self)?;
        let path = draft.path().join("blob");
        let file = File::create_new(&path).map_err(Call::io("open", &path))?;
        let target = self.directory("blobs/sha256")?;
        Ok(BlobWriter { draft, file, target, hasher: Hasher::default(), size: 0 })
    }

    /// Stores bytes that are at hand.
    pub(in super::super) fn put_blob(&self, bytes: &[u8]) -> Result<Digest, StoreError> {
        let mut writer = self.blob_writer()?;
        writer.write_all(bytes).map_err(Call::io("write", "blob"))?;
        writer.finish(None).map(|(digest, _)| digest)
    }
}

/// A blob in the making.
pub(in super::super) struct BlobWriter {
    draft: Draft,
    file: File,
    target: PathBuf,
    hasher: Hasher,
    size: u64,
}

impl BlobWriter {
    /// Returns how many bytes came so far.
    pub(in super::super) fn size(&self) -> u64 {
        self.size
    }

    /// Begins again from nothing.
    pub(in super::super) fn restart(&mut self) -> std::io::Result<()> {
        self.file.rewind()?;
        self.file.set_len(0)?;
        (self.hasher, self.size) = (Hasher::default(), 0);
        Ok(())
    }

    /// Gives the blob its name, if it is what was `wanted`. Nobody waits for the disk: whoever reads it checks it.
    pub(in super::super) fn finish(self, wanted: Option<(&Digest, u64)>) -> Result<(Digest, u64), StoreError> {
        let found = self.hasher.finish();
        if let Some((digest, size)) = wanted {
            if size != self.size {
                return Err(StoreError::Size { digest: *digest, wanted: size, found: self.size });
            }
            if *digest != found {
                return Err(StoreError::Digest { wanted: *digest, found });
            }
        }
        let path = self.draft.path().join("blob");
        let target = self.target.join(found.hex());
        fs::rename(&path, &target).map_err(Call::io("rename", &target))?;
        Ok((found, self.size))
    }
}

impl Write for BlobWriter {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(&bytes[..written]);
        self.size += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.file.flush()
    }
}
