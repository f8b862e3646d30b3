//! What serde found wrong, kept in parts until all is read.

use std::fmt;

use serde::de::{Error, Expected, Unexpected};

use super::place::Path;
use crate::config::Span;

/// A mistake of shape and its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Mistake {
    /// What is wrong.
    pub(super) kind: Kind,
    /// The path of the value; of its table for a key that is not known.
    pub(super) path: Path,
    /// Where the key stands, if it has one.
    pub(super) key: Option<Span>,
    /// Where the value stands.
    pub(super) value: Span,
}

/// What is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A key that the table does not have, and those that it has.
    UnknownKey(String, &'static [&'static str]),
    /// A key that the table has, but that is not built yet.
    UnbuiltKey(String),
    /// A word that is none of these.
    UnknownValue(String, &'static [&'static str]),
    /// A value of another type: what it is, what is expected.
    WrongType(String, String),
    /// A value of the right type that does not fit: what it is, what is expected.
    WrongValue(String, String),
    /// A table without a key that it needs.
    MissingKey(&'static str),
    /// What a type of our own says.
    Custom(String),
}

/// A mistake without its place, on its way up to where the place is known. Boxed: results stay small.
#[derive(Debug)]
pub(super) struct Wrong {
    /// What is wrong.
    pub(super) kind: Box<Kind>,
    /// The mistake with its place, once known.
    pub(super) placed: Option<Box<Placed>>,
}

/// Where a mistake is, and which node to leave out on the next reading.
#[derive(Debug)]
pub(super) struct Placed {
    pub(super) node: usize,
    pub(super) path: Path,
    pub(super) key: Option<Span>,
    pub(super) value: Span,
}

impl Wrong {
    pub(super) fn new(kind: Kind) -> Self {
        Self { kind: Box::new(kind), placed: None }
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.kind)
    }
}

impl std::error::Error for Wrong {}

impl Error for Wrong {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self::new(Kind::Custom(message.to_string()))
    }
    fn invalid_type(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongType(found.to_string(), expected.to_string()))
    }
    fn invalid_value(found: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongValue(found.to_string(), expected.to_string()))
    }
    fn invalid_length(length: usize, expected: &dyn Expected) -> Self {
        Self::new(Kind::WrongValue(format!("{length} elements"), expected.to_string()))
    }
    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownValue(variant.to_owned(), expected))
    }
    fn unknown_field(field: &str, expected: &'static [&'static str]) -> Self {
        Self::new(Kind::UnknownKey(field.to_owned(), expected))
    }
    fn missing_field(field: &'static str) -> Self {
        Self::new(Kind::MissingKey(field))
    }
}
