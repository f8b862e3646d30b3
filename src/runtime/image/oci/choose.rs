//! Which of several images: by the name that was given to it, then by platform.

use std::collections::BTreeSet;

use oci_spec::image::{Descriptor, ImageIndex, MediaType};

use super::OciError;
use crate::runtime::image::platform::Platform;

/// The annotation that names an image in a layout, image-spec `annotations.md`.
const REF_NAME: &str = "org.opencontainers.image.ref.name";

/// Returns whether a descriptor is of an index: docker calls it a manifest list.
pub(in super::super) fn is_index(descriptor: &Descriptor) -> bool {
    match descriptor.media_type() {
        MediaType::ImageIndex => true,
        MediaType::Other(other) => other == "application/vnd.docker.distribution.manifest.list.v2+json",
        _ => false,
    }
}

/// Finds the image with the name `reference` in the index of a layout; without a name, the only one.
pub(super) fn named(index: &ImageIndex, reference: Option<&str>, platform: &Platform) -> Result<Descriptor, OciError> {
    let Some(wanted) = reference else {
        let names: BTreeSet<Option<&str>> = index.manifests().iter().map(name).collect();
        if names.len() > 1 {
            return Err(OciError::Ambiguous { there: list(index.manifests().iter().filter_map(name)) });
        }
        return fitting(&index.manifests().iter().collect::<Vec<_>>(), platform);
    };
    // docker and podman write the whole `name:tag`, skopeo and umoci what they are told, often the tag alone.
    let fits = |found: &str| found == wanted || found.rsplit_once(':').is_some_and(|(_, tag)| tag == wanted);
    let chosen: Vec<_> = index.manifests().iter().filter(|descriptor| name(descriptor).is_some_and(fits)).collect();
    if chosen.is_empty() {
        let there = list(index.manifests().iter().filter_map(name));
        return Err(OciError::NoRef { wanted: wanted.to_owned(), there });
    }
    fitting(&chosen, platform)
}

/// Finds the manifest for `platform` in an index.
pub(in super::super) fn of_platform(index: &ImageIndex, platform: &Platform) -> Result<Descriptor, OciError> {
    fitting(&index.manifests().iter().collect::<Vec<_>>(), platform)
}

/// What names no platform fits each; the configuration is asked later. Attestations name an unknown one.
fn fitting(candidates: &[&Descriptor], platform: &Platform) -> Result<Descriptor, OciError> {
    let fits = |descriptor: &&&Descriptor| match descriptor.platform() {
        None => true,
        Some(found) => {
            platform.accepts(&found.os().to_string(), &found.architecture().to_string(), found.variant().as_deref())
        }
    };
    if let Some(found) = candidates.iter().find(fits) {
        return Ok((*found).clone());
    }
    let platforms = candidates.iter().filter_map(|descriptor| descriptor.platform().as_ref()).map(|found| {
        let variant = found.variant().as_ref().map_or(String::new(), |variant| format!("/{variant}"));
        format!("{}/{}{variant}", found.os(), found.architecture())
    });
    let platforms: BTreeSet<_> = platforms.filter(|found| found != "unknown/unknown").collect();
    if platforms.is_empty() {
        return Err(OciError::Empty);
    }
    let there = platforms.into_iter().collect::<Vec<_>>().join(", ");
    Err(OciError::NoPlatform { wanted: platform.to_string(), there })
}

fn name(descriptor: &Descriptor) -> Option<&str> {
    descriptor.annotations().as_ref()?.get(REF_NAME).map(String::as_str)
}

fn list<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: BTreeSet<_> = names.map(|name| format!("{name:?}")).collect();
    if names.is_empty() { "none with a name".to_owned() } else { names.into_iter().collect::<Vec<_>>().join(", ") }
}
