//! One mistake: what is wrong, where, and what to write instead.

use std::ops::Range;

use super::Code;
use crate::config::{At, Span};

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The container is not started.
    Error,
    /// The container is started; something is likely not meant so.
    Warning,
}

impl Severity {
    /// The word for it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
        }
    }
}

/// A place that a label points at. Paths are looked up in the tree when the problem is shown, and only then.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// The key of a path.
    Key(At),
    /// The value of a path.
    Value(At),
    /// A part of the string that a path has as its value, in bytes of the string.
    Within(At, Range<usize>),
    /// A stretch of a source.
    Span(Span),
    /// A stretch of a source that is known by a path.
    Known(Span, String),
}

/// A place and what is to be said about it.
#[derive(Debug, Clone, PartialEq)]
pub struct Label {
    /// Where.
    pub place: Place,
    /// What; may be empty.
    pub text: String,
}

/// One mistake.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    /// Which mistake.
    pub code: Code,
    /// How bad it is.
    pub severity: Severity,
    /// What is wrong, lowercase, with the value and the bound.
    pub message: String,
    /// Where; the first label is the place itself, the others explain it.
    pub labels: Vec<Label>,
    /// What to write instead. Further lines are shown as they are.
    pub help: Option<String>,
    /// Keys that were likely meant by what is wrong, dotted: that these are missing is not told besides.
    pub(super) meant: Vec<String>,
}

impl Problem {
    /// Makes an error.
    pub fn error(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            message: message.into(),
            labels: Vec::new(),
            help: None,
            meant: Vec::new(),
        }
    }

    /// Makes a warning.
    pub fn warning(code: Code, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(code, message) }
    }

    /// Points at the key of a path.
    #[must_use]
    pub fn key(self, at: At, text: impl Into<String>) -> Self {
        self.label(Place::Key(at), text)
    }

    /// Points at the value of a path.
    #[must_use]
    pub fn value(self, at: At, text: impl Into<String>) -> Self {
        self.label(Place::Value(at), text)
    }

    /// Points at bytes inside the string that a path has as its value.
    #[must_use]
    pub fn within(self, at: At, bytes: Range<usize>, text: impl Into<String>) -> Self {
        self.label(Place::Within(at, bytes), text)
    }

    /// Points at a stretch of a source.
    #[must_use]
    pub fn span(self, span: Span, text: impl Into<String>) -> Self {
        self.label(Place::Span(span), text)
    }

    /// Points at a stretch of a source and says which key it belongs to.
    #[must_use]
    pub(super) fn known(self, span: Span, key: String, text: impl Into<String>) -> Self {
        self.label(Place::Known(span, key), text)
    }

    /// Says which key was likely meant.
    #[must_use]
    pub(super) fn meant(mut self, key: impl Into<String>) -> Self {
        self.meant.push(key.into());
        self
    }

    /// Says what to write instead.
    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.help = Some(text.into());
        self
    }

    fn label(mut self, place: Place, text: impl Into<String>) -> Self {
        self.labels.push(Label { place, text: text.into() });
        self
    }
}
