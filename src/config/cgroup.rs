//! `[cgroup]`: where and by whom the cgroup is made.

use schemars::JsonSchema;
use serde::Deserialize;

/// Where and by whom the container's cgroup is made.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Cgroup {
    /// Who makes it: `"cgroupfs"` launch itself, below its own cgroup; `"systemd"` a transient scope; `"none"` nobody, without limits; `"auto"` whichever works here. Default: `"auto"`.
    pub manager: Option<CgroupManager>,
    /// Cgroup to make it in, as in `parent = "/batch"`, or a slice for systemd, as in `parent = "batch.slice"`. Default: the cgroup that launch runs in.
    pub parent: Option<String>,
    /// Gives the cgroup to the container, so that a service manager inside can make its own below (cgroup v2). Default: false.
    pub delegate: Option<bool>,
}

/// Who makes the cgroup.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum CgroupManager {
    /// Whichever works on this host.
    #[default]
    Auto,
    /// launch itself, in the cgroup file system.
    Cgroupfs,
    /// systemd, asked over D-Bus.
    Systemd,
    /// Nobody: no cgroup, no limits.
    None,
}
