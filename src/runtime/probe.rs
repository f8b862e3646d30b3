//! Looks at the machine and fills in the [`Host`]: only what the plan asks for, and without changing anything.

mod cgroups;
mod root;

use std::fs;
use std::io::{IsTerminal, Read};
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use super::sys;
use crate::plan::Questions;
use crate::plan::host::{Host, PathFact};

/// Bytes of a file that is read for its text: an environment file or a seccomp profile.
const TEXT_MAX: u64 = 4 * 1024 * 1024;

/// Answers the questions.
pub fn probe(questions: &Questions) -> Host {
    let uname = rustix::system::uname();
    let uid = rustix::process::geteuid().as_raw();
    let mut host = Host {
        kernel: kernel(&uname.release().to_string_lossy()),
        machine: uname.machine().to_string_lossy().into_owned(),
        uid,
        gid: rustix::process::getegid().as_raw(),
        capabilities: sys::capget().map_or(0, |(effective, _, _)| effective),
        last_capability: last_capability(),
        cgroup: cgroups::facts(questions, uid),
        env: std::env::vars_os().collect(),
        terminal: std::io::stdin().is_terminal() && std::io::stdout().is_terminal(),
        rlimits: if questions.rlimits { (0..16).map(hard_limit).collect() } else { Vec::new() },
        landlock_abi: if questions.landlock { sys::landlock_abi() } else { 0 },
        paths: questions.paths.iter().map(|path| (path.clone(), fact(path))).collect(),
        texts: questions.texts.iter().map(|path| (path.clone(), text(path))).collect(),
        root: root::facts(questions),
        ..Host::default()
    };
    if questions.labels {
        host.security_modules = security_modules();
    }
    if questions.free_range && uid == 0 {
        let map = fs::read_to_string("/proc/self/uid_map").unwrap_or_default();
        host.all_ids = maps(&map, 0, u32::MAX);
        host.free_range = maps(&map, super::ranges::FIRST, super::ranges::SIZE).then(super::ranges::peek);
    }
    if uid != 0 {
        subordinate(&mut host, uid);
    }
    host
}

fn kernel(release: &str) -> (u32, u32) {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|number| number.parse().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0))
}

/// The first capability that the kernel refuses to know is one above the last (PR_CAPBSET_READ gives EINVAL).
fn last_capability() -> u32 {
    let known = |number: u32| sys::prctl(libc::PR_CAPBSET_READ, number as usize, 0).is_ok();
    (37..64).find(|number| !known(*number)).map_or(63, |number| number - 1)
}

fn hard_limit(resource: u32) -> u64 {
    sys::hard_limit(resource as usize).unwrap_or(u64::MAX)
}

/// Says whether a map of ids (user_namespaces(7)) holds a range of them: inside another container it may not.
fn maps(map: &str, first: u32, size: u32) -> bool {
    map.lines().any(|line| {
        let mut numbers = line.split_whitespace().map(|number| number.parse::<u64>().unwrap_or(0));
        let (start, length) = (numbers.next().unwrap_or(0), numbers.nth(1).unwrap_or(0));
        start <= u64::from(first) && u64::from(first) + u64::from(size) <= start + length
    })
}

/// Both modules have a file of their own that is there, and says so, when they are on.
fn security_modules() -> Vec<String> {
    let apparmor =
        fs::read_to_string("/sys/module/apparmor/parameters/enabled").is_ok_and(|text| text.starts_with('Y'));
    let selinux = fs::metadata("/sys/fs/selinux/enforce").is_ok();
    let active = [("apparmor", apparmor), ("selinux", selinux)];
    active.into_iter().filter(|(_, on)| *on).map(|(name, _)| name.to_owned()).collect()
}

/// What is at a path; links are followed, as the caller's own paths are his business.
fn fact(path: &Path) -> PathFact {
    match fs::metadata(path) {
        Ok(metadata) => fact_of(&metadata),
        Err(error) => missing_or(&error),
    }
}

fn fact_of(metadata: &fs::Metadata) -> PathFact {
    let kind = metadata.file_type();
    let number = (rustix::fs::major(metadata.rdev()), rustix::fs::minor(metadata.rdev()));
    if kind.is_dir() {
        PathFact::Directory
    } else if kind.is_char_device() {
        PathFact::CharDevice(number.0, number.1)
    } else if kind.is_block_device() {
        PathFact::BlockDevice(number.0, number.1)
    } else {
        PathFact::File
    }
}

fn missing_or(error: &std::io::Error) -> PathFact {
    match error.kind() {
        std::io::ErrorKind::NotFound | std::io::ErrorKind::NotADirectory => PathFact::Missing,
        _ => PathFact::Unreadable(reason(error)),
    }
}

/// The reason in the kernel's words, without Rust's "(os error N)".
pub fn reason(error: &std::io::Error) -> String {
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or(&text).to_lowercase()
}

/// Reads a text file: a regular one, of bounded length, in UTF-8.
fn text(path: &Path) -> Result<String, String> {
    let file =
        fs::OpenOptions::new().read(true).custom_flags_nonblocking().open(path).map_err(|error| reason(&error))?;
    let metadata = file.metadata().map_err(|error| reason(&error))?;
    if !metadata.is_file() {
        return Err("not a regular file".to_owned());
    }
    let mut text = String::new();
    file.take(TEXT_MAX + 1).read_to_string(&mut text).map_err(|error| {
        if error.kind() == std::io::ErrorKind::InvalidData { "not UTF-8".to_owned() } else { reason(&error) }
    })?;
    if text.len() as u64 > TEXT_MAX { Err(format!("longer than {} MiB", TEXT_MAX >> 20)) } else { Ok(text) }
}

/// Opening a FIFO must not wait for its other end.
trait NonBlocking {
    fn custom_flags_nonblocking(&mut self) -> &mut Self;
}

impl NonBlocking for fs::OpenOptions {
    fn custom_flags_nonblocking(&mut self) -> &mut Self {
        std::os::unix::fs::OpenOptionsExt::custom_flags(self, libc::O_NONBLOCK | libc::O_NOCTTY)
    }
}

/// Fills in what an ordinary user may map.
fn subordinate(host: &mut Host, uid: u32) {
    let name = fs::read_to_string("/etc/passwd").ok().and_then(|text| {
        text.lines().find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(uid)).then(|| name.to_owned())
        })
    });
    let ranges = |file: &str| -> Vec<(u32, u32)> {
        let text = fs::read_to_string(file).unwrap_or_default();
        let own = |owner: &str| owner.parse() == Ok(uid) || Some(owner) == name.as_deref();
        text.lines()
            .filter_map(|line| {
                let mut fields = line.trim().split(':');
                let owner = fields.next().filter(|owner| own(owner))?;
                let _ = owner;
                let (first, count): (u32, u32) = (fields.next()?.parse().ok()?, fields.next()?.parse().ok()?);
                (count > 0 && first.checked_add(count).is_some()).then_some((first, count))
            })
            .collect()
    };
    host.subuid = ranges("/etc/subuid");
    host.subgid = ranges("/etc/subgid");
    host.newidmap = find("newuidmap").zip(find("newgidmap"));
}

/// Finds a helper where distributions put it; the caller's PATH is not trusted.
fn find(name: &str) -> Option<PathBuf> {
    ["/usr/bin", "/bin", "/usr/local/bin", "/run/wrappers/bin"]
        .into_iter()
        .map(|directory| Path::new(directory).join(name))
        .find(|path| path.is_file())
}
