//! A string of the command line or the environment: any bytes but NUL, not always UTF-8.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;

use schemars::JsonSchema;
use serde::{Serialize, Serializer};

/// A string of bytes as execve(2) takes it. Written to JSON with U+FFFD for what is not UTF-8.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct RawString(pub OsString);

impl RawString {
    /// Returns the bytes.
    pub fn as_bytes(&self) -> &[u8] {
        OsStrExt::as_bytes(self.0.as_os_str())
    }

    /// Returns the string as an [`OsStr`].
    pub fn as_os_str(&self) -> &OsStr {
        &self.0
    }
}

impl From<&str> for RawString {
    fn from(text: &str) -> Self {
        RawString(text.into())
    }
}

impl From<String> for RawString {
    fn from(text: String) -> Self {
        RawString(text.into())
    }
}

impl Serialize for RawString {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string_lossy())
    }
}

impl JsonSchema for RawString {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RawString".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string" })
    }
    fn inline_schema() -> bool {
        true
    }
}
