//! `image = "…"`: an image that a registry has, or that the store has from an earlier pull.
//!
//! It never asks a registry about what the store knows, unless it is told to look again.

use super::image::Wanted;
use super::{ImageError, Options, Progress, Resolved};
use crate::runtime::image::digest::Digest;
use crate::runtime::image::oci::{self, Image, OciError};
use crate::runtime::image::platform::Platform;
use crate::runtime::image::reference::Reference;
use crate::runtime::image::registry::RegistryError;
use crate::runtime::image::store::{Stamp, Store};

/// Looks whether an image is there already, unless the registry is to be asked again.
pub(super) fn find(
    reference: &Reference,
    platform: Option<&Platform>,
    store: &Store,
    options: &Options,
) -> Result<Option<Resolved>, ImageError> {
    if options.registry.refresh {
        return Ok(None);
    }
    wanted(reference, platform, store, options).look_up(&Stamp::default())
}

fn wanted<'a>(
    reference: &Reference,
    platform: Option<&Platform>,
    store: &'a Store,
    options: &'a Options,
) -> Wanted<'a> {
    let platform = platform.cloned().unwrap_or_else(Platform::of_this_machine);
    Wanted { source: format!("{reference} {platform}"), store, options }
}

/// Finds or pulls an image.
pub(super) fn resolve(
    reference: &Reference,
    platform: Option<Platform>,
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Resolved, ImageError> {
    let wanted = wanted(reference, platform.as_ref(), store, options);
    let platform = platform.unwrap_or_else(Platform::of_this_machine);
    // A name has no state on this machine: what it was found to be holds until somebody looks again.
    let stamp = Stamp::default();
    if !options.registry.refresh
        && let Some(found) = wanted.look_up(&stamp)?
    {
        return Ok(found);
    }
    let _making = store.lock_making()?;
    let _one = store.lock_one(&wanted.source)?;
    if !options.registry.refresh
        && let Some(found) = wanted.look_up(&stamp)?
    {
        return Ok(found);
    }
    store.remove_leftovers()?;
    if let Some((image, path)) = at_hand(reference, &platform, store)
        && wanted.missing(&image)?.iter().all(|(digest, _)| store.blob(digest).is_ok_and(|blob| blob.is_some()))
    {
        match wanted.make(store, &image, Some(stamp.clone()), kept(&image, path), progress) {
            // A blob is damaged: the registry has a better one.
            Err(ImageError::Image { error: OciError::Digest { .. } | OciError::Size { .. }, .. }) => {}
            done => return done,
        }
    }
    let (image, path) = pull(&wanted, reference, &platform, progress)?;
    wanted.make(store, &image, Some(stamp), kept(&image, path), progress)
}

/// An image that is named by its digest may be in the store under another name.
fn at_hand(reference: &Reference, platform: &Platform, store: &Store) -> Option<(Image, Vec<Digest>)> {
    let named = reference.digest()?;
    let size = store.blob(&named).ok()??.metadata().ok()?.len();
    let (descriptor, path) = oci::descend(store, named, size, platform).ok()?;
    Some((oci::image(store, &descriptor, platform).ok()?, path))
}

/// The blobs that cleaning up is to leave as long as the image is used.
fn kept(image: &Image, path: Vec<Digest>) -> Vec<Digest> {
    let layers = image.layers.iter().map(|layer| layer.packed);
    path.into_iter().chain([image.config_digest]).chain(layers).collect()
}

#[cfg(not(feature = "pull"))]
fn pull(
    _: &Wanted<'_>,
    reference: &Reference,
    _: &Platform,
    _: &mut dyn Progress,
) -> Result<(Image, Vec<Digest>), ImageError> {
    Err(ImageError::Registry { source_name: reference.to_string(), error: RegistryError::NotBuilt })
}

/// Fetches what is missing of an image: its manifest, its configuration, and the layers that are not unpacked yet.
#[cfg(feature = "pull")]
fn pull(
    wanted: &Wanted<'_>,
    reference: &Reference,
    platform: &Platform,
    progress: &mut dyn Progress,
) -> Result<(Image, Vec<Digest>), ImageError> {
    use super::Event;
    use crate::runtime::image::registry::Pull;
    let Wanted { source, store, options } = wanted;
    let wrong = |error| ImageError::Registry { source_name: reference.to_string(), error };
    if options.registry.offline {
        return Err(wrong(RegistryError::Offline));
    }
    let mut told = |blob: &Digest, size, bytes| progress.report(Event::Pulled { source, blob: *blob, size, bytes });
    let (pull, manifest) = Pull::begin(reference, platform, store, &options.registry).map_err(wrong)?;
    let config = oci::config_of(*store, &manifest.descriptor).map_err(|error| wrong(error.into()))?;
    pull.blobs(&[config], &mut told).map_err(wrong)?;
    let image = oci::image(*store, &manifest.descriptor, platform).map_err(|error| wrong(error.into()))?;
    pull.blobs(&wanted.missing(&image)?, &mut told).map_err(wrong)?;
    Ok((image, manifest.path))
}
