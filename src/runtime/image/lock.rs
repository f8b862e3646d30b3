//! `container.lock`: the digests of what a launch used, so that everybody who has the repository uses the same.
//!
//! It never changes what a file means: it holds a source to what it was, or says that it is something else now.

use std::fmt::Write as _;
use std::str::FromStr;

use super::digest::Digest;
use super::platform::Platform;
use super::resolve::{Resolved, Source};

/// The lock of one container file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Lockfile {
    entries: Vec<Entry>,
}

/// What one source was.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The key of `[rootfs]`: `archive`, `oci`, `image` or `file`.
    pub kind: String,
    /// Its value, as written.
    pub name: String,
    /// The platform, for images.
    pub platform: Option<String>,
    /// The digest: of the file, or of the image's manifest for this platform.
    pub digest: Digest,
}

/// A lock that cannot be read, or that something does not fit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LockError {
    /// It is no lock.
    #[error("container.lock cannot be read: {0}")]
    Syntax(String),
    /// Of a later program.
    #[error("container.lock is of version {found}, this program knows {VERSION}")]
    Version {
        /// Its version.
        found: u32,
    },
    /// The source was never locked.
    #[error("container.lock has no entry for {kind} {name:?}{on}; `launch lock` writes it")]
    Absent {
        /// The key of `[rootfs]`.
        kind: &'static str,
        /// Its value.
        name: String,
        /// ` on PLATFORM`, for images.
        on: String,
    },
    /// The source is something else now.
    #[error("{kind} {name:?} is {found}, container.lock says {locked}; `launch lock` takes the new one")]
    Different {
        /// The key of `[rootfs]`.
        kind: &'static str,
        /// Its value.
        name: String,
        /// What it is.
        found: String,
        /// What it was.
        locked: Digest,
    },
}

/// The version that is written.
const VERSION: u32 = 1;

impl Lockfile {
    /// Writes down what a source was resolved to; in place of what was written down about it before. A source that
    /// has no digest, a file system image without `sha256`, is left out: there is nothing to hold it to.
    pub fn record(&mut self, name: &str, source: &Source, resolved: &Resolved) {
        let (kind, platform) = describe(source);
        let of_others = |entry: &Entry| !(entry.kind == kind && entry.name == name && entry.platform == platform);
        self.entries.retain(of_others);
        if let Some(digest) = resolved.digest {
            self.entries.push(Entry { kind: kind.to_owned(), name: name.to_owned(), platform, digest });
            self.entries.sort();
        }
    }

    /// Returns the source held to what is written down: nothing else will then be pulled or unpacked for it.
    pub fn hold(&self, name: &str, source: &Source) -> Result<Source, LockError> {
        let locked = self.find(name, source)?;
        let (kind, _) = describe(source);
        let fits = |written: Option<Digest>| match written {
            Some(written) if written != locked => {
                let (name, found) = (name.to_owned(), written.to_string());
                Err(LockError::Different { kind, name, found, locked })
            }
            _ => Ok(Some(locked)),
        };
        Ok(match source.clone() {
            Source::Archive { path, sha256 } => Source::Archive { path, sha256: fits(sha256)? },
            Source::File { path, sha256 } => Source::File { path, sha256: fits(sha256)? },
            Source::Image { reference, platform } => Source::Image { reference: reference.pinned(locked), platform },
            // Which image of a layout it is shows only when it is resolved.
            oci @ Source::Oci { .. } => oci,
        })
    }

    /// Compares what a source was resolved to with what is written down.
    pub fn check(&self, name: &str, source: &Source, resolved: &Resolved) -> Result<(), LockError> {
        let locked = self.find(name, source)?;
        if resolved.digest == Some(locked) {
            return Ok(());
        }
        let found = resolved.digest.map_or_else(|| "without a digest".to_owned(), |digest| digest.to_string());
        Err(LockError::Different { kind: describe(source).0, name: name.to_owned(), found, locked })
    }

    fn find(&self, name: &str, source: &Source) -> Result<Digest, LockError> {
        let (kind, platform) = describe(source);
        let fits = |entry: &&Entry| entry.kind == kind && entry.name == name && entry.platform == platform;
        let found = self.entries.iter().find(fits).map(|entry| entry.digest);
        let on = platform.as_ref().map_or_else(String::new, |platform| format!(" on {platform}"));
        found.ok_or_else(|| LockError::Absent { kind, name: name.to_owned(), on })
    }
}

fn describe(source: &Source) -> (&'static str, Option<String>) {
    let or_native =
        |platform: &Option<Platform>| Some(platform.clone().unwrap_or_else(Platform::of_this_machine).to_string());
    match source {
        Source::Archive { .. } => ("archive", None),
        Source::File { .. } => ("file", None),
        Source::Oci { platform, .. } => ("oci", or_native(platform)),
        Source::Image { platform, .. } => ("image", or_native(platform)),
    }
}

impl FromStr for Lockfile {
    type Err = LockError;

    fn from_str(text: &str) -> Result<Self, LockError> {
        #[derive(serde::Deserialize)]
        struct Versioned {
            version: u32,
        }
        #[derive(serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(rename = "version")]
            _version: u32,
            #[serde(default)]
            source: Vec<Entry>,
        }
        let wrong = |error: toml::de::Error| LockError::Syntax(error.to_string().trim_end().to_owned());
        let Versioned { version } = toml::from_str(text).map_err(wrong)?;
        if version != VERSION {
            return Err(LockError::Version { found: version });
        }
        let File { mut source, .. } = toml::from_str(text).map_err(wrong)?;
        source.sort();
        Ok(Self { entries: source })
    }
}

impl std::fmt::Display for Lockfile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut text = format!(
            "# Written by `launch lock`: what the root of this container was made of. Keep it in the repository;\n\
             # `launch --locked` takes nothing else.\nversion = {VERSION}\n"
        );
        for Entry { kind, name, platform, digest } in &self.entries {
            let _ = write!(text, "\n[[source]]\nkind = {}\nname = {}\n", quoted(kind), quoted(name));
            if let Some(platform) = platform {
                let _ = writeln!(text, "platform = {}", quoted(platform));
            }
            let _ = writeln!(text, "digest = {}", quoted(&digest.to_string()));
        }
        f.write_str(&text)
    }
}

/// What JSON escapes, TOML reads; the one character more that TOML wants escaped is DEL.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string has a JSON form").replace('\u{7f}', "\\u007f")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::image::config::ImageConfig;
    use crate::runtime::image::file::FileSystem;
    use crate::runtime::image::resolve::Root;

    fn resolved(digest: Digest) -> Resolved {
        let root = Root::Image { path: "/x".into(), kind: FileSystem::Erofs };
        Resolved { root, digest: Some(digest), config: ImageConfig::default() }
    }

    fn image() -> Source {
        Source::Image { reference: "alpine:3.20".parse().unwrap(), platform: Some("linux/arm64".parse().unwrap()) }
    }

    fn archive(sha256: Option<Digest>) -> Source {
        Source::Archive { path: "/srv/a \"b\"\u{7f}.tar".into(), sha256 }
    }

    fn lock() -> Lockfile {
        let mut lock = Lockfile::default();
        lock.record("alpine:3.20", &image(), &resolved(Digest::of(b"old")));
        lock.record("a \"b\"\u{7f}.tar", &archive(None), &resolved(Digest::of(b"archive")));
        lock.record("alpine:3.20", &image(), &resolved(Digest::of(b"image")));
        lock
    }

    #[test]
    fn text_and_back() {
        let text = lock().to_string();
        assert_eq!(text.parse(), Ok(lock()), "{text}");
        assert_eq!(text.matches("[[source]]").count(), 2, "{text}");
        assert_eq!("version = 1".parse(), Ok(Lockfile::default()));
    }

    #[test]
    fn a_source_is_held_to_its_digest() {
        let lock = lock();
        let Ok(Source::Image { reference, .. }) = lock.hold("alpine:3.20", &image()) else { panic!("another kind") };
        assert_eq!(reference.digest(), Some(Digest::of(b"image")));
        let held = lock.hold("a \"b\"\u{7f}.tar", &archive(None));
        assert_eq!(held, Ok(archive(Some(Digest::of(b"archive")))));
        let error = lock.hold("a \"b\"\u{7f}.tar", &archive(Some(Digest::of(b"x")))).unwrap_err();
        assert!(error.to_string().contains("`launch lock` takes the new one"), "{error}");
        assert_eq!(lock.check("alpine:3.20", &image(), &resolved(Digest::of(b"image"))), Ok(()));
        assert!(lock.check("alpine:3.20", &image(), &resolved(Digest::of(b"old"))).is_err());
    }

    #[test]
    fn what_is_not_locked_is_said() {
        let error = lock().hold("alpine:3.21", &image()).unwrap_err().to_string();
        let wanted = "container.lock has no entry for image \"alpine:3.21\" on linux/arm64; `launch lock` writes it";
        assert_eq!(error, wanted);
        let parsed = |text: &str| text.parse::<Lockfile>().unwrap_err().to_string();
        assert!(parsed("version = 2\n[new]").contains("of version 2, this program knows 1"));
        assert!(parsed("version = 1\n[[source]]\nkind = 3").contains("container.lock cannot be read"));
        let foreign = format!("version = 1\n[[source]]\nkind=\"a\"\nname=\"b\"\ndigest=\"{}\"\nx=1", Digest::of(b""));
        assert!(parsed(&foreign).contains("unknown field `x`"));
    }
}
