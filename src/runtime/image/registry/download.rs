//! One blob: from a registry into the store, resumed where a connection dies.
//!
//! It never gives a blob its name before the last byte is there and the digest is right.

use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use ureq::Body;
use ureq::http::Response;

use super::RegistryError;
use super::client::{Client, Request};
use super::patience::Patience;
use crate::runtime::image::digest::Digest;
use crate::runtime::image::store::{BlobWriter, Store, StoreError};

/// What a stretch of [`RegistryOptions::stall`](super::RegistryOptions) must bring at least: less is nobody's line, it
/// is a server that wants to hold us.
const TRICKLE: u64 = 4096;

/// A blob to fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wanted {
    pub(super) digest: Digest,
    pub(super) size: u64,
}

/// Fetches a blob. `told` is told how many bytes came; `stop` is set when all is in vain.
pub(super) fn fetch(
    client: &Client,
    store: &Store,
    wanted: Wanted,
    stop: &AtomicBool,
    told: &dyn Fn(u64),
) -> Result<(), RegistryError> {
    let mut writer = store.blob_writer()?;
    let mut patience = Patience::new(&client.options);
    let path = format!("/v2/{}/blobs/{}", client.repository, wanted.digest);
    loop {
        let before = writer.size();
        let ended = attempt(client, &path, &mut writer, wanted, stop, told);
        if writer.size() == wanted.size && !matches!(ended, Err(Ended::Error(_))) {
            return finish(client, writer, wanted);
        }
        let why = match ended {
            Err(Ended::Error(error)) => return Err(error),
            Err(Ended::Connection(why)) => why,
            Ok(()) => "the connection was closed".to_owned(),
        };
        if writer.size() > before {
            patience.progressed();
        }
        if !patience.again(&client.host, None)? {
            let (host, found) = (client.host.clone(), writer.size());
            return Err(RegistryError::Short { host, digest: wanted.digest, wanted: wanted.size, found, why });
        }
    }
}

fn finish(client: &Client, writer: BlobWriter, wanted: Wanted) -> Result<(), RegistryError> {
    match writer.finish(Some((&wanted.digest, wanted.size))) {
        Ok(_) => Ok(()),
        Err(StoreError::Digest { wanted, found }) => {
            Err(RegistryError::Digest { host: client.host.clone(), wanted, found })
        }
        Err(error) => Err(error.into()),
    }
}

/// How an attempt ended before its time.
enum Ended {
    /// In a way that another attempt may mend.
    Connection(String),
    /// For good.
    Error(RegistryError),
}

fn attempt(
    client: &Client,
    path: &str,
    writer: &mut BlobWriter,
    wanted: Wanted,
    stop: &AtomicBool,
    told: &dyn Fn(u64),
) -> Result<(), Ended> {
    let from = Some(writer.size()).filter(|size| *size > 0);
    let response = client.get(Request { path, accept: None, from }).map_err(Ended::Error)?;
    if from.is_some() && !continues(&response, writer.size()) {
        // It sends the whole again.
        writer.restart().map_err(|error| Ended::Error(local(&error, wanted)))?;
    }
    copy(client, response, writer, wanted, stop, told)
}

/// Returns whether an answer goes on at the byte that was asked for.
fn continues(response: &Response<Body>, at: u64) -> bool {
    let range = response.headers().get("content-range").and_then(|value| value.to_str().ok()).unwrap_or("");
    response.status().as_u16() == 206 && range.starts_with(&format!("bytes {at}-"))
}

fn copy(
    client: &Client,
    response: Response<Body>,
    writer: &mut BlobWriter,
    wanted: Wanted,
    stop: &AtomicBool,
    told: &dyn Fn(u64),
) -> Result<(), Ended> {
    // One byte more than there should be is enough to know.
    let left = wanted.size - writer.size();
    let mut input = response.into_body().into_with_config().limit(u64::MAX).reader().take(left + 1);
    let mut buffer = vec![0; 64 * 1024];
    let (mut since, mut came) = (Instant::now(), 0);
    loop {
        if stop.load(Ordering::Relaxed) {
            return Err(Ended::Error(RegistryError::GivenUp));
        }
        let read = input.read(&mut buffer).map_err(|error| Ended::Connection(error.to_string()))?;
        if read == 0 {
            return Ok(());
        }
        if writer.size() + read as u64 > wanted.size {
            let (host, found) = (client.host.clone(), writer.size() + read as u64);
            let why = "there are more of them".to_owned();
            return Err(Ended::Error(RegistryError::Short {
                host,
                digest: wanted.digest,
                wanted: wanted.size,
                found,
                why,
            }));
        }
        writer.write_all(&buffer[..read]).map_err(|error| Ended::Error(local(&error, wanted)))?;
        told(read as u64);
        came += read as u64;
        if since.elapsed() >= client.stall() {
            if came < TRICKLE {
                return Err(Ended::Connection(format!("{came} bytes came in {:?}", since.elapsed())));
            }
            (since, came) = (Instant::now(), 0);
        }
    }
}

/// The disk is full, or the like.
fn local(error: &std::io::Error, wanted: Wanted) -> RegistryError {
    let errno = rustix::io::Errno::from_io_error(error).unwrap_or(rustix::io::Errno::IO);
    let call =
        crate::runtime::image::Call { name: "write", arguments: format!("{:?}", wanted.digest.to_string()), errno };
    RegistryError::Store(call.into())
}
