//! The steps of a plan: what is done, in which phase, for which key. Data only; the runtime carries it out.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::RawString;
use super::limits::Limit;
use super::mounts::MountStep;
use super::rootfs::RootStep;
use super::userns::IdRange;
use crate::config::At;

/// One step, and the key that asked for it.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Step {
    /// When it is done.
    pub phase: Phase,
    /// What is done.
    #[serde(flatten)]
    pub action: Action,
    /// The key that asked for it.
    pub origin: Origin,
}

/// Who asked for a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A key of the file: enforced, or nothing is started.
    Written(At),
    /// Nobody: a safe default.
    Default,
}

impl Serialize for Origin {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Origin::Written(at) => serializer.collect_str(at),
            Origin::Default => serializer.serialize_str("default"),
        }
    }
}

impl JsonSchema for Origin {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Origin".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "description": "The key that asked for the step, or \"default\"." })
    }
}

/// When a step is done. The order of the variants is the order of a launch, and each says why it stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// The cgroup is made first, so that the process is limited from its first instruction.
    Cgroup,
    /// One clone3(2) makes the process and its namespaces.
    Namespaces,
    /// The maps are written by the parent before anything is done that needs an id.
    Ids,
    /// Mount events stop travelling before the first mount.
    Propagation,
    /// Names and clocks of the namespaces need no files.
    Names,
    /// The root is put together while the host's tree can still be seen.
    Root,
    /// Mounts are placed in the order of the file, resolved inside the new root.
    Mounts,
    /// Kernel parameters are written while /proc/sys is still writable.
    Sysctl,
    /// What must not be seen is covered after everything that could be placed over it.
    Hide,
    /// The host's tree goes away: pivot_root(2), then the old root is detached.
    Enter,
    /// Limits that could hinder the steps before.
    Limits,
    /// Ids are given up when nothing needs them any more.
    Identity,
    /// The working directory is entered as the user, so that its permissions count.
    Directory,
    /// Capabilities go after the ids, which need some of them.
    Privileges,
    /// The filter is last, so that it need not allow what the steps before use.
    Seal,
    /// The command.
    Exec,
}

/// A kernel namespace (namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the documentation")]
pub enum Namespace {
    User,
    Mount,
    Pid,
    Ipc,
    Uts,
    Network,
    Cgroup,
    Time,
}

impl Namespace {
    /// Returns the name, as in /proc/PID/ns/.
    pub fn as_str(self) -> &'static str {
        match self {
            Namespace::User => "user",
            Namespace::Mount => "mount",
            Namespace::Pid => "pid",
            Namespace::Ipc => "ipc",
            Namespace::Uts => "uts",
            Namespace::Network => "network",
            Namespace::Cgroup => "cgroup",
            Namespace::Time => "time",
        }
    }
}

/// What one step does.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Action {
    /// Makes the cgroup.
    CreateCgroup(super::cgroup::CgroupStep),
    /// Sets a limit of the cgroup.
    SetLimit(Limit),
    /// Makes the process in a new namespace.
    NewNamespace {
        /// Which.
        namespace: Namespace,
    },
    /// Enters a namespace of another process.
    JoinNamespace {
        /// Which.
        namespace: Namespace,
        /// Where it is, as /proc/PID/ns/net.
        path: PathBuf,
    },
    /// Writes the id maps of the user namespace.
    MapIds {
        /// User ids.
        uid: Vec<IdRange>,
        /// Group ids.
        gid: Vec<IdRange>,
        /// True where newuidmap(1) and newgidmap(1) write them.
        helper: bool,
        /// True where setgroups(2) is refused inside.
        deny_setgroups: bool,
    },
    /// Cuts the propagation of mount events.
    MakePrivate,
    /// Sets the host name.
    SetHostname {
        /// The name.
        name: String,
    },
    /// Sets the NIS domain name.
    SetDomainname {
        /// The name.
        name: String,
    },
    /// Brings the loopback interface up.
    LoopbackUp,
    /// Sets the clocks of the time namespace.
    SetTimeOffsets {
        /// Seconds added to CLOCK_MONOTONIC.
        monotonic: i64,
        /// Seconds added to CLOCK_BOOTTIME.
        boottime: i64,
    },
    /// Puts the root together.
    BuildRoot(RootStep),
    /// Places a mount, a file, a link or a directory.
    Mount(MountStep),
    /// Writes a kernel parameter.
    Sysctl {
        /// Name, as net.ipv4.ip_forward.
        name: String,
        /// Value.
        value: String,
    },
    /// Covers a path so that nothing of it can be seen.
    Mask {
        /// Path inside the root.
        path: String,
    },
    /// Makes a path read-only.
    Readonly {
        /// Path inside the root.
        path: String,
    },
    /// Makes the new root `/` and detaches the host's.
    EnterRoot {
        /// True where the root mount itself is made read-only now, after the mount points were made in it.
        readonly: bool,
    },
    /// Makes a terminal of the container's own.
    OpenTerminal,
    /// Sets a resource limit.
    SetRlimit {
        /// Name, as nofile.
        resource: &'static str,
        /// Enforced; `null` is unlimited.
        soft: Option<u64>,
        /// How far it may be raised; `null` is unlimited.
        hard: Option<u64>,
    },
    /// Adjusts the kernel's choice when the host runs out of memory.
    SetOomScoreAdj {
        /// -1000 to 1000.
        value: i32,
    },
    /// Joins a fresh session keyring.
    NewKeyring,
    /// Sets the file mode creation mask.
    SetUmask {
        /// The mask.
        mask: u32,
    },
    /// Becomes the user.
    SetUser {
        /// User id inside.
        uid: u32,
        /// Group id inside.
        gid: u32,
        /// Supplementary groups inside; `null` where the kernel does not let us set them.
        groups: Option<Vec<u32>>,
    },
    /// Enters the working directory.
    SetCwd {
        /// Path inside the root.
        path: String,
    },
    /// Keeps these capabilities and gives up the others.
    SetCapabilities {
        /// Names of those kept.
        keep: Vec<&'static str>,
        /// Names of those that survive exec without file capabilities.
        ambient: Vec<&'static str>,
    },
    /// Makes setuid and file capabilities ineffective.
    NoNewPrivs,
    /// Restricts what may be reached by landlock(7).
    Landlock(super::landlock::LandlockStep),
    /// Changes the AppArmor profile or SELinux label at exec.
    SetLabel {
        /// `apparmor` or `selinux`.
        module: &'static str,
        /// The profile or label.
        label: String,
    },
    /// Installs the system call filter.
    Seccomp(super::security::SeccompStep),
    /// Starts the command.
    Exec {
        /// Paths that are tried, in this order.
        candidates: Vec<RawString>,
        /// argv, the name first.
        argv: Vec<RawString>,
    },
}
