//! `[network]`: the network namespace.

use schemars::JsonSchema;
use serde::Deserialize;

/// The network namespace (network_namespaces(7)).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Network {
    /// `"none"`: a namespace of its own with only the loopback interface, up; `"host"`: the caller's network; `"path:/…"`: the namespace at that path. Default: `"none"`.
    #[schemars(regex(pattern = r"^(none|host|path:/.+)$"))]
    pub mode: Option<String>,
}
