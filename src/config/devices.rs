//! `[[devices]]`: device nodes of the host.

use schemars::JsonSchema;
use serde::Deserialize;

/// A device node of the host that the container gets.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Device {
    /// Device node on the host, as in `path = "/dev/fuse"`.
    pub path: Option<String>,
    /// Path inside. Default: `path`.
    pub target: Option<String>,
    /// What may be done: some of `r` (read), `w` (write), `m` (mknod). Default: `"rw"`.
    #[schemars(regex(pattern = r"^[rwm]{1,3}$"))]
    pub access: Option<String>,
    /// Takes away the device of this path that a file in `extends` has.
    pub remove: Option<bool>,
}
