//! What the plan knows of the machine: facts as plain data. Tests fake them; [`crate::runtime`] fills them in.
//!
//! The plan cannot look at the machine itself. It first says what it needs to know ([`super::Questions`]) and gets it here.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// Facts about the host, and about the files that one configuration names.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Host {
    /// Kernel release, as (6, 1) for 6.1.
    pub kernel: (u32, u32),
    /// Machine as uname(2) gives it: `x86_64`, `aarch64`.
    pub machine: String,
    /// Effective user id of the caller.
    pub uid: u32,
    /// Effective group id of the caller.
    pub gid: u32,
    /// Effective capabilities of the caller, bit n for capability n (capabilities(7)).
    pub capabilities: u64,
    /// The highest capability that this kernel knows (/proc/sys/kernel/cap_last_cap).
    pub last_capability: u32,
    /// Cgroup hierarchies.
    pub cgroup: CgroupFacts,
    /// Subordinate user ids of the caller, (first, count) (subuid(5)).
    pub subuid: Vec<(u32, u32)>,
    /// Subordinate group ids of the caller (subgid(5)).
    pub subgid: Vec<(u32, u32)>,
    /// Where newuidmap(1) and newgidmap(1) are, when both are there.
    pub newidmap: Option<(PathBuf, PathBuf)>,
    /// First id of a range of 65536 that no other container uses, as root.
    pub free_range: Option<u32>,
    /// The caller's user namespace holds all ids, as the machine's own does: root here is root of the machine.
    pub all_ids: bool,
    /// Environment of the caller.
    #[serde(skip)]
    pub env: Vec<(OsString, OsString)>,
    /// True when standard input and output of the caller are terminals.
    pub terminal: bool,
    /// Hard resource limits of the caller, by RLIMIT number.
    pub rlimits: Vec<u64>,
    /// Landlock ABI, 0 when off (landlock(7)).
    pub landlock_abi: u32,
    /// Security modules that label processes and are active: `apparmor`, `selinux`; looked for where a label is written.
    pub security_modules: Vec<String>,
    /// Processors online.
    pub processors: u32,
    /// What is at the paths of the host that the configuration names.
    pub paths: BTreeMap<PathBuf, PathFact>,
    /// Contents of the files that the configuration names, or why they cannot be read.
    pub texts: BTreeMap<PathBuf, Result<String, String>>,
    /// The root file system.
    pub root: RootFacts,
}

/// What is at a path of the host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PathFact {
    /// A directory.
    Directory,
    /// A regular file, a socket, a fifo.
    File,
    /// A character device with its numbers.
    CharDevice(u32, u32),
    /// A block device with its numbers.
    BlockDevice(u32, u32),
    /// Nothing.
    Missing,
    /// It cannot be looked at; the reason.
    Unreadable(String),
}

/// Cgroup hierarchies of the host, as the caller sees them.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct CgroupFacts {
    /// Which version is mounted.
    pub version: CgroupVersion,
    /// Each controller that can be used: directory of the caller's own cgroup in its hierarchy.
    pub controllers: BTreeMap<String, ControllerFact>,
    /// Directory of the caller's own cgroup in the v2 hierarchy (`/sys/fs/cgroup/…` or `/sys/fs/cgroup/unified/…`).
    pub unified: Option<PathBuf>,
    /// True where systemd manages the hierarchy and can be asked over D-Bus.
    pub systemd: bool,
    /// Controllers that a scope of that systemd has.
    pub systemd_controllers: Vec<String>,
    /// Swap can be limited (swap accounting).
    pub swap: bool,
    /// The caller's own cgroup, on v2.
    pub own: OwnCgroup,
    /// Processors that the caller's own cgroup may use, as a list; looked at when a file asks for some.
    pub cpus: Option<String>,
    /// Memory nodes likewise.
    pub mems: Option<String>,
    /// Sizes of huge pages, as the kernel names them: `2MB`; looked at when a file asks for some.
    pub huge_pages: Vec<String>,
}

/// The caller's own cgroup on v2, as far as it decides where another can be made.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OwnCgroup {
    /// It is the top of the hierarchy, which may hold processes and give controllers on.
    pub top: bool,
    /// Nobody but the caller is in it.
    pub alone: bool,
    /// Controllers that it gives on already.
    pub enabled: Vec<String>,
    /// The cgroup above belongs to the caller and holds no processes.
    pub parent_is_ours: bool,
}

impl CgroupFacts {
    /// Says whether a scope of systemd has a controller.
    pub fn systemd_gives(&self, controller: &str) -> bool {
        self.systemd && self.systemd_controllers.iter().any(|known| known == controller)
    }
}

/// One controller.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct ControllerFact {
    /// Where its hierarchy is mounted.
    pub mount: PathBuf,
    /// Directory of the caller's own cgroup.
    pub own: PathBuf,
    /// True when the caller may make cgroups there.
    pub writable: bool,
}

/// Version of the cgroup hierarchy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CgroupVersion {
    /// No cgroup file system is mounted at /sys/fs/cgroup.
    #[default]
    None,
    /// One hierarchy for each controller.
    V1,
    /// Controllers in v1 hierarchies, and a v2 hierarchy without them.
    Hybrid,
    /// One hierarchy.
    V2,
}

impl CgroupVersion {
    /// Returns the name used in `requires.cgroup` and in messages.
    pub fn as_str(self) -> &'static str {
        match self {
            CgroupVersion::None => "none",
            CgroupVersion::V1 => "v1",
            CgroupVersion::Hybrid => "hybrid",
            CgroupVersion::V2 => "v2",
        }
    }
}

/// The root file system.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct RootFacts {
    /// What each mount target resolves to inside the root, links followed inside; keyed by the target as written.
    pub targets: BTreeMap<String, TargetFact>,
    /// The root's /etc/passwd.
    pub passwd: Option<String>,
    /// The root's /etc/group.
    pub group: Option<String>,
    /// Entries of the host that a host root is made of.
    pub host_entries: Vec<HostEntry>,
}

/// What a path inside the root is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TargetFact {
    /// The path with links resolved, absolute inside the root.
    pub resolved: String,
    /// What is there.
    pub kind: PathFact,
}

/// An entry of the host that a host root is made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostEntry {
    /// A directory that is bound read-only.
    Directory(String),
    /// A file that is bound read-only.
    File(String),
    /// A link with its text, as /bin -> usr/bin.
    Symlink(String, String),
}
