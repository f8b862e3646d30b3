//! Looks into the root, as a hostile place: every path is resolved inside it, only regular files of bounded size are read.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::{CWD, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::{fact_of, missing_or};
use crate::plan::Questions;
use crate::plan::host::{HostEntry, PathFact, RootFacts, TargetFact};

/// Bytes of /etc/passwd and /etc/group that are read.
const ACCOUNTS_MAX: u64 = 4 * 1024 * 1024;
/// Links on one path (as MAXSYMLINKS of the kernel).
const LINKS_MAX: u32 = 40;

/// What a root made from the host takes of it.
const HOST_DIRECTORIES: [&str; 8] = ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/opt"];
const HOST_ETC: [&str; 20] = [
    "/etc/alternatives",
    "/etc/ca-certificates",
    "/etc/fonts",
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/ld.so.cache",
    "/etc/ld.so.conf",
    "/etc/ld.so.conf.d",
    "/etc/locale.alias",
    "/etc/localtime",
    "/etc/magic",
    "/etc/mime.types",
    "/etc/nsswitch.conf",
    "/etc/pki",
    "/etc/protocols",
    "/etc/rpc",
    "/etc/services",
    "/etc/ssl/certs",
    "/etc/ssl/openssl.cnf",
    "/etc/terminfo",
];

/// Answers the questions about the root.
pub(super) fn facts(questions: &Questions) -> RootFacts {
    if questions.host_root {
        let accounts = |file: &str| questions.accounts.then(|| fs::read_to_string(file).ok()).flatten();
        return RootFacts {
            host_entries: host_entries(),
            passwd: accounts("/etc/passwd"),
            group: accounts("/etc/group"),
            ..RootFacts::default()
        };
    }
    let Some(root) = questions.root.as_deref().and_then(open_root) else { return RootFacts::default() };
    let root = root.as_fd();
    let accounts = |file: &str| questions.accounts.then(|| read(root, file)).flatten();
    RootFacts {
        targets: questions
            .targets
            .iter()
            .map(|target| (target.clone(), resolve(root, target)))
            .collect::<BTreeMap<_, _>>(),
        passwd: accounts("etc/passwd"),
        group: accounts("etc/group"),
        host_entries: Vec::new(),
    }
}

fn open_root(path: &Path) -> Option<OwnedFd> {
    rustix::fs::openat(CWD, path, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty()).ok()
}

fn inside(root: BorrowedFd<'_>, path: &str, flags: OFlags) -> Result<OwnedFd, Errno> {
    let relative = path.trim_start_matches('/');
    let relative = if relative.is_empty() { "." } else { relative };
    rustix::fs::openat2(
        root,
        relative,
        flags | OFlags::CLOEXEC,
        Mode::empty(),
        ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS,
    )
}

/// Reads a regular file inside the root; a FIFO or a device is not waited for.
fn read(root: BorrowedFd<'_>, path: &str) -> Option<String> {
    let file = File::from(inside(root, path, OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY).ok()?);
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let mut bytes = Vec::new();
    file.take(ACCOUNTS_MAX).read_to_end(&mut bytes).ok()?;
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

/// Says what a path is inside the root, links followed inside.
fn resolve(root: BorrowedFd<'_>, target: &str) -> TargetFact {
    match inside(root, target, OFlags::PATH) {
        Ok(found) => {
            let resolved = location(root, &found).unwrap_or_else(|| target.to_owned());
            let kind =
                File::from(found).metadata().map_or_else(|error| missing_or(&error), |metadata| fact_of(&metadata));
            TargetFact { resolved, kind }
        }
        Err(Errno::NOENT | Errno::NOTDIR) => TargetFact { resolved: missing(root, target, 0), kind: PathFact::Missing },
        Err(errno) => TargetFact { resolved: target.to_owned(), kind: PathFact::Unreadable(errno.to_string()) },
    }
}

/// Where a descriptor is, relative to the root.
fn location(root: BorrowedFd<'_>, found: &OwnedFd) -> Option<String> {
    let path = |fd: i32| fs::read_link(format!("/proc/self/fd/{fd}")).ok();
    let (root, found) = (path(root.as_raw_fd())?, path(found.as_raw_fd())?);
    let below = found.strip_prefix(&root).ok()?;
    Some(format!("/{}", below.to_str()?))
}

/// Where a missing path would be: its existing directory resolved, a dangling link followed by its text.
fn missing(root: BorrowedFd<'_>, target: &str, depth: u32) -> String {
    let Some((parent, name)) = target.trim_end_matches('/').rsplit_once('/') else { return target.to_owned() };
    let parent = if parent.is_empty() { "/".to_owned() } else { parent.to_owned() };
    let Ok(directory) = inside(root, &parent, OFlags::PATH | OFlags::DIRECTORY) else {
        let parent = if depth < LINKS_MAX && parent != "/" { missing(root, &parent, depth + 1) } else { parent };
        return format!("{}/{name}", parent.trim_end_matches('/'));
    };
    let above = location(root, &directory).unwrap_or(parent);
    let path = format!("{}/{name}", above.trim_end_matches('/'));
    match rustix::fs::readlinkat(&directory, name, Vec::new()) {
        Ok(text) if depth < LINKS_MAX => {
            let text = text.to_string_lossy().into_owned();
            let joined = if text.starts_with('/') { text } else { format!("{}/{text}", above.trim_end_matches('/')) };
            missing(root, &joined, depth + 1)
        }
        _ => path,
    }
}

fn host_entries() -> Vec<HostEntry> {
    HOST_DIRECTORIES.iter().chain(&HOST_ETC).filter_map(|path| host_entry(path)).collect()
}

fn host_entry(path: &str) -> Option<HostEntry> {
    let metadata = fs::symlink_metadata(path).ok()?;
    if metadata.is_symlink() {
        let text = fs::read_link(path).ok()?.to_str()?.to_owned();
        // A link out of what is taken would dangle: the file it leads to is taken in its place.
        let taken = text.starts_with("/usr/") || text.starts_with("usr/") || text.starts_with("../usr/");
        return if taken {
            Some(HostEntry::Symlink(path.to_owned(), text))
        } else {
            Some(HostEntry::File(path.to_owned()))
        };
    }
    Some(if metadata.is_dir() { HostEntry::Directory(path.to_owned()) } else { HostEntry::File(path.to_owned()) })
}
