//! From problems with paths to findings with spans: sorted, without repetitions and without what only follows.
//!
//! The only place that looks labels up.

use std::ops::Range;

use super::super::{Diagnostics, Label, Place, Problem};
use super::follows;
use crate::config::{Sources, Span, Table};

/// A problem whose labels are found.
#[derive(Debug, Clone)]
pub(super) struct Finding<'p> {
    /// The problem.
    pub(super) problem: &'p Problem,
    /// Its labels; those that lead nowhere in the texts have no span.
    pub(super) marks: Vec<Mark<'p>>,
}

/// A label whose place is found.
#[derive(Debug, Clone)]
pub(super) struct Mark<'p> {
    /// Where; none for the file as a whole.
    pub(super) span: Option<Span>,
    /// The path as the user would say it, if it is known.
    pub(super) key: Option<String>,
    /// What is said about it.
    pub(super) text: &'p str,
}

impl Finding<'_> {
    /// The place of the mistake itself.
    pub(super) fn primary(&self) -> Option<Span> {
        self.marks.iter().find_map(|mark| mark.span)
    }
}

/// Looks all labels up and sorts by place.
pub(super) fn findings<'p>(problems: &'p Diagnostics, tree: &Table, sources: &Sources) -> Vec<Finding<'p>> {
    let look = |problem: &'p Problem| Finding {
        problem,
        marks: problem.labels.iter().map(|label| mark(label, problems, tree, sources)).collect(),
    };
    let mut findings: Vec<Finding<'p>> =
        problems.iter().filter(|problem| !follows::only_follows(problem, problems, tree)).map(look).collect();
    findings.sort_by_key(Finding::primary);
    let same = |a: &Finding<'_>, b: &Finding<'_>| {
        a.problem.code == b.problem.code && a.problem.message == b.problem.message && a.primary() == b.primary()
    };
    let mut kept: Vec<Finding<'p>> = Vec::with_capacity(findings.len());
    for finding in findings {
        if !kept.iter().any(|known| same(known, &finding)) {
            kept.push(finding);
        }
    }
    kept
}

fn mark<'p>(label: &'p Label, problems: &Diagnostics, tree: &Table, sources: &Sources) -> Mark<'p> {
    let (span, key) = match &label.place {
        Place::Span(span) => (Some(*span), None),
        Place::Known(span, key) => (Some(*span), Some(key.clone())),
        Place::Key(at) => {
            let found = tree.nearest(at, problems.left_out());
            (found.map(|found| found.key.unwrap_or(found.value)), Some(at.to_string()))
        }
        Place::Value(at) => (tree.nearest(at, problems.left_out()).map(|found| found.value), Some(at.to_string())),
        Place::Within(at, bytes) => {
            let found = tree.nearest(at, problems.left_out());
            (found.map(|found| within(found.value, bytes, sources)), Some(at.to_string()))
        }
    };
    Mark { span: span.filter(|span| usize::from(span.source) < sources.len()), key, text: &label.text }
}

/// The stretch of a source that wrote some bytes of a string; the whole string where that cannot be told.
fn within(value: Span, bytes: &Range<usize>, sources: &Sources) -> Span {
    let raw = sources.slice(value);
    let offsets = offsets(raw).unwrap_or_default();
    let at = |byte: usize| offsets.get(byte).copied();
    match (at(bytes.start), at(bytes.end)) {
        (Some(start), Some(end)) => {
            let base = value.start as usize;
            Span::new(value.source, base + start..base + end.max(start))
        }
        _ => value,
    }
}

/// For each byte of a string's value, and its end, the offset in the string as written.
fn offsets(raw: &str) -> Option<Vec<usize>> {
    let quotes = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|quotes| raw.starts_with(quotes))?;
    let inner = raw.get(quotes.len()..raw.len().checked_sub(quotes.len())?)?;
    // With escapes, bytes of the value and of the file are not the same; then the whole value is shown.
    if quotes.starts_with('"') && inner.contains('\\') {
        return None;
    }
    // A newline right after three quotes is not part of the value (TOML 1.0, multi-line strings).
    let newline = ["\n", "\r\n"].into_iter().find(|newline| quotes.len() == 3 && inner.starts_with(newline));
    Some((quotes.len() + newline.map_or(0, str::len)..=quotes.len() + inner.len()).collect())
}
