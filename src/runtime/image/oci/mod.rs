//! Images: an index names manifests, a manifest names a configuration and layers, each by digest and size.
//!
//! ```text
//! index ──(ref, platform)──> manifest ──┬──> configuration: what to run, the digests of the plain layers
//!   └──> index ──> …                    └──> layers, lowest first
//! ```
//!
//! Where the blobs come from (`Blobs`) is another matter: a layout on disk, an archive of one, or the store after a
//! pull. It never believes a blob before its digest and its size are checked.

mod archive;
mod choose;
mod docker;
mod error;
mod layout;
mod manifest;

use std::io::Read;

use oci_spec::image::{Descriptor, ImageIndex, ImageManifest, MediaType};

use super::digest::Digest;
use super::platform::Platform;
use super::store::Store;
pub(super) use archive::Packed;
pub(super) use choose::{is_index, of_platform};
pub use error::OciError;
pub(super) use layout::Layout;
pub(super) use manifest::{Image, Layer};

/// The most bytes that an index, a manifest or a configuration may have: registries take 4 MiB.
pub(super) const MOST: u64 = 4 << 20;

/// Where blobs come from.
pub(super) trait Blobs {
    /// Opens a blob; `None` when it is not there.
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Read + '_>>, OciError>;
}

impl Blobs for Store {
    fn open(&self, digest: &Digest) -> Result<Option<Box<dyn Read + '_>>, OciError> {
        let found = self.blob(digest).map_err(|error| OciError::Store(Box::new(error)))?;
        Ok(found.map(|file| Box::new(file) as Box<dyn Read>))
    }
}

/// Reads a small blob whole, and checks it.
pub(super) fn read(blobs: &dyn Blobs, descriptor: &Descriptor) -> Result<Vec<u8>, OciError> {
    let (wanted, size) = identity(descriptor)?;
    if size > MOST {
        return Err(OciError::Huge { blob: wanted.to_string(), size });
    }
    let input = blobs.open(&wanted)?.ok_or(OciError::Missing { digest: wanted })?;
    let mut bytes = Vec::new();
    input.take(size + 1).read_to_end(&mut bytes).map_err(|error| OciError::Read { blob: wanted.to_string(), error })?;
    check(&bytes, &wanted, size)?;
    Ok(bytes)
}

/// Compares bytes with what a descriptor says about them.
pub(super) fn check(bytes: &[u8], wanted: &Digest, size: u64) -> Result<(), OciError> {
    let found = bytes.len() as u64;
    if found != size {
        return Err(OciError::Size { digest: *wanted, wanted: size, found });
    }
    let found = Digest::of(bytes);
    if found != *wanted {
        return Err(OciError::Digest { wanted: *wanted, found });
    }
    Ok(())
}

/// Returns the digest and the size that a descriptor names.
pub(super) fn identity(descriptor: &Descriptor) -> Result<(Digest, u64), OciError> {
    let digest = descriptor.digest().to_string().parse().map_err(OciError::Algorithm)?;
    Ok((digest, descriptor.size()))
}

/// Follows an index, and those nested in it, down to the manifest of the image.
pub(super) fn find(
    blobs: &dyn Blobs,
    index: &ImageIndex,
    reference: Option<&str>,
    platform: &Platform,
) -> Result<Descriptor, OciError> {
    /// Nobody nests deeper than twice; a circle would need a broken SHA-256.
    const DEEPEST: u32 = 8;
    let mut descriptor = choose::named(index, reference, platform)?;
    for _ in 0..DEEPEST {
        if !is_index(&descriptor) {
            return Ok(descriptor);
        }
        let nested = parse("index", descriptor.digest().as_ref(), &read(blobs, &descriptor)?)?;
        descriptor = of_platform(&nested, platform)?;
    }
    Err(OciError::Nested)
}

/// Follows a digest that may be of an index down to the manifest. Returns that, and the digests on the way.
pub(super) fn descend(
    blobs: &dyn Blobs,
    named: Digest,
    size: u64,
    platform: &Platform,
) -> Result<(Descriptor, Vec<Digest>), OciError> {
    let unknown = Descriptor::new(MediaType::ImageManifest, size, oci_digest(named));
    let mut bytes = read(blobs, &unknown)?;
    let mut descriptor = Descriptor::new(media_type_of(&bytes, None), size, oci_digest(named));
    let mut path = vec![named];
    while is_index(&descriptor) {
        descriptor = of_platform(&parse("index", descriptor.digest().as_ref(), &bytes)?, platform)?;
        bytes = read(blobs, &descriptor)?;
        path.push(identity(&descriptor)?.0);
    }
    Ok((descriptor, path))
}

/// Returns the digest and size of the configuration that a manifest names.
pub(super) fn config_of(blobs: &dyn Blobs, descriptor: &Descriptor) -> Result<(Digest, u64), OciError> {
    let manifest: ImageManifest = parse("manifest", descriptor.digest().as_ref(), &read(blobs, descriptor)?)?;
    identity(manifest.config())
}

/// Tells what a document is. Its own word counts before that of a header, which nobody signed.
pub(super) fn media_type_of(bytes: &[u8], header: Option<&str>) -> MediaType {
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Typed {
        media_type: Option<String>,
        manifests: Option<serde::de::IgnoredAny>,
    }
    let typed: Option<Typed> = serde_json::from_slice(bytes).ok();
    let own = typed.as_ref().and_then(|typed| typed.media_type.as_deref());
    let plain = header.map(|header| header.split(';').next().unwrap_or(header).trim());
    let guess = match &typed {
        Some(typed) if typed.manifests.is_some() => "application/vnd.oci.image.index.v1+json",
        _ => "application/vnd.oci.image.manifest.v1+json",
    };
    own.or(plain.filter(|plain| plain.starts_with("application/vnd."))).unwrap_or(guess).into()
}

/// Says a digest in the words of the specification's types.
pub(super) fn oci_digest(digest: Digest) -> oci_spec::image::Digest {
    digest.to_string().parse().expect("a SHA-256 in its one written form")
}

/// Reads the image that a manifest's descriptor names.
pub(super) fn image(blobs: &dyn Blobs, descriptor: &Descriptor, platform: &Platform) -> Result<Image, OciError> {
    Image::read(blobs, descriptor, platform)
}

/// Parses JSON, with an error that says of what.
pub(super) fn parse<T: serde::de::DeserializeOwned>(
    what: &'static str,
    blob: &str,
    bytes: &[u8],
) -> Result<T, OciError> {
    serde_json::from_slice(bytes).map_err(|error| OciError::Json { what, blob: blob.to_owned(), error })
}
