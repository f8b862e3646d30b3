//! `[userns]`: the user namespace and its id maps.

use schemars::JsonSchema;
use serde::Deserialize;

/// The user namespace: who the users inside are outside (user_namespaces(7)).
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Userns {
    /// How ids are mapped. `"auto"`: a free range of 65536 ids as root, the subordinate range as a user; `"single"`: root inside, the caller outside; `"keep-id"`: the caller's own id inside; `"host"`: no user namespace. Default: `"auto"`.
    pub mode: Option<UsernsMode>,
    /// User ids written out, as in `uid_map = [{ container = 0, host = 100000, size = 65536 }]`. Needs `gid_map` too and takes the place of `mode`.
    pub uid_map: Vec<IdMapping>,
    /// Group ids written out, as `uid_map`.
    pub gid_map: Vec<IdMapping>,
}

/// How ids are mapped.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum UsernsMode {
    /// The safest map that this host gives: a free range as root, the subordinate range as a user, else the single id.
    #[default]
    Auto,
    /// Root inside is the caller outside; there are no other ids.
    Single,
    /// The caller has the same id inside and outside.
    KeepId,
    /// No user namespace: root inside is root outside.
    Host,
}

/// A range of ids: `size` ids from `container` inside are the ids from `host` outside.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdMapping {
    /// First id inside.
    pub container: Option<u32>,
    /// First id outside.
    pub host: Option<u32>,
    /// How many ids. Default: 1.
    pub size: Option<u32>,
}
