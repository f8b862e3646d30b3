//! `[namespaces]`: which kernel namespaces are the container's own.

use schemars::JsonSchema;
use serde::Deserialize;

/// Which kernel namespaces are the container's own (namespaces(7)).
///
/// Each is `"private"` (its own), `"host"` (the caller's) or `"path:/proc/PID/ns/NAME"` (that of another process).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Namespaces {
    /// Process ids (pid_namespaces(7)): `"private"`, `"host"` or `"path:…"`. Default: `"private"`.
    #[schemars(regex(pattern = r"^(private|host|path:/.+)$"))]
    pub pid: Option<String>,
    /// System V IPC and POSIX message queues (ipc_namespaces(7)): `"private"`, `"host"` or `"path:…"`. Default: `"private"`.
    #[schemars(regex(pattern = r"^(private|host|path:/.+)$"))]
    pub ipc: Option<String>,
    /// Host name and domain name (uts_namespaces(7)): `"private"`, `"host"` or `"path:…"`. Default: `"private"`.
    #[schemars(regex(pattern = r"^(private|host|path:/.+)$"))]
    pub uts: Option<String>,
    /// View of the cgroup tree (cgroup_namespaces(7)): `"private"`, `"host"` or `"path:…"`. Default: `"private"`.
    #[schemars(regex(pattern = r"^(private|host|path:/.+)$"))]
    pub cgroup: Option<String>,
    /// Mounts (mount_namespaces(7)): always `"private"`; a root of one's own needs it.
    #[schemars(regex(pattern = r"^private$"))]
    pub mount: Option<String>,
    /// Clocks (time_namespaces(7), Linux 5.6): `"private"` or `"host"`. Default: `"private"` with `time_offsets`, else `"host"`.
    #[schemars(regex(pattern = r"^(private|host)$"))]
    pub time: Option<String>,
    /// How far the clocks inside are ahead of the host's.
    pub time_offsets: Option<TimeOffsets>,
}

/// Offsets of the clocks of a time namespace, in seconds; negative values turn a clock back.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct TimeOffsets {
    /// Seconds added to CLOCK_MONOTONIC. Default: 0.
    pub monotonic: Option<i64>,
    /// Seconds added to CLOCK_BOOTTIME, as `uptime` shows. Default: 0.
    pub boottime: Option<i64>,
}
