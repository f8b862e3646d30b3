//! What kind of machine this is: facts that a test may need, read and tried once. It changes nothing.

use landlock::{AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

/// The layout of /sys/fs/cgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cgroup {
    V2,
    V1,
    Hybrid,
    Absent,
}

pub(crate) fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// Whether this runs inside one of tests/vm's machines, which have no more than the suite put there.
pub(crate) fn in_test_machine() -> bool {
    std::env::var_os("LAUNCH_TEST_MACHINE").is_some()
}

/// The kind in a few words, for the reason of a skip.
pub(crate) fn describe() -> String {
    let who = if is_root() { "root" } else { "an ordinary user" };
    let cgroup = match cgroup() {
        Cgroup::V2 => "cgroup v2",
        Cgroup::V1 => "cgroup v1",
        Cgroup::Hybrid => "cgroup v1 and v2",
        Cgroup::Absent => "no cgroups",
    };
    format!("this is {who}, {cgroup}{}", if systemd() { ", systemd" } else { "" })
}

pub(crate) fn cgroup() -> Cgroup {
    let top = mounts_of("cgroup2").iter().any(|mount| mount == Path::new("/sys/fs/cgroup"));
    match (top, mounts_of("cgroup").is_empty(), mounts_of("cgroup2").is_empty()) {
        (true, ..) => Cgroup::V2,
        (_, false, true) => Cgroup::V1,
        (_, false, false) => Cgroup::Hybrid,
        (_, true, _) => Cgroup::Absent,
    }
}

/// Where file systems of this type are mounted.
pub(crate) fn mounts_of(fstype: &str) -> Vec<PathBuf> {
    let mountinfo = fs::read_to_string("/proc/self/mountinfo").unwrap();
    let of_type = |line: &&str| line.split(" - ").nth(1).and_then(|rest| rest.split(' ').next()) == Some(fstype);
    mountinfo.lines().filter(of_type).map(|line| line.split(' ').nth(4).unwrap().into()).collect()
}

/// Whether the caller may make a cgroup with this controller, by itself or through its systemd.
pub(crate) fn has_controller(name: &str) -> bool {
    match cgroup() {
        Cgroup::V2 => v2_cgroups().any(|dir| lists(&dir.join("cgroup.controllers"), name)),
        Cgroup::V1 | Cgroup::Hybrid => own_v1(name).is_some_and(|dir| writable(&dir)),
        Cgroup::Absent => false,
    }
}

/// The v2 cgroups that the caller may make others in: its own, or what its user manager can give.
fn v2_cgroups() -> impl Iterator<Item = PathBuf> {
    let own = own_cgroup("0::").map(|path| Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/')));
    let uid = rustix::process::geteuid().as_raw();
    let manager = PathBuf::from(format!("/sys/fs/cgroup/user.slice/user-{uid}.slice/user@{uid}.service"));
    let beside = own.as_ref().and_then(|own| own.parent()).map(Path::to_owned);
    own.into_iter().chain(beside).chain([manager]).filter(|dir| writable(dir))
}

fn own_v1(controller: &str) -> Option<PathBuf> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    let line =
        cgroups.lines().find(|line| line.split(':').nth(1).is_some_and(|c| c.split(',').any(|c| c == controller)))?;
    let mount = mounts_of("cgroup").into_iter().find(|mount| {
        mount.file_name().is_some_and(|name| name.to_string_lossy().split(',').any(|c| c == controller))
    })?;
    Some(mount.join(line.splitn(3, ':').nth(2)?.trim_start_matches('/')))
}

fn own_cgroup(prefix: &str) -> Option<String> {
    let cgroups = fs::read_to_string("/proc/self/cgroup").ok()?;
    cgroups.lines().find_map(|line| line.strip_prefix(prefix)).map(str::to_owned)
}

fn lists(file: &Path, word: &str) -> bool {
    fs::read_to_string(file).is_ok_and(|text| text.split_whitespace().any(|w| w == word))
}

fn writable(dir: &Path) -> bool {
    rustix::fs::access(dir, rustix::fs::Access::WRITE_OK).is_ok()
}

pub(crate) fn systemd() -> bool {
    Path::new("/run/systemd/system").is_dir()
}

/// Tried, not read: several sysctls and security modules can forbid it.
pub(crate) fn user_namespaces() -> bool {
    static TRIED: LazyLock<bool> = LazyLock::new(|| {
        let Some(unshare) = tool("unshare") else { return false };
        let mut command = Command::new(unshare);
        command.args(["--user", "--map-root-user", "true"]).stdout(Stdio::null()).stderr(Stdio::null());
        if let Some(user) = super::place::user().filter(|_| is_root()) {
            user.apply(&mut command);
        }
        command.status().is_ok_and(|status| status.success())
    });
    *TRIED
}

pub(crate) fn landlock() -> bool {
    let ruleset = Ruleset::default().set_compatibility(CompatLevel::HardRequirement);
    ruleset.handle_access(AccessFs::Execute).is_ok_and(|ruleset| ruleset.create().is_ok())
}

pub(crate) fn seccomp() -> bool {
    lists(Path::new("/proc/sys/kernel/seccomp/actions_avail"), "errno")
}

/// The path of a program on PATH.
pub(crate) fn tool(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let runs = |file: &PathBuf| file.metadata().is_ok_and(|meta| meta.is_file() && meta.mode() & 0o111 != 0);
    std::env::split_paths(&path).map(|dir| dir.join(name)).find(runs)
}
