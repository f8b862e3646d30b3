//! The texts that a configuration is made of, and where in them an offset is.
//!
//! Files today; base files and `--set` flags are further sources with the same rights. Never reads a file.

use std::ops::Range;

use super::Span;

/// All texts of one run, in the order in which they were read.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    list: Vec<Source>,
}

/// One text.
#[derive(Debug, Clone)]
struct Source {
    /// The name as the user gave it: a path, or the flag `--set`.
    name: String,
    /// The whole text.
    text: String,
}

/// A place in a text, as people and editors count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
    /// The offset in bytes, from 0.
    pub offset: usize,
}

impl Sources {
    /// Adds a text under the name that messages show, and returns its number.
    pub fn add(&mut self, name: impl Into<String>, text: impl Into<String>) -> u16 {
        let id = u16::try_from(self.list.len()).unwrap_or(u16::MAX);
        self.list.push(Source { name: name.into(), text: text.into() });
        id
    }

    /// How many texts there are.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Says whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The name of a text, empty when there is no such text.
    pub fn name(&self, id: u16) -> &str {
        self.list.get(usize::from(id)).map_or("", |source| source.name.as_str())
    }

    /// A text, empty when there is no such text.
    pub fn text(&self, id: u16) -> &str {
        self.list.get(usize::from(id)).map_or("", |source| source.text.as_str())
    }

    /// What a span covers.
    pub fn slice(&self, span: Span) -> &str {
        self.text(span.source).get(span.range()).unwrap_or("")
    }

    /// Where an offset is; an offset past the end is the end, one inside a character its beginning.
    pub fn position(&self, id: u16, offset: usize) -> Position {
        let text = self.text(id);
        let offset = boundary(text, offset);
        let before = &text.as_bytes()[..offset];
        let line = before.split(|byte| *byte == b'\n').count();
        let start = before.iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
        Position { line, column: text[start..offset].chars().count() + 1, offset }
    }

    /// The line that an offset is in, without its end, as a range of bytes.
    pub fn line(&self, id: u16, offset: usize) -> Range<usize> {
        let text = self.text(id);
        let offset = boundary(text, offset);
        let start = text[..offset].rfind('\n').map_or(0, |at| at + 1);
        let end = text[offset..].find('\n').map_or(text.len(), |at| offset + at);
        start..end
    }
}

/// The nearest beginning of a character at or before an offset.
fn boundary(text: &str, offset: usize) -> usize {
    (0..=offset.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0)
}
