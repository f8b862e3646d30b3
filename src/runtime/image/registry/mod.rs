//! Pulling: from the name of an image to its blobs in the store, over the distribution protocol (OCI distribution-spec).
//!
//! ```text
//! name ──> endpoints (mirrors, then the registry) ──> manifest, by tag or digest ──> configuration and layers
//!            each: https, token or basic authorization,    digest and size checked     in parallel, resumed where
//!            redirects without it, patience with 429/5xx   of every byte               a connection dies
//! ```
//!
//! It never unpacks, never sends credentials to another host than the one that they are for, and speaks plain HTTP only
//! to registries that somebody wrote down as insecure. Threads run in here only, and end before it returns.

#[cfg(feature = "pull")]
mod auth;
#[cfg(feature = "pull")]
mod client;
#[cfg(feature = "pull")]
mod credentials;
#[cfg(feature = "pull")]
mod download;
mod error;
#[cfg(feature = "pull")]
mod patience;
#[cfg(feature = "pull")]
mod pull;
#[cfg(feature = "pull")]
mod tls;

use std::time::Duration;

#[cfg(feature = "pull")]
use credentials::Credentials;
pub use error::RegistryError;
#[cfg(feature = "pull")]
pub(super) use pull::Pull;

/// A registry that has copies of what another one has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mirror {
    /// The registry, as names have it: `docker.io`.
    pub of: String,
    /// Where the copies are: `mirror.example:5000`, or with a path before the repositories, `mirror.example/hub`.
    pub at: String,
}

/// How to talk to registries.
#[derive(Debug, Clone)]
pub struct RegistryOptions {
    /// What is not in the store is an error.
    pub offline: bool,
    /// Asks the registry again what a tag means, although the store knows an answer: `launch pull`.
    pub refresh: bool,
    /// Registries that speak plain HTTP.
    pub insecure: Vec<String>,
    /// Registries to ask first.
    pub mirrors: Vec<Mirror>,
    /// How many blobs come at a time.
    pub parallel: usize,
    /// How often something is tried again, when nothing came of it.
    pub retries: u32,
    /// The first pause between two attempts; each next one is twice as long.
    pub pause: Duration,
    /// How long nothing may come, or next to nothing.
    pub stall: Duration,
}

impl Default for RegistryOptions {
    fn default() -> Self {
        Self {
            offline: false,
            refresh: false,
            insecure: Vec::new(),
            mirrors: Vec::new(),
            parallel: 4,
            retries: 4,
            pause: Duration::from_millis(500),
            stall: Duration::from_secs(30),
        }
    }
}
