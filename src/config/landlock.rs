//! `[landlock]`: a second wall.

use schemars::JsonSchema;
use serde::Deserialize;

/// What the command may reach at most, whatever the file modes say (landlock(7), Linux 5.13). Required when written.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Landlock {
    /// Paths inside that may be read, with all below.
    pub read: Vec<String>,
    /// Paths inside that may be read and written, with all below.
    pub write: Vec<String>,
    /// Paths inside that may be read and executed, with all below.
    pub exec: Vec<String>,
    /// TCP ports that may be bound (ABI 4, Linux 6.7). Default when absent: all.
    pub tcp_bind: Option<Vec<u16>>,
    /// TCP ports that may be connected to (ABI 4, Linux 6.7). Default when absent: all.
    pub tcp_connect: Option<Vec<u16>>,
}
