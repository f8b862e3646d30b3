//! `[requires]`: what a file needs of a host.

use schemars::JsonSchema;
use serde::Deserialize;

/// What this file needs of a host; checked before anything is done.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Requires {
    /// Oldest kernel, as in `kernel = "6.1"`.
    pub kernel: Option<String>,
    /// Cgroup version: `"v2"`, `"v1"` or `"hybrid"`.
    #[schemars(regex(pattern = r"^(v1|v2|hybrid)$"))]
    pub cgroup: Option<String>,
    /// Cgroup controllers that must be there, as in `controllers = ["memory", "pids"]`.
    pub controllers: Vec<String>,
}
