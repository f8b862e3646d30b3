//! `[rlimits]`: resource limits of each process.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::NumberOrText;

/// Resource limits of each process (getrlimit(2)): a number, a size, `"unlimited"`, or `{ soft = …, hard = … }`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Rlimits {
    /// Address space, in bytes (RLIMIT_AS), as in `as = "4GiB"`.
    #[serde(rename = "as")]
    pub address_space: Option<Rlimit>,
    /// Size of a core dump, in bytes (RLIMIT_CORE). Default: 0.
    pub core: Option<Rlimit>,
    /// Processor time, in seconds (RLIMIT_CPU); SIGXCPU at soft, SIGKILL at hard.
    pub cpu: Option<Rlimit>,
    /// Data segment, in bytes (RLIMIT_DATA).
    pub data: Option<Rlimit>,
    /// Size of a file that is written, in bytes (RLIMIT_FSIZE), as in `fsize = "1GiB"`.
    pub fsize: Option<Rlimit>,
    /// File locks (RLIMIT_LOCKS).
    pub locks: Option<Rlimit>,
    /// Locked memory, in bytes (RLIMIT_MEMLOCK).
    pub memlock: Option<Rlimit>,
    /// Bytes in POSIX message queues (RLIMIT_MSGQUEUE).
    pub msgqueue: Option<Rlimit>,
    /// Ceiling of the nice value, 20 - n (RLIMIT_NICE).
    pub nice: Option<Rlimit>,
    /// Open file descriptors (RLIMIT_NOFILE), as in `nofile = 1024`.
    pub nofile: Option<Rlimit>,
    /// Processes of the user (RLIMIT_NPROC); counted per user, over all containers with the same ids: `limits.pids` is usually meant.
    pub nproc: Option<Rlimit>,
    /// Resident set, in bytes (RLIMIT_RSS); without effect since Linux 2.4.30.
    pub rss: Option<Rlimit>,
    /// Ceiling of the real-time priority (RLIMIT_RTPRIO).
    pub rtprio: Option<Rlimit>,
    /// Microseconds of real-time processor use without a blocking call (RLIMIT_RTTIME).
    pub rttime: Option<Rlimit>,
    /// Queued signals (RLIMIT_SIGPENDING).
    pub sigpending: Option<Rlimit>,
    /// Stack of the main thread, in bytes (RLIMIT_STACK), as in `stack = "8MiB"`.
    pub stack: Option<Rlimit>,
}

/// A soft and a hard limit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rlimit {
    /// What the kernel enforces now.
    pub soft: Option<NumberOrText>,
    /// How far the process may raise `soft`.
    pub hard: Option<NumberOrText>,
    /// True when one value was written for both.
    pub both: bool,
}

/// The long form of a limit.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct SoftAndHard {
    /// What the kernel enforces now. Default: `hard`.
    soft: Option<NumberOrText>,
    /// How far the process may raise `soft`. Default: `soft`.
    hard: Option<NumberOrText>,
}

impl<'de> Deserialize<'de> for Rlimit {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ValueOrTable;
        impl<'de> Visitor<'de> for ValueOrTable {
            type Value = Rlimit;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an integer, a string (a size or \"unlimited\"), or { soft = …, hard = … }")
            }
            fn visit_i64<E: Error>(self, number: i64) -> Result<Rlimit, E> {
                Ok(Rlimit::both(NumberOrText::Number(number)))
            }
            fn visit_str<E: Error>(self, text: &str) -> Result<Rlimit, E> {
                Ok(Rlimit::both(NumberOrText::Text(text.to_owned())))
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rlimit, A::Error> {
                let SoftAndHard { soft, hard } = SoftAndHard::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Rlimit { soft, hard, both: false })
            }
        }
        deserializer.deserialize_any(ValueOrTable)
    }
}

impl Rlimit {
    fn both(value: NumberOrText) -> Rlimit {
        Rlimit { soft: Some(value.clone()), hard: Some(value), both: true }
    }
}

impl JsonSchema for Rlimit {
    fn schema_name() -> Cow<'static, str> {
        "Rlimit".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = SoftAndHard::json_schema(generator);
        schema.insert("type".into(), serde_json::json!(["integer", "string", "object"]));
        schema
    }
    fn inline_schema() -> bool {
        true
    }
}
