//! `[seccomp]`: changes to the system call filter.

use schemars::JsonSchema;
use serde::Deserialize;

use super::NumberOrText;

/// Changes to the system call filter that `security.seccomp` names.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Seccomp {
    /// System calls, or groups as `"@mount"`, that are allowed besides. Default: none.
    pub allow: Vec<String>,
    /// System calls, or groups, that are refused besides. Default: none.
    pub deny: Vec<String>,
    /// Error that a refused system call returns, a name or a number, as in `errno = "ENOSYS"`. Default: `"EPERM"`.
    pub errno: Option<NumberOrText>,
    /// System calls, or groups, that are allowed and written to the kernel's audit log. Default: none.
    pub log: Vec<String>,
}
