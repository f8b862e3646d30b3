//! `[security]`: privileges and what of the kernel's own files can be seen.

use schemars::JsonSchema;
use serde::Deserialize;

/// Privileges. What is not written is refused.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Security {
    /// Capabilities that the container keeps (capabilities(7)), as in `capabilities = ["CAP_NET_BIND_SERVICE"]`; `"@default"` stands for podman's default list. Default: none.
    pub capabilities: Vec<String>,
    /// Capabilities that survive the start of a program without file capabilities, some of `capabilities`. Default: `capabilities` for a user other than root.
    pub ambient: Option<Vec<String>>,
    /// Setuid programs and file capabilities give nothing (PR_SET_NO_NEW_PRIVS). Default: true.
    pub no_new_privs: Option<bool>,
    /// System call filter: `"default"`, `"unconfined"`, or the path of an OCI or podman profile in JSON, relative to this file. Default: `"default"`.
    pub seccomp: Option<String>,
    /// Paths made invisible. Default: podman's list, as /proc/kcore and /proc/keys.
    pub masked_paths: Option<Vec<String>>,
    /// Paths made read-only. Default: podman's list, as /proc/sys and /proc/irq.
    pub readonly_paths: Option<Vec<String>>,
    /// Lets programs inside make user namespaces of their own. Default: false.
    pub nested_userns: Option<bool>,
    /// Session keyring (keyrings(7)): `"private"` a fresh one, `"host"` the caller's. Default: `"private"`.
    pub keyring: Option<Keyring>,
    /// AppArmor profile to run under; it must be loaded.
    pub apparmor: Option<String>,
    /// SELinux label to run under.
    pub selinux: Option<String>,
    /// Which process the kernel prefers to kill when the host runs out of memory, -1000 to 1000. Default: the caller's.
    #[schemars(range(min = -1000, max = 1000))]
    pub oom_score_adj: Option<i64>,
}

/// Session keyring.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Keyring {
    /// A fresh, empty one.
    #[default]
    Private,
    /// The caller's.
    Host,
}
