//! What a launch may not leave behind: cgroups, mounts, processes, files. Compared before and after, per run and at the end.
//!
//! Tests run side by side, and other launches run on the same machine: a thing is a run's own when it bears the name
//! of the run's folder (`launch` names things after it) or the number of its process.

use super::host;
use super::place::Root;
use super::process::{Ended, patience};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// The test's folder as it was before the run.
pub(crate) struct Before {
    dir: PathBuf,
    files: BTreeSet<PathBuf>,
}

impl Before {
    pub(crate) fn look(dir: &Path) -> Self {
        Self { dir: dir.to_owned(), files: files_below(dir) }
    }

    /// What is there now and should not be; `writes` are the paths that the test expects to be written.
    pub(crate) fn left(&self, pid: u32, writes: &[String], ended: &Ended) -> Vec<String> {
        let killed = ended.status.is_some_and(|status| status.signal().is_some());
        // Only a launch that was itself killed may be survived, shortly, by what dies with it.
        let deadline = Instant::now() + patience(Duration::from_secs(if killed { 3 } else { 0 }));
        let began = Instant::now();
        loop {
            let mut left = self.left_now(pid, writes, killed);
            left.extend(ended.still_open.map(|stream| format!("{stream}, held open by someone")));
            // A scope is systemd's, which removes it shortly after its last process, launch itself, has ended.
            let scopes = left.iter().all(|left| left.starts_with("cgroup ") && left.contains(".scope"));
            let patient = scopes && began.elapsed() < patience(Duration::from_secs(3));
            if left.is_empty() || Instant::now() >= deadline && !patient {
                return left;
            }
            thread::sleep(Duration::from_millis(20));
        }
    }

    fn left_now(&self, pid: u32, writes: &[String], killed: bool) -> Vec<String> {
        let name = self.dir.file_name().unwrap().to_str().unwrap();
        let allowed = |path: &PathBuf| writes.iter().any(|write| path.starts_with(self.dir.join(write)));
        let files = files_below(&self.dir).into_iter().filter(|path| !self.files.contains(path) && !allowed(path));
        let mut left: Vec<_> = files.map(|path| format!("file {}", path.display())).collect();
        left.extend(mounts_below(&self.dir).into_iter().map(|mount| format!("mount {mount}")));
        left.extend(processes_of(&self.dir, name, pid).into_iter().map(|process| format!("process {process}")));
        if !killed {
            // After SIGKILL the next launch removes it.
            left.extend(cgroups_of(name, pid).into_iter().map(|dir| format!("cgroup {}", dir.display())));
        }
        left
    }
}

/// The machine as it was before all tests.
pub(crate) struct Machine {
    temporary: BTreeSet<PathBuf>,
    roots: BTreeSet<String>,
    /// A session manager's, say: it may have made us the parent of its own helper.
    children: BTreeSet<String>,
}

impl Machine {
    /// Looks around, and makes every orphan a child of this process, where it can be found.
    pub(crate) fn look() -> Self {
        nix::sys::prctl::set_child_subreaper(true).unwrap();
        let roots = Root::ALL.iter().flat_map(|root| fingerprint(*root)).collect();
        Self { temporary: temporary_files(), roots, children: children() }
    }

    pub(crate) fn left(&self) -> Vec<String> {
        let new = |files: BTreeSet<PathBuf>| files.into_iter().filter(|path| !self.temporary.contains(path));
        let mut left: Vec<_> = new(temporary_files()).map(|path| format!("file {}", path.display())).collect();
        if !left.is_empty() {
            // Another launch on this machine may just be at it.
            thread::sleep(patience(Duration::from_secs(1)));
            left = new(temporary_files()).map(|path| format!("file {}", path.display())).collect();
        }
        let mounts = Root::ALL.iter().flat_map(|root| mounts_below(&root.path()));
        left.extend(mounts.map(|mount| format!("mount {mount}")));
        let roots: BTreeSet<_> = Root::ALL.iter().flat_map(|root| fingerprint(*root)).collect();
        left.extend(self.roots.symmetric_difference(&roots).map(|entry| format!("a change of a root: {entry}")));
        left.extend(children().difference(&self.children).map(|process| format!("process {process}")));
        left
    }
}

fn files_below(dir: &Path) -> BTreeSet<PathBuf> {
    let mut files = BTreeSet::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                folders.push(entry.path());
            }
            files.insert(entry.path());
        }
    }
    files
}

fn mounts_below(dir: &Path) -> Vec<String> {
    let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap();
    mountinfo.lines().filter(|line| line.contains(dir.to_str().unwrap())).map(str::to_owned).collect()
}

/// Processes that inherited the run's environment, name its folder, or live in its cgroup; younger than its own, `pid`.
fn processes_of(dir: &Path, name: &str, pid: u32) -> Vec<String> {
    let marker = format!("TMPDIR={}/tmp", dir.display());
    let is_ours = |pid: &str| {
        let has = |file: &str, text: &str| {
            fs::read(format!("/proc/{pid}/{file}")).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(text))
        };
        has("environ", &marker)
            || has("cmdline", dir.to_str().unwrap())
            || has("cgroup", &format!("{name}-"))
            || has("cgroup", &format!("{name}."))
    };
    let younger = pids().into_iter().filter(|other| other.parse::<u32>().unwrap() > pid);
    younger.filter(|pid| is_ours(pid) && !is_dead(pid)).map(|pid| describe(&pid)).collect()
}

/// Whether only the status of a process is left. The dead are those of launches that were killed: nobody but this process
/// could reap them.
fn is_dead(pid: &str) -> bool {
    fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|text| text.contains("State:\tZ"))
}

/// The living children of this process: at the end of the tests there may be none, orphans included.
fn children() -> BTreeSet<String> {
    let own = format!("PPid:\t{}\n", std::process::id());
    let is_child = |pid: &String| {
        fs::read_to_string(format!("/proc/{pid}/status")).is_ok_and(|text| text.contains(&own)) && !is_dead(pid)
    };
    pids().into_iter().filter(is_child).map(|pid| describe(&pid)).collect()
}

fn pids() -> Vec<String> {
    let names = fs::read_dir("/proc").unwrap().flatten().filter_map(|entry| entry.file_name().into_string().ok());
    names.filter(|name| name.bytes().all(|byte| byte.is_ascii_digit())).collect()
}

fn describe(pid: &str) -> String {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default().replace('\0', " ");
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    format!("{pid} {line} ({})", stat.split(' ').take(4).collect::<Vec<_>>().join(" "))
}

/// The cgroups, in any hierarchy, that bear the name of a run's folder or the number of its process.
pub(crate) fn cgroups_of(name: &str, pid: u32) -> Vec<PathBuf> {
    let pid = pid.to_string();
    let is_ours = |dir: &PathBuf| {
        let last = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut parts = last.split(|c: char| !c.is_ascii_alphanumeric());
        last.contains(name) || (last.contains("launch") && parts.any(|part| part == pid))
    };
    let mounts = host::mounts_of("cgroup").into_iter().chain(host::mounts_of("cgroup2"));
    mounts.flat_map(|mount| folders_below(&mount)).filter(is_ours).collect()
}

/// `dir` and every cgroup below it. The links of a cgroup's folder count the cgroups in it: most have none, and their
/// many files need not be listed.
fn folders_below(dir: &Path) -> Vec<PathBuf> {
    let mut found = vec![dir.to_owned()];
    let mut next = 0;
    while let Some(dir) = found.get(next) {
        next += 1;
        if dir.metadata().is_ok_and(|meta| meta.nlink() == 2) {
            continue;
        }
        let entries = fs::read_dir(dir).into_iter().flatten().flatten();
        let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        found.extend(folders.map(|entry| entry.path()).collect::<Vec<_>>());
    }
    found
}

/// Where programs put things for a while; only what could be `launch`'s.
fn temporary_files() -> BTreeSet<PathBuf> {
    let ours = |path: &PathBuf| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        name.contains("launch") && !name.starts_with("launch-test-")
    };
    let folders = ["/tmp", "/var/tmp", "/run", "/dev/shm", "/run/user/0", "/run/user/1000", "/root", "/etc", "/"];
    let entries = folders.iter().filter_map(|dir| fs::read_dir(dir).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(ours).collect()
}

/// Every path of a root with what a write would change. Debian's is too large for a look at each run.
fn fingerprint(root: Root) -> Vec<String> {
    if root == Root::Debian {
        return Vec::new();
    }
    let line = |path: PathBuf| {
        let meta = path.symlink_metadata().ok()?;
        Some(format!(
            "{} {:o} {}:{} {} {}.{}",
            path.display(),
            meta.mode(),
            meta.uid(),
            meta.gid(),
            meta.size(),
            meta.mtime(),
            meta.mtime_nsec()
        ))
    };
    files_below(&root.path()).into_iter().filter_map(line).collect()
}
