//! Cgroups of launches that were killed before they could remove them: found by name, removed by the next launch.
//!
//! A name ends in the id of its launch. It is left over when that process is gone, or began after the directory was made.
//! Names of another pid namespace say so, and are nobody's business here.

use std::ffi::OsStr;
use std::fs::File;
use std::mem::MaybeUninit;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{FileType, RawDir, SeekFrom};

use super::{place, remove};
use crate::plan::host::{CgroupFacts, CgroupVersion};

/// What one look at a directory reads: some hundred names.
const LOOK_BYTES: usize = 16 * 1024;
/// Names that one look asks the kernel about.
const LOOK_NAMES: usize = 32;

/// A cgroup that a dead launch left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leftover {
    /// Its directory.
    pub path: PathBuf,
    /// Whether it could be removed.
    pub removed: bool,
}

/// One bounded look beside a cgroup; what is found is removed in every hierarchy that the launch uses.
pub(super) fn sweep(directories: &[(String, PathBuf)]) {
    let Some((_, first)) = directories.first() else { return };
    let Some(parent) = first.parent() else { return };
    for name in look(parent, false) {
        for beside in directories.iter().filter_map(|(_, path)| path.parent()) {
            // Only what is empty: what lives in it may be wanted, and `launch gc` is asked for by name.
            let _ = std::fs::remove_dir(beside.join(&name));
        }
    }
}

/// Removes all that dead launches left in the caller's own cgroups, with what still lives there.
pub fn collect(facts: &CgroupFacts) -> Vec<Leftover> {
    let mut parents: Vec<&Path> = facts.controllers.values().map(|fact| fact.own.as_path()).collect();
    if facts.version == CgroupVersion::V2 {
        parents.extend(facts.unified.as_deref());
        parents.extend(facts.unified.as_deref().and_then(Path::parent));
    }
    parents.sort_unstable();
    parents.dedup();
    let mut found = Vec::new();
    for parent in parents {
        for name in look(parent, true) {
            let path = parent.join(name);
            let removed = remove::tree(&path).is_ok();
            found.push(Leftover { path, removed });
        }
    }
    found
}

/// Returns names of dead launches in a directory: all, or those of one look. In a directory that one look does not
/// show as a whole, it begins at a random place, so that each leftover is found in the end.
fn look(parent: &Path, all: bool) -> Vec<std::ffi::OsString> {
    let Ok(directory) = File::open(parent) else { return Vec::new() };
    let mut found = Vec::new();
    let mut asked = 0;
    let mut buffer = vec![MaybeUninit::uninit(); LOOK_BYTES];
    for round in 0.. {
        let mut seen = 0;
        let mut entries = RawDir::new(&directory, &mut buffer);
        while let Some(Ok(entry)) = entries.next() {
            seen += entry.file_name().to_bytes().len() + 24;
            let name = std::os::unix::ffi::OsStrExt::from_bytes(entry.file_name().to_bytes());
            if entry.file_type() == FileType::Directory && (all || asked < LOOK_NAMES) && is_name(name) {
                asked += 1;
                if is_dead(parent, name) {
                    found.push(OsStr::to_owned(name));
                }
            }
            if !all && entries.is_buffer_empty() {
                break;
            }
        }
        // The whole directory was seen, or twice a part of it.
        if all || round > 0 || seen < LOOK_BYTES / 2 {
            break;
        }
        // Places of a cgroup directory are hashes of the names.
        let random = u64::from(std::process::id()).wrapping_mul(0x9E37_79B9) & 0x7FFF_FFFF;
        if rustix::fs::seek(&directory, SeekFrom::Start(random)).is_err() {
            break;
        }
    }
    found
}

fn is_name(name: &OsStr) -> bool {
    name.to_str().is_some_and(|name| name.starts_with("launch-") && pid_of(name).is_some())
}

/// The id at the end of `launch-NAME-PID`, `launch-NAME-PID.1`, `launch-NAME-PID.supervisor`.
fn pid_of(name: &str) -> Option<i32> {
    let (_, number) = name.rsplit_once('-')?;
    let mut parts = number.split('.');
    let pid = parts.next()?.parse().ok().filter(|pid| *pid > 0)?;
    let foreign = parts.find_map(|part| part.strip_prefix("ns"));
    match foreign {
        None => Some(pid),
        Some(namespace) => (namespace.parse() == Ok(place::pid_namespace()?)).then_some(pid),
    }
}

fn is_dead(parent: &Path, name: &OsStr) -> bool {
    let Some(pid) = name.to_str().and_then(pid_of) else { return false };
    match crate::runtime::sys::kill(pid, 0) {
        Err(rustix::io::Errno::SRCH) => true,
        _ => began_later(pid, &parent.join(name)),
    }
}

/// Says whether a process began after a directory was made: then it is another than its maker.
fn began_later(pid: i32, directory: &Path) -> bool {
    /// Clock ticks and seconds are rounded, and the wall clock may be adjusted.
    const SLACK_SECONDS: i64 = 3;
    let made = std::fs::metadata(directory).map(|metadata| metadata.ctime());
    made.is_ok_and(|made| began_seconds(pid).is_some_and(|began| began > made + SLACK_SECONDS))
}

/// When a process began, in seconds since 1970 (proc_pid_stat(5), field 22, in ticks since boot).
fn began_seconds(pid: i32) -> Option<i64> {
    const TICKS: i64 = 100;
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let ticks: i64 = stat.rsplit_once(')')?.1.split_whitespace().nth(19)?.parse().ok()?;
    let uptime = std::fs::read_to_string("/proc/uptime").ok()?;
    let uptime: i64 = uptime.split('.').next()?.parse().ok()?;
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).ok()?;
    Some(i64::try_from(now.as_secs()).ok()? - uptime + ticks / TICKS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_tell_their_launch() {
        assert_eq!(pid_of("launch-a-b-123"), Some(123));
        assert_eq!(pid_of("launch-a-b-123.2"), Some(123));
        assert_eq!(pid_of("launch-x-123.supervisor"), Some(123));
        assert_eq!(pid_of("launch-x-123.ns1"), None);
        assert_eq!(pid_of("launch-x-"), None);
        assert!(!is_name(OsStr::new("other-12")));
    }

    #[test]
    fn a_live_process_is_not_dead_and_a_later_one_is_not_the_maker() {
        let own = std::process::id();
        assert!(!is_dead(Path::new("/"), OsStr::new(&format!("launch-x-{own}"))));
        assert!(is_dead(Path::new("/"), OsStr::new("launch-x-4194999")));
        let old = tempfile::tempdir().unwrap();
        assert!(!began_later(own.cast_signed(), old.path()));
    }
}
