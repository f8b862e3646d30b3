//! Where in a file something is said: the path of a key, cheap to make and to compare.
//!
//! Spans are not kept in the typed values; they are looked up by this path, and only when something went wrong.

use std::fmt;

/// The path of a key, as `limits.memory`, `mounts[2].target` or `env.HOME`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum At {
    /// The whole file, for what is missing from it.
    File,
    /// A key or table known by its dotted name: `limits.memory`, `rootfs`.
    Key(&'static str),
    /// An element of an array: `args[1]`, `mounts[2]`.
    Item(&'static str, usize),
    /// A key of an element of an array of tables: `mounts[2].target`.
    Field(&'static str, usize, &'static str),
    /// An element of an array in an element of an array of tables: `mounts[2].lower[0]`.
    FieldItem(&'static str, usize, &'static str, usize),
    /// An entry, named by the user, of a table: `env.HOME`, `sysctl."net.ipv4.ip_forward"`.
    Entry(&'static str, String),
}

impl fmt::Display for At {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            At::File => f.write_str("the file"),
            At::Key(key) => f.write_str(key),
            At::Item(list, index) => write!(f, "{list}[{index}]"),
            At::Field(list, index, key) => write!(f, "{list}[{index}].{key}"),
            At::FieldItem(list, index, key, item) => write!(f, "{list}[{index}].{key}[{item}]"),
            At::Entry(table, name) if is_bare(name) => write!(f, "{table}.{name}"),
            At::Entry(table, name) => write!(f, "{table}.{name:?}"),
        }
    }
}

/// Says whether a key can be written without quotes (TOML 1.0, bare keys).
fn is_bare(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}
