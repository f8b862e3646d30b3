//! `oci = "…"`: an image on disk, and the unpacking of images wherever they are from.
//!
//! It never publishes a tree before each layer's digest, size and plain digest are what the image says.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use super::{Event, ImageError, Layout, Options, Progress, Resolved, Root};
use crate::runtime::image::Call;
use crate::runtime::image::digest::{Digest, Tap};
use crate::runtime::image::extract::{Extractor, Whiteouts};
use crate::runtime::image::oci::{self, Blobs, Image, Layer, OciError, Packed};
use crate::runtime::image::platform::Platform;
use crate::runtime::image::store::{Draft, Key, Known, Stamp, Store, Tree, source_of};
use crate::runtime::image::tar::End;
use crate::runtime::image::unpack::unpack;

/// Finds or makes the root of an image in a layout or archive.
pub(super) fn resolve(
    path: &Path,
    reference: Option<&str>,
    platform: Option<Platform>,
    store: &Store,
    options: &Options,
    progress: &mut dyn Progress,
) -> Result<Resolved, ImageError> {
    let wanted = Wanted::on_disk(path, reference, platform.as_ref(), store, options);
    let platform = platform.unwrap_or_else(Platform::of_this_machine);
    let stamp = state_of(path);
    if let Some(found) = stamp.as_ref().and_then(|stamp| wanted.look_up(stamp).transpose()) {
        return found;
    }
    let _making = store.lock_making()?;
    let _one = store.lock_one(&wanted.source)?;
    if let Some(found) = stamp.as_ref().and_then(|stamp| wanted.look_up(stamp).transpose()) {
        return found;
    }
    store.remove_leftovers()?;
    if path.is_dir() {
        let (layout, index, file) = oci::Layout::open(path).map_err(|error| wanted.wrong(error))?;
        let found = oci::find(&layout, &index, reference, &platform);
        let image = found.and_then(|manifest| oci::image(&layout, &manifest, &platform));
        wanted.make(&layout, &image.map_err(|error| wanted.wrong(error))?, Stamp::of(&file), Vec::new(), progress)
    } else {
        let file = File::open(path).map_err(Call::io("open", path))?;
        let draft = || Draft::new(store).map_err(|error| OciError::Store(Box::new(error)));
        let opened = Packed::open(path, &file, &options.bounds, draft);
        let (packed, index) = opened.map_err(|error| wanted.wrong(error))?;
        let found = oci::find(&packed, &index, reference, &platform);
        let image = found.and_then(|manifest| oci::image(&packed, &manifest, &platform));
        wanted.make(&packed, &image.map_err(|error| wanted.wrong(error))?, Stamp::of(&file), Vec::new(), progress)
    }
}

/// Looks whether the root of an image in a layout or archive is there already.
pub(super) fn find(
    path: &Path,
    reference: Option<&str>,
    platform: Option<&Platform>,
    store: &Store,
    options: &Options,
) -> Result<Option<Resolved>, ImageError> {
    let wanted = Wanted::on_disk(path, reference, platform, store, options);
    state_of(path).map_or(Ok(None), |stamp| wanted.look_up(&stamp))
}

/// The index of a layout stands for all of it: everything else is named by digest.
fn state_of(path: &Path) -> Option<Stamp> {
    let state = if path.is_dir() { path.join("index.json") } else { path.to_owned() };
    File::open(&state).ok().and_then(|file| Stamp::of(&file))
}

/// An image that somebody wants.
pub(super) struct Wanted<'a> {
    pub(super) source: String,
    pub(super) store: &'a Store,
    pub(super) options: &'a Options,
}

impl<'a> Wanted<'a> {
    fn on_disk(
        path: &Path,
        reference: Option<&str>,
        platform: Option<&Platform>,
        store: &'a Store,
        options: &'a Options,
    ) -> Self {
        let platform = platform.cloned().unwrap_or_else(Platform::of_this_machine);
        let name = match reference {
            Some(reference) => format!("oci:{reference}@{platform}"),
            None => format!("oci@{platform}"),
        };
        Self { source: source_of(&name, path), store, options }
    }

    /// Looks whether all of it is there.
    pub(super) fn look_up(&self, stamp: &Stamp) -> Result<Option<Resolved>, ImageError> {
        let Some(known) = self.store.known(&self.source, stamp) else { return Ok(None) };
        let mut trees = Vec::new();
        for key in self.keys(&known.layers) {
            match self.store.tree(&key)? {
                Some(tree) => trees.push(tree),
                None => return Ok(None),
            }
        }
        Ok(self.root(trees).map(|root| Resolved { root, digest: Some(known.digest), config: known.config }))
    }

    /// Makes what is missing of it, and writes down that it is known.
    pub(super) fn make(
        &self,
        blobs: &dyn Blobs,
        image: &Image,
        stamp: Option<Stamp>,
        kept: Vec<Digest>,
        progress: &mut dyn Progress,
    ) -> Result<Resolved, ImageError> {
        let diff_ids = image.diff_ids();
        let mut trees = Vec::new();
        for (number, key) in self.keys(&diff_ids).into_iter().enumerate() {
            let layers = match self.options.layout {
                Layout::Tree => 0..image.layers.len(),
                Layout::Layers(_) => number..number + 1,
            };
            let tree = match self.store.tree(&key)? {
                Some(tree) => tree,
                None => self.unpack(blobs, image, layers, &key, progress)?,
            };
            trees.push(tree);
        }
        let (digest, config) = (image.manifest, image.config.clone());
        if let Some(stamp) = stamp {
            let (source, config) = (self.source.clone(), config.clone());
            self.store.remember(&Known { source, stamp, digest, layers: diff_ids, config, blobs: kept })?;
        }
        // An image without a layer is an empty tree, and has that.
        let root = self.root(trees).ok_or_else(|| self.wrong(OciError::Empty))?;
        Ok(Resolved { root, digest: Some(digest), config })
    }

    /// Returns the layers that are not unpacked yet, as digest and size of their blobs.
    pub(super) fn missing(&self, image: &Image) -> Result<Vec<(Digest, u64)>, ImageError> {
        let mut missing = Vec::new();
        let keys = self.keys(&image.diff_ids());
        for (number, key) in keys.iter().enumerate() {
            if self.store.tree(key)?.is_none() {
                let layers = match self.options.layout {
                    Layout::Tree => &image.layers[..],
                    Layout::Layers(_) => &image.layers[number..=number],
                };
                missing.extend(layers.iter().map(|layer| (layer.packed, layer.size)));
            }
        }
        Ok(missing)
    }

    pub(super) fn wrong(&self, error: OciError) -> ImageError {
        ImageError::Image { source_name: self.source.clone(), error }
    }

    fn keys(&self, diff_ids: &[Digest]) -> Vec<Key> {
        let ownership = &self.options.ownership;
        match self.options.layout {
            Layout::Tree => vec![Key::new(Whiteouts::Apply, ownership, Digest::chain(diff_ids))],
            Layout::Layers(opaque) => {
                diff_ids.iter().map(|layer| Key::new(Whiteouts::Overlay(opaque), ownership, *layer)).collect()
            }
        }
    }

    fn root(&self, mut trees: Vec<Tree>) -> Option<Root> {
        match self.options.layout {
            Layout::Tree => trees.pop().map(Root::Tree),
            Layout::Layers(_) => Some(trees).filter(|trees| !trees.is_empty()).map(Root::Layers),
        }
    }

    fn unpack(
        &self,
        blobs: &dyn Blobs,
        image: &Image,
        layers: std::ops::Range<usize>,
        key: &Key,
        progress: &mut dyn Progress,
    ) -> Result<Tree, ImageError> {
        let draft = Draft::new(self.store)?;
        let tree = draft.tree()?;
        let root = tree.try_clone().map_err(Call::io("dup", draft.path()))?;
        let whiteouts = match self.options.layout {
            Layout::Tree => Whiteouts::Apply,
            Layout::Layers(opaque) => Whiteouts::Overlay(opaque),
        };
        let failed = |error| self.wrong(OciError::Unpack { layer: layers.start + 1, error });
        let mut extractor = Extractor::new(root, &self.options.ownership, whiteouts).map_err(|e| failed(e.into()))?;
        for number in layers.clone() {
            progress.report(Event::Layer { source: &self.source, number: number + 1, of: image.layers.len() });
            self.layer(blobs, image.layers[number], number + 1, &mut extractor, progress)
                .map_err(|error| self.wrong(error))?;
        }
        let notes = extractor.finish().map_err(|error| failed(error.into()))?;
        let notes = notes.iter().map(ToString::to_string).collect();
        Ok(self.store.publish(draft, &tree, key, self.source.clone(), notes)?)
    }

    fn layer(
        &self,
        blobs: &dyn Blobs,
        layer: Layer,
        number: usize,
        extractor: &mut Extractor,
        progress: &mut dyn Progress,
    ) -> Result<(), OciError> {
        let Layer { packed, size, plain } = layer;
        let input = blobs.open(&packed)?.ok_or(OciError::Missing { digest: packed })?.take(size + 1);
        let mut told = |bytes| progress.report(Event::Unpacked { source: &self.source, bytes });
        let unpacked = unpack(input, extractor, &self.options.bounds, End::Vouched, &mut told);
        let found = match unpacked {
            Ok(found) => found,
            Err(error) => {
                // A blob that is not what was asked for is the cause; what it unpacks to is not.
                let input = blobs.open(&packed)?.ok_or(OciError::Missing { digest: packed })?.take(size + 1);
                let read = |error| OciError::Read { blob: packed.to_string(), error };
                check((packed, size), Tap::new(BufReader::new(input)).finish().map_err(read)?)?;
                return Err(OciError::Unpack { layer: number, error });
            }
        };
        check((packed, size), (found.packed, found.size))?;
        if found.plain != Some(plain) {
            return Err(OciError::DiffId { number, wanted: plain, found: found.plain.unwrap_or(found.packed) });
        }
        Ok(())
    }
}

fn check(wanted: (Digest, u64), found: (Digest, u64)) -> Result<(), OciError> {
    if found.1 != wanted.1 {
        return Err(OciError::Size { digest: wanted.0, wanted: wanted.1, found: found.1 });
    }
    if found.0 != wanted.0 {
        return Err(OciError::Digest { wanted: wanted.0, found: found.0 });
    }
    Ok(())
}
