//! What `docker save` makes: a `manifest.json` that names files, turned into the manifest of an image.

use oci_spec::image::{Descriptor, ImageIndex, ImageIndexBuilder, ImageManifestBuilder, MediaType};

use super::archive::{Blob, Packed};
use super::{OciError, oci_digest, parse};
use crate::runtime::image::digest::{Digest, Tap};

/// An image in such an archive.
#[derive(serde::Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Saved {
    config: String,
    repo_tags: Option<Vec<String>>,
    layers: Vec<String>,
}

/// Makes an index of the images in the archive.
pub(super) fn convert(packed: &mut Packed) -> Result<ImageIndex, OciError> {
    let saved: Vec<Saved> = parse("file", "manifest.json", &packed.small("manifest.json")?)?;
    let mut manifests = Vec::new();
    for image in saved {
        let manifest = manifest(packed, &image)?;
        let tags = image.repo_tags.unwrap_or_default();
        if tags.is_empty() {
            manifests.push(manifest);
            continue;
        }
        for tag in tags {
            let mut named = manifest.clone();
            named.set_annotations(Some([("org.opencontainers.image.ref.name".to_owned(), tag)].into()));
            manifests.push(named);
        }
    }
    let index = ImageIndexBuilder::default().schema_version(2u32).manifests(manifests).build();
    Ok(index.expect("both fields that it must have are set"))
}

fn manifest(packed: &mut Packed, image: &Saved) -> Result<Descriptor, OciError> {
    let config = blob(packed, &image.config, MediaType::ImageConfig)?;
    let layers: Result<Vec<_>, _> = image.layers.iter().map(|name| blob(packed, name, MediaType::ImageLayer)).collect();
    let manifest = ImageManifestBuilder::default().schema_version(2u32).config(config).layers(layers?).build();
    let manifest = manifest.expect("the three fields that it must have are set");
    let bytes = serde_json::to_vec(&manifest).expect("strings and numbers have a JSON form");
    let digest = Digest::of(&bytes);
    let descriptor = descriptor(MediaType::ImageManifest, digest, bytes.len() as u64);
    packed.digests.insert(digest, Blob::Made(bytes));
    Ok(descriptor)
}

/// Reads a file of the archive to learn its digest.
fn blob(packed: &mut Packed, name: &str, media_type: MediaType) -> Result<Descriptor, OciError> {
    let missing = || OciError::NotPacked { manifest: "manifest.json", name: name.to_owned() };
    let place = packed.place(name).ok_or_else(missing)?;
    let tap = Tap::new(std::io::BufReader::with_capacity(128 * 1024, packed.section(place)));
    let (digest, size) = tap.finish().map_err(|error| OciError::Read { blob: name.to_owned(), error })?;
    packed.digests.insert(digest, Blob::Packed(place));
    Ok(descriptor(media_type, digest, size))
}

fn descriptor(media_type: MediaType, digest: Digest, size: u64) -> Descriptor {
    Descriptor::new(media_type, size, oci_digest(digest))
}
