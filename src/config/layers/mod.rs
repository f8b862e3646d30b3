//! Several texts as one tree: base files, the file, profiles and `--set` flags, each laid over the one before.
//!
//! Works on the spanned tree, so that every value still knows which text it came from. Never reads a file.

mod fill;
mod lay;
mod paths;
mod set;

use super::tree::Span;

pub use fill::{Home, fill};
pub use lay::{Replaced, lay, nests, settle, take_profile};
pub use set::assignment;

/// Why texts cannot be laid over each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LayerError {
    /// `${env:NAME}` of a variable that the caller does not have.
    Unset {
        /// The string.
        span: Span,
        /// The variable.
        name: String,
    },
    /// `${env:NAME}` of a variable whose value is not UTF-8.
    NotText {
        /// The string.
        span: Span,
        /// The variable.
        name: String,
    },
    /// `${env:` without an end, or without a name.
    Placeholder {
        /// The string.
        span: Span,
        /// The placeholder as far as it goes.
        text: String,
    },
    /// A profile that no layer has.
    UnknownProfile {
        /// The flag.
        span: Span,
        /// The name.
        name: String,
        /// The profiles that there are.
        known: Vec<String>,
    },
    /// `extends` or `profiles` in a profile or a flag.
    Nested {
        /// The key.
        span: Span,
        /// The key's name.
        key: String,
    },
    /// `remove = true` where there is nothing to remove.
    RemovesNothing {
        /// The key.
        span: Span,
        /// What it would have removed, as `mount /data`.
        what: String,
    },
    /// A `--set` flag that is no `key=value`.
    NotAnAssignment {
        /// The flag.
        span: Span,
    },
}
