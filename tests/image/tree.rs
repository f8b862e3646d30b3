//! Trees as data, so that two of them can be compared entry by entry.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

/// Everything about an entry that a container can see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) kind: char,
    pub(crate) mode: u32,
    pub(crate) owner: (u32, u32),
    pub(crate) mtime: (i64, i64),
    pub(crate) device: u64,
    /// Contents of a file, target of a link.
    pub(crate) bytes: Vec<u8>,
    /// The first name of the file, so that hard links are seen.
    pub(crate) same_as: PathBuf,
    pub(crate) xattrs: BTreeMap<String, Vec<u8>>,
}

pub(crate) type Tree = BTreeMap<PathBuf, Entry>;

/// Reads a tree.
pub(crate) fn read(root: &Path) -> Tree {
    let (mut tree, mut first) = (Tree::new(), BTreeMap::new());
    let mut open = vec![PathBuf::new()];
    while let Some(name) = open.pop() {
        let path = if name.as_os_str().is_empty() { root.to_owned() } else { root.join(&name) };
        let found = fs::symlink_metadata(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let kind = kind(&found);
        if kind == 'd' {
            let children = fs::read_dir(&path).unwrap().map(|child| name.join(child.unwrap().file_name()));
            open.extend(children);
        }
        tree.insert(name.clone(), entry(&path, &found, kind));
        if found.nlink() > 1 && kind != 'd' {
            first.entry(found.ino()).or_insert_with(Vec::new).push(name);
        }
    }
    for names in first.values_mut() {
        names.sort();
        for name in names.iter() {
            tree.get_mut(name).unwrap().same_as.clone_from(&names[0]);
        }
    }
    tree
}

fn kind(found: &fs::Metadata) -> char {
    let kind = found.file_type();
    match () {
        () if kind.is_dir() => 'd',
        () if kind.is_file() => '-',
        () if kind.is_symlink() => 'l',
        () if kind.is_fifo() => 'p',
        () if kind.is_char_device() => 'c',
        () if kind.is_block_device() => 'b',
        () => 's',
    }
}

fn entry(path: &Path, found: &fs::Metadata, kind: char) -> Entry {
    Entry {
        kind,
        mode: found.mode() & 0o7777,
        owner: (found.uid(), found.gid()),
        mtime: (found.mtime(), found.mtime_nsec()),
        device: found.rdev(),
        bytes: match kind {
            '-' => fs::read(path).unwrap_or_default(),
            'l' => fs::read_link(path).unwrap().as_os_str().as_bytes().to_vec(),
            _ => Vec::new(),
        },
        same_as: PathBuf::new(),
        xattrs: xattrs(path),
    }
}

fn xattrs(path: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut names = vec![0; 65536];
    let Ok(length) = rustix::fs::llistxattr(path, &mut names[..]) else { return BTreeMap::new() };
    let names = names[..length].split(|byte| *byte == 0).filter(|name| !name.is_empty());
    let value = |name: &[u8]| {
        let mut value = vec![0; 65536];
        let length = rustix::fs::lgetxattr(path, name, &mut value[..]).unwrap_or(0);
        value.truncate(length);
        value
    };
    names.map(|name| (String::from_utf8_lossy(name).into_owned(), value(name))).collect()
}

/// Says where two trees differ, a line each; empty is equal.
pub(crate) fn differences(ours: &Tree, theirs: &Tree) -> Vec<String> {
    let mut lines = Vec::new();
    let names: std::collections::BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
    for name in names {
        match (ours.get(name), theirs.get(name)) {
            (Some(our), Some(their)) if our == their => {}
            (Some(our), Some(their)) => {
                lines.push(format!("{}:\n  ours   {}\n  theirs {}", name.display(), line(our), line(their)));
            }
            (Some(_), None) => lines.push(format!("{}: only ours", name.display())),
            (None, _) => lines.push(format!("{}: only theirs", name.display())),
        }
    }
    lines
}

fn line(entry: &Entry) -> String {
    let Entry { kind, mode, owner, mtime, device, bytes, same_as, xattrs } = entry;
    let sum = bytes.iter().fold(0u64, |sum, byte| sum.wrapping_mul(31).wrapping_add(u64::from(*byte)));
    format!(
        "{kind} {mode:04o} {owner:?} {mtime:?} device {device:#x} {} bytes ({sum:x}) = {} {xattrs:?}",
        bytes.len(),
        same_as.display()
    )
}
