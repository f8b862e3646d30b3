//! An image: its manifest from the first endpoint that has it, its blobs from there as well, several at a time.

use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;

use oci_spec::image::{Descriptor, ImageIndex};

use super::client::{Client, Request};
use super::download::{Wanted, fetch};
use super::{Credentials, RegistryError, RegistryOptions};
use crate::runtime::image::digest::{Digest, Tap};
use crate::runtime::image::oci::{self, OciError};
use crate::runtime::image::platform::Platform;
use crate::runtime::image::reference::Reference;
use crate::runtime::image::store::Store;

/// What is asked for in place of a manifest: every kind that this program can read, and the two kinds of indexes.
const ACCEPT: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json";

/// The endpoint that had the image.
pub(in super::super) struct Pull<'a> {
    client: Client,
    store: &'a Store,
}

/// A manifest in the store.
pub(in super::super) struct Manifest {
    /// Of the manifest of one platform.
    pub(in super::super) descriptor: Descriptor,
    /// The digests on the way to it, its own as the last.
    pub(in super::super) path: Vec<Digest>,
}

impl<'a> Pull<'a> {
    /// Finds an endpoint that has the image, and fetches its manifest into the store.
    pub(in super::super) fn begin(
        reference: &Reference,
        platform: &Platform,
        store: &'a Store,
        options: &RegistryOptions,
    ) -> Result<(Self, Manifest), RegistryError> {
        let mirrors =
            options.mirrors.iter().filter(|mirror| mirror.of == reference.registry()).map(|mirror| &*mirror.at);
        let mut last = RegistryError::Offline;
        for at in mirrors.chain([reference.registry()]) {
            let host = at.split('/').next().unwrap_or(at);
            let credentials = Credentials::find(host)?;
            let pull = Self { client: Client::new(at, reference.repository(), credentials, options)?, store };
            match pull.manifest(reference, platform) {
                Ok(manifest) => return Ok((pull, manifest)),
                // The store or the image would be the same with another endpoint.
                Err(error @ (RegistryError::Store(_) | RegistryError::Image(_))) => return Err(error),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn manifest(&self, reference: &Reference, platform: &Platform) -> Result<Manifest, RegistryError> {
        let mut descriptor = self.document(&reference.wanted(), reference.digest(), None)?;
        let mut path = Vec::new();
        for _ in 0..8 {
            let (digest, _) = oci::identity(&descriptor)?;
            path.push(digest);
            if !oci::is_index(&descriptor) {
                return Ok(Manifest { descriptor, path });
            }
            let index: ImageIndex = oci::parse("index", &digest.to_string(), &oci::read(self.store, &descriptor)?)?;
            let chosen = oci::of_platform(&index, platform)?;
            let (digest, size) = oci::identity(&chosen)?;
            descriptor = self.document(&digest.to_string(), Some(digest), Some(size))?;
        }
        Err(OciError::Nested.into())
    }

    /// Fetches a manifest or an index into the store, and describes it.
    fn document(&self, name: &str, wanted: Option<Digest>, size: Option<u64>) -> Result<Descriptor, RegistryError> {
        let path = format!("/v2/{}/manifests/{name}", self.client.repository);
        let response = self.client.get(Request { path: &path, accept: Some(ACCEPT), from: None })?;
        let text = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
        let (said, media_type) = (text("docker-content-digest"), text("content-type"));
        let bytes = self.client.whole(&path, response)?;
        let found = Digest::of(&bytes);
        let wrong = |why| RegistryError::Answer { host: self.client.host.clone(), path: path.clone(), why };
        // What the registry says about a tag is checked as well: a proxy may have cut it, or serve another's answer.
        let said = said.map(|said| said.parse::<Digest>()).transpose().map_err(|error| wrong(error.to_string()))?;
        for wanted in wanted.into_iter().chain(said) {
            if wanted != found {
                return Err(RegistryError::Digest { host: self.client.host.clone(), wanted, found });
            }
        }
        if size.is_some_and(|size| size != bytes.len() as u64) {
            return Err(wrong(format!("{} bytes came, the index says {}", bytes.len(), size.unwrap_or(0))));
        }
        let media_type = oci::media_type_of(&bytes, media_type.as_deref());
        self.store.put_blob(&bytes)?;
        Ok(Descriptor::new(media_type, bytes.len() as u64, oci::oci_digest(found)))
    }

    /// Fetches blobs into the store, those that are not there yet. `told` is told which, and how many bytes came.
    pub(in super::super) fn blobs(
        &self,
        blobs: &[(Digest, u64)],
        told: &mut dyn FnMut(&Digest, u64, u64),
    ) -> Result<(), RegistryError> {
        let mut queue = VecDeque::new();
        for (digest, size) in blobs.iter().copied() {
            let wanted = Wanted { digest, size };
            if !queue.iter().any(|other: &Wanted| other.digest == digest) && !self.has(wanted)? {
                queue.push_back(wanted);
            }
        }
        let workers = self.client.options.parallel.clamp(1, 16).min(queue.len());
        let (queue, stop) = (Mutex::new(queue), AtomicBool::new(false));
        let (sender, receiver) = mpsc::channel();
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..workers)
                .map(|_| {
                    let sender = sender.clone();
                    let (queue, stop) = (&queue, &stop);
                    scope.spawn(move || self.work(queue, stop, &sender))
                })
                .collect();
            drop(sender);
            for (digest, size, came) in receiver {
                told(&digest, size, came);
            }
            let results = running.into_iter().map(|worker| worker.join().expect("a download does not panic"));
            first_cause(results.collect())
        })
    }

    fn work(
        &self,
        queue: &Mutex<VecDeque<Wanted>>,
        stop: &AtomicBool,
        sender: &mpsc::Sender<(Digest, u64, u64)>,
    ) -> Result<(), RegistryError> {
        let next = || queue.lock().expect("no holder of this lock panics").pop_front();
        while let Some(wanted) = next() {
            let told = |came| {
                // Nobody listens only when all is over.
                let _ = sender.send((wanted.digest, wanted.size, came));
            };
            if let Err(error) = fetch(&self.client, self.store, wanted, stop, &told) {
                stop.store(true, Ordering::Relaxed);
                return Err(error);
            }
        }
        Ok(())
    }

    /// A blob that is damaged, by a power cut perhaps, is fetched again.
    fn has(&self, wanted: Wanted) -> Result<bool, RegistryError> {
        let Some(file) = self.store.blob(&wanted.digest)? else { return Ok(false) };
        let found = Tap::new(std::io::BufReader::with_capacity(128 * 1024, file)).finish();
        Ok(found.is_ok_and(|found| found == (wanted.digest, wanted.size)))
    }
}

/// Of several failures the one that was not caused by another.
fn first_cause(results: Vec<Result<(), RegistryError>>) -> Result<(), RegistryError> {
    let mut errors: Vec<_> = results.into_iter().filter_map(Result::err).collect();
    errors.sort_by_key(|error| matches!(error, RegistryError::GivenUp));
    errors.into_iter().next().map_or(Ok(()), Err)
}
