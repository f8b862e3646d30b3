//! What the user writes: the typed tree of a `container.toml`, one file a topic.
//!
//! Plain serde and schemars types. The doc comment of a field is the editor's hover, the schema's description, the
//! reference entry and the help of a typo. Nothing here knows policy or looks at the machine: values are taken as
//! written, and [`crate::plan`] says what is wrong with them.

mod at;
mod cgroup;
mod devices;
mod keys;
mod landlock;
mod layers;
mod lifecycle;
mod limits;
mod mounts;
mod namespaces;
mod network;
mod parse;
mod requires;
mod rlimits;
mod rootfs;
mod scalar;
mod schema;
mod seccomp;
mod security;
mod stdio;
mod tree;
mod userns;

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

pub use at::At;
pub use cgroup::{Cgroup, CgroupManager};
pub use devices::Device;
pub use keys::{Key, is_list, keys};
pub use landlock::Landlock;
pub use layers::{Home, LayerError, Replaced, assignment, fill, lay, nests, settle, take_profile};
pub use lifecycle::Lifecycle;
pub use limits::{IoLimit, Limits};
pub use mounts::{Mount, MountType, Propagation};
pub use namespaces::{Namespaces, TimeOffsets};
pub use network::Network;
pub use parse::{SyntaxError, parse};
pub use requires::Requires;
pub use rlimits::{Rlimit, Rlimits};
pub use rootfs::{Rootfs, RootfsMode};
pub use scalar::{EnvValue, NumberOrText};
pub use schema::{schema, schema_text};
pub use seccomp::Seccomp;
pub use security::{Keyring, Security};
pub use stdio::{Stdio, Tty};
pub use tree::{Entry, Found, Node, Position, Sources, Span, Table, Value};
pub use userns::{IdMapping, Userns, UsernsMode};

/// A container: one command, what it sees, what it may do and how much it may use.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Name of the container, in cgroup names, `launch ps` and reports: 1 to 64 of `A-Z a-z 0-9 . _ -`. Default: the file's name without `.container.toml` or `.toml`, or its folder's name for a plain `container.toml`.
    #[schemars(regex(pattern = r"^[A-Za-z0-9._-]{1,64}$"))]
    pub name: Option<String>,
    /// Program to run, as in `command = "/bin/sh"`: an absolute path inside the root, or a name found through the container's PATH.
    pub command: Option<String>,
    /// Arguments of the command, `argv[1]` and on, as in `args = ["-c", "echo hello"]`. Default: none.
    pub args: Vec<String>,
    /// Working directory of the command, inside the root. Default: `"/"`.
    pub cwd: Option<String>,
    /// Host name inside, at most 64 bytes (UTS namespace). Default: `"container"`.
    pub hostname: Option<String>,
    /// NIS domain name inside, at most 64 bytes (UTS namespace). Default: none.
    pub domainname: Option<String>,
    /// User and group of the command, inside: `"uid[:gid]"` or `"name[:group]"`, as in `user = "1000:1000"`; names come from the root's own /etc/passwd and /etc/group. Default: root of the user namespace.
    pub user: Option<String>,
    /// Supplementary groups, ids or names of the root's /etc/group, as in `groups = ["audio", 27]`. Default: none.
    pub groups: Vec<NumberOrText>,
    /// File mode creation mask, octal, as in `umask = "0027"`. Default: `"0022"`.
    pub umask: Option<String>,
    /// Environment of the command: `NAME = "value"`; `NAME = false` takes one away. The caller's environment never leaks in; PATH, HOME, TERM (with a terminal) and `container=launch` are always set unless written here.
    pub env: BTreeMap<String, EnvValue>,
    /// Variables of the caller to pass through, names or globs, as in `env_pass = ["LANG", "LC_*"]`. Default: none.
    pub env_pass: Vec<String>,
    /// Files with `NAME=value` lines, read before `env`, relative to this file. Default: none.
    pub env_file: Vec<String>,
    /// The root file system: the path of a directory, or a table.
    pub rootfs: Option<Rootfs>,
    /// What is mounted inside besides the root, in this order. /proc, a minimal /dev, /tmp and /run are always there unless replaced.
    pub mounts: Vec<Mount>,
    /// Which kernel namespaces are the container's own.
    pub namespaces: Namespaces,
    /// The user namespace: who root inside is outside.
    pub userns: Userns,
    /// The network namespace.
    pub network: Network,
    /// What the container may use at most; enforced by cgroups.
    pub limits: Limits,
    /// Where and by whom the cgroup is made.
    pub cgroup: Cgroup,
    /// Resource limits of each process, as in `nofile = 1024` (getrlimit(2)).
    pub rlimits: Rlimits,
    /// Capabilities, seccomp, masked paths and the like.
    pub security: Security,
    /// Changes to the seccomp preset.
    pub seccomp: Seccomp,
    /// Landlock rules: what the command may reach at most, whatever the file modes say. Required when written.
    pub landlock: Option<Landlock>,
    /// Device nodes of the host to give to the container.
    pub devices: Vec<Device>,
    /// Kernel parameters of the container's own namespaces, as in `"net.ipv4.ip_forward" = 1` (sysctl(8)).
    pub sysctl: BTreeMap<String, NumberOrText>,
    /// Terminal and standard streams.
    pub stdio: Stdio,
    /// Init, signals and time.
    pub lifecycle: Lifecycle,
    /// What this file needs of a host: checked before anything is done.
    pub requires: Requires,
    /// Files that this one is laid over, in this order, relative to this file.
    pub extends: Vec<String>,
    /// Named changes to this file, chosen with `--profile NAME`.
    #[schemars(with = "BTreeMap<String, serde_json::Map<String, serde_json::Value>>")]
    #[expect(clippy::zero_sized_map_values, reason = "the values are read when a profile is laid over the file")]
    pub profiles: BTreeMap<String, serde::de::IgnoredAny>,
}
