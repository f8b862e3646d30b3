//! `rootfs`: where the root file system comes from and what happens to writes.

use std::borrow::Cow;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserializer, Error, MapAccess, Visitor};

use super::NumberOrText;

/// The root file system. Exactly one source: `path`, `host`, `archive`, `oci`, `image` or `file`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Rootfs {
    /// True when written as a plain string.
    pub shorthand: bool,
    /// The keys of the table.
    pub table: RootfsTable,
}

impl std::ops::Deref for Rootfs {
    type Target = RootfsTable;
    fn deref(&self) -> &RootfsTable {
        &self.table
    }
}

/// The root file system. Exactly one source: `path`, `host`, `archive`, `oci`, `image` or `file`.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RootfsTable {
    /// Directory that becomes `/`, relative to this file, as in `path = "alpine"`.
    pub path: Option<String>,
    /// Makes a read-only root from the host's /usr, /bin, /lib* and a few files of /etc, as in `host = true`. Default: false.
    pub host: Option<bool>,
    /// Tarball that becomes `/`: .tar, .tar.gz, .tar.xz or .tar.zst, relative to this file. It is unpacked once into the store.
    pub archive: Option<String>,
    /// OCI image layout, a directory or a tarball of one, relative to this file.
    pub oci: Option<String>,
    /// Image in a registry, as in `image = "docker.io/library/alpine:3.20"`.
    pub image: Option<String>,
    /// File system image, erofs or squashfs, relative to this file.
    pub file: Option<String>,
    /// SHA-256 that `archive` or `file` must have, 64 hexadecimal digits.
    pub sha256: Option<String>,
    /// Which image of an `oci` layout: its `org.opencontainers.image.ref.name`.
    #[serde(rename = "ref")]
    pub reference: Option<String>,
    /// Which platform of an image, as in `platform = "linux/arm64"`. Default: the host's.
    pub platform: Option<String>,
    /// What happens to writes: `"readonly"` refuses them, `"overlay"` keeps them in memory and drops them at exit, `"readwrite"` lets them reach the source. Default: `"readonly"`.
    pub mode: RootfsMode,
    /// How much an overlay may hold, as in `overlay_size = "512MiB"`; it counts as memory of the container. Default: `"64MiB"`.
    pub overlay_size: Option<NumberOrText>,
}

/// What happens to writes below the root.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RootfsMode {
    /// Writes are refused.
    #[default]
    Readonly,
    /// Writes go to memory and are gone at exit.
    Overlay,
    /// Writes reach the source of the root.
    Readwrite,
}

impl<'de> Deserialize<'de> for Rootfs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PathOrTable;
        impl<'de> Visitor<'de> for PathOrTable {
            type Value = Rootfs;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the path of a directory, or a table")
            }
            fn visit_str<E: Error>(self, path: &str) -> Result<Rootfs, E> {
                let table = RootfsTable { path: Some(path.to_owned()), ..RootfsTable::default() };
                Ok(Rootfs { shorthand: true, table })
            }
            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Rootfs, A::Error> {
                let table = RootfsTable::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Rootfs { shorthand: false, table })
            }
        }
        deserializer.deserialize_any(PathOrTable)
    }
}

impl JsonSchema for Rootfs {
    fn schema_name() -> Cow<'static, str> {
        "Rootfs".into()
    }
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = RootfsTable::json_schema(generator);
        schema.insert("type".into(), serde_json::json!(["string", "object"]));
        json_schema!({ "allOf": [schema] })
    }
}
