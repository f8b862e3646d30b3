//! `rootfs`: what the root is made of.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::host::{HostEntry, PathFact};
use super::userns::Users;
use super::{Lowering, limits};
use crate::config::{At, Rootfs, RootfsMode};
use crate::diagnostics::{Code, Problem};

/// Memory that an overlay or a tmpfs may hold where the file says nothing.
pub const DEFAULT_TMPFS: u64 = 64 * 1024 * 1024;

/// How the root is put together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RootStep {
    /// What it is made of.
    pub source: RootSource,
    /// What happens to writes.
    pub writes: Writes,
    /// True where files keep their owners by an idmapped mount (Linux 5.12).
    pub idmapped: bool,
}

/// What the root is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RootSource {
    /// A directory of the host.
    Directory {
        /// Where it is.
        path: PathBuf,
    },
    /// Directories and files of the host, put together in a tmpfs.
    Host {
        /// What is taken.
        #[schemars(with = "Vec<serde_json::Value>")]
        entries: Vec<HostEntry>,
    },
}

/// What happens to writes below the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Writes {
    /// They are refused.
    Refused,
    /// They are refused; what is missing as a mount point lies in a layer under the root that nobody writes to.
    Sealed {
        /// What the layer holds.
        missing: Vec<MountPoint>,
    },
    /// They are kept in memory and dropped at exit.
    Overlay {
        /// How much, in bytes.
        size: u64,
    },
    /// They reach the source.
    Reach,
}

/// Something that must be there for a mount to be placed on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MountPoint {
    /// Path inside the root, links resolved.
    pub path: String,
    /// What it is.
    pub kind: PointKind,
}

/// Kind of a mount point.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PointKind {
    /// For file systems and directories.
    Directory,
    /// For files and devices.
    File,
    /// A link with its text.
    Symlink(String),
}

/// Chooses the source and the mode. `None` where the file names no usable one (a mistake is recorded).
pub(super) fn lower(lowering: &mut Lowering, users: &Users) -> Option<RootStep> {
    let Some(rootfs) = &lowering.config.rootfs else {
        lowering.problem(
            Problem::error(Code::RootfsMissing, "no root file system is given")
                .key(At::File, "this file has no `rootfs`")
                .help("write `rootfs = \"DIRECTORY\"`, or `[rootfs]` with `host = true` for a read-only root from the host's own /usr"),
        );
        return None;
    };
    if !one_source(lowering, rootfs) {
        return None;
    }
    if rootfs.host == Some(true) { host(lowering, rootfs) } else { directory(lowering, rootfs, users) }
}

/// The sources that a table can name, with whether it does.
fn sources(rootfs: &Rootfs) -> [(&'static str, bool); 6] {
    [
        ("path", rootfs.path.is_some()),
        ("host", rootfs.host == Some(true)),
        ("archive", rootfs.archive.is_some()),
        ("oci", rootfs.oci.is_some()),
        ("image", rootfs.image.is_some()),
        ("file", rootfs.file.is_some()),
    ]
}

fn at(source: &str) -> At {
    At::Key(match source {
        "path" => "rootfs.path",
        "host" => "rootfs.host",
        "archive" => "rootfs.archive",
        "oci" => "rootfs.oci",
        "image" => "rootfs.image",
        _ => "rootfs.file",
    })
}

fn one_source(lowering: &mut Lowering, rootfs: &Rootfs) -> bool {
    let named: Vec<&str> = sources(rootfs).into_iter().filter_map(|(name, there)| there.then_some(name)).collect();
    match named.as_slice() {
        [] => {
            lowering.problem(
                Problem::error(Code::RootfsNoSource, "`rootfs` names no source")
                    .key(At::Key("rootfs"), "none of path, host, archive, oci, image, file")
                    .help("write `path = \"DIRECTORY\"` or `host = true`"),
            );
            false
        }
        ["path" | "host"] => true,
        [source] => {
            lowering.problem(
                Problem::error(Code::ReservedKey, format!("`rootfs.{source}` is known, not in this version"))
                    .key(at(source), "not in this version")
                    .help("unpack it into a directory and write `path = \"DIRECTORY\"`"),
            );
            false
        }
        [first, second, ..] => {
            lowering.problem(
                Problem::error(Code::RootfsTwoSources, format!("`rootfs` has two sources: `{first}` and `{second}`"))
                    .key(at(first), "one source")
                    .key(at(second), "another one")
                    .help("keep exactly one of path, host, archive, oci, image, file"),
            );
            false
        }
    }
}

fn host(lowering: &mut Lowering, rootfs: &Rootfs) -> Option<RootStep> {
    if rootfs.mode == RootfsMode::Readwrite {
        lowering.problem(
            Problem::error(Code::HostRootWritable, "a root made from the host cannot be writable")
                .key(At::Key("rootfs.host"), "the host's own /usr")
                .value(At::Key("rootfs.mode"), "writes would reach the host")
                .help("write mode = \"overlay\": writes are kept in memory and dropped at exit"),
        );
        return None;
    }
    let writes = writes(lowering, rootfs);
    let entries = lowering.host.root.host_entries.clone();
    Some(RootStep { source: RootSource::Host { entries }, writes, idmapped: false })
}

fn directory(lowering: &mut Lowering, rootfs: &Rootfs, users: &Users) -> Option<RootStep> {
    let written = rootfs.path.as_deref()?;
    let at = At::Key(if rootfs.shorthand { "rootfs" } else { "rootfs.path" });
    let path = lowering.absolute(written);
    if path == std::path::Path::new("/") {
        lowering.problem(
            Problem::error(Code::RootfsIsHost, "the host's own / cannot be the root")
                .value(at, "everything of the host, /etc/shadow included")
                .help("write `host = true` for a read-only root from the host's /usr, and [[mounts]] for what else is needed"),
        );
        return None;
    }
    let wrong = match lowering.path_fact(&path) {
        PathFact::Directory => None,
        PathFact::Missing => {
            Some(("it does not exist".to_owned(), "make it, or correct the path; relative paths start at this file"))
        }
        PathFact::Unreadable(reason) => Some((reason.clone(), "make it readable for the caller")),
        _ => Some((
            "it is not a directory".to_owned(),
            "name the directory that holds bin, etc, usr; for a tarball write `archive = \"FILE\"`",
        )),
    };
    if let Some((reason, help)) = wrong {
        lowering.problem(
            Problem::error(Code::RootfsUnusable, format!("the root `{written}` cannot be used: {reason}"))
                .value(at, path.display().to_string())
                .help(help),
        );
        return None;
    }
    let writes = writes(lowering, rootfs);
    Some(RootStep { source: RootSource::Directory { path }, writes, idmapped: users.idmapped })
}

fn writes(lowering: &mut Lowering, rootfs: &Rootfs) -> Writes {
    let size = rootfs.overlay_size.as_ref();
    if rootfs.mode != RootfsMode::Overlay && size.is_some() {
        let mode = format!("{:?}", rootfs.mode).to_lowercase();
        lowering.problem(
            Problem::error(Code::OverlaySizeUnused, "`overlay_size` needs `mode = \"overlay\"`")
                .key(At::Key("rootfs.overlay_size"), "a size for an overlay")
                .value(At::Key("rootfs.mode"), format!("there is none: the mode is \"{mode}\""))
                .help("write mode = \"overlay\", or remove overlay_size"),
        );
    }
    match rootfs.mode {
        RootfsMode::Readonly => Writes::Refused,
        RootfsMode::Readwrite => Writes::Reach,
        RootfsMode::Overlay => {
            let written = size.and_then(|value| limits::bytes(lowering, "rootfs.overlay_size", value));
            Writes::Overlay { size: written.unwrap_or(DEFAULT_TMPFS) }
        }
    }
}
