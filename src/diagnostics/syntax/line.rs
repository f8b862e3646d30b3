//! A line of a broken file, taken apart as far as it goes.

use std::ops::Range;

use crate::config::{Sources, Span};

/// The line that a mistake is in.
#[derive(Debug, Clone)]
pub(super) struct Line<'s> {
    /// The whole text of the source.
    pub(super) text: &'s str,
    /// Where the line is in the text.
    pub(super) range: Range<usize>,
    /// The number of the source.
    pub(super) source: u16,
    /// Where the mistake is in the text.
    pub(super) at: usize,
}

impl<'s> Line<'s> {
    pub(super) fn new(sources: &'s Sources, span: Span) -> Self {
        let text = sources.text(span.source);
        let at = (span.start as usize).min(text.len());
        Self { text, range: sources.line(span.source, at), source: span.source, at }
    }

    /// The line as written.
    pub(super) fn whole(&self) -> &'s str {
        self.text.get(self.range.clone()).unwrap_or("")
    }

    /// Says whether the mistake is at the beginning of the line.
    pub(super) fn begins(&self) -> bool {
        self.text.get(self.range.start..self.at).is_some_and(|before| before.trim().is_empty())
    }

    /// What stands before the first `=` or `:`, if that is one word.
    pub(super) fn key(&self) -> Option<&'s str> {
        let end = self.whole().find(['=', ':'])?;
        let key = self.whole()[..end].trim();
        (!key.is_empty() && !key.contains(char::is_whitespace)).then_some(key)
    }

    /// What stands behind the first `=` or `:`, without a comment, a trailing comma or semicolon.
    pub(super) fn value(&self) -> Option<&'s str> {
        let start = self.whole().find(['=', ':'])? + 1;
        let value = self.whole()[start..].trim();
        let value = value.split(" #").next().unwrap_or(value).trim();
        Some(value.trim_end_matches([',', ';']).trim_end())
    }

    /// A stretch of the text as a span.
    pub(super) fn span(&self, range: Range<usize>) -> Span {
        Span::new(self.source, range)
    }

    /// The span of a part of the line.
    pub(super) fn part(&self, part: &str) -> Span {
        let start = self.whole().find(part).unwrap_or(0);
        self.span(self.range.start + start..self.range.start + start + part.len())
    }

    /// The line with its value in quotes, unless it is too long to show.
    pub(super) fn quoted(&self) -> Option<String> {
        let value = self.value()?.trim_matches(['"', '\'', '“', '”', '‘', '’', '„']);
        let plain = !value.contains(['"', '\\']) && !value.contains(char::is_control) && value.chars().count() <= 60;
        plain.then(|| self.key().map(|key| format!("{key} = \"{value}\""))).flatten()
    }
}
