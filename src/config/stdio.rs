//! `[stdio]`: terminal and standard streams.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::{Deserializer, Error, Visitor};

/// Terminal and standard streams of the command.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Stdio {
    /// A pseudo terminal of the container's own: `true`, `false`, or `"auto"` when the caller's standard input and output are terminals. Default: `"auto"`.
    pub tty: Tty,
    /// Standard input: `"inherit"`, `"null"` or `"file:PATH"`. Default: `"inherit"`.
    #[schemars(regex(pattern = r"^(inherit|null|file:.+)$"))]
    pub stdin: Option<String>,
    /// Standard output: `"inherit"`, `"null"` or `"file:PATH"`. Default: `"inherit"`.
    #[schemars(regex(pattern = r"^(inherit|null|file:.+)$"))]
    pub stdout: Option<String>,
    /// Standard error: `"inherit"`, `"null"` or `"file:PATH"`. Default: `"inherit"`.
    #[schemars(regex(pattern = r"^(inherit|null|file:.+)$"))]
    pub stderr: Option<String>,
}

/// Whether the command gets a terminal of its own.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tty {
    /// When the caller's standard input and output are terminals.
    #[default]
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

impl<'de> Deserialize<'de> for Tty {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AutoOrBool;
        impl Visitor<'_> for AutoOrBool {
            type Value = Tty;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("true, false or \"auto\"")
            }
            fn visit_bool<E: Error>(self, value: bool) -> Result<Tty, E> {
                Ok(if value { Tty::Yes } else { Tty::No })
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Tty, E> {
                if text == "auto" { Ok(Tty::Auto) } else { Err(E::unknown_variant(text, &["auto"])) }
            }
        }
        deserializer.deserialize_any(AutoOrBool)
    }
}

impl JsonSchema for Tty {
    fn schema_name() -> Cow<'static, str> {
        "Tty".into()
    }
    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": ["boolean", "string"], "enum": ["auto", true, false] })
    }
    fn inline_schema() -> bool {
        true
    }
}
