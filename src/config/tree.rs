//! The file as a tree in which every key and value knows where it stands.
//!
//! Several texts may feed one tree (layers): each span names its source. Never typed, never judged.

mod sources;

use super::at::At;

pub use sources::{Position, Sources};

/// A stretch of one source, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Span {
    /// The number of the text in [`Sources`].
    pub source: u16,
    /// The first byte.
    pub start: u32,
    /// The byte after the last one.
    pub end: u32,
}

impl Span {
    /// Makes a span; offsets past 4 GiB are cut, files end at 1 MiB.
    pub fn new(source: u16, range: std::ops::Range<usize>) -> Self {
        let cut = |offset: usize| u32::try_from(offset).unwrap_or(u32::MAX);
        Self { source, start: cut(range.start), end: cut(range.end) }
    }

    /// The bytes that it covers.
    pub fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// A value and where it stands. A table opened by a header stands at that header, brackets included.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Where the value stands.
    pub span: Span,
    /// What it is.
    pub value: Value,
}

/// A TOML value.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// A string, decoded.
    String(String),
    /// An integer.
    Integer(i64),
    /// A float.
    Float(f64),
    /// `true` or `false`.
    Boolean(bool),
    /// A date, a time, or both, as written.
    Datetime(String),
    /// An array, or the elements of an array of tables.
    Array(Vec<Node>),
    /// A table, whichever way it was written.
    Table(Table),
}

/// A table: its keys in the order of the file.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Table {
    /// The keys in the order of the file.
    pub entries: Vec<Entry>,
}

/// A key of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The key, decoded.
    pub name: String,
    /// Where the key stands; for a table with a header, the last word of the header.
    pub key_span: Span,
    /// What it is set to.
    pub node: Node,
}

/// Where a path leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// The key; none for an element of an array.
    pub key: Option<Span>,
    /// The value.
    pub value: Span,
}

/// One step of a path.
#[derive(Debug, Clone, Copy)]
enum Step<'a> {
    Name(&'a str),
    Index(usize),
}

impl Table {
    /// The entry of that name.
    pub fn get(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    /// Where a path leads, if all of it exists.
    pub fn find(&self, at: &At) -> Option<Found> {
        self.follow(&steps(at), &[]).filter(|(_, whole)| *whole).map(|(found, _)| found)
    }

    /// Where a path leads, or else the last part of it that exists; nothing when not even its beginning does.
    /// Elements of arrays at the places of `left_out` are not counted.
    pub fn nearest(&self, at: &At, left_out: &[Span]) -> Option<Found> {
        self.follow(&steps(at), left_out).map(|(found, _)| found)
    }

    /// The value that a path leads to.
    pub fn value(&self, at: &At) -> Option<&Node> {
        let steps = steps(at);
        let (Step::Name(first), rest) = steps.split_first()? else { return None };
        rest.iter().try_fold(&self.get(first)?.node, |node, step| match (*step, &node.value) {
            (Step::Name(name), Value::Table(table)) => table.get(name).map(|entry| &entry.node),
            (Step::Index(index), Value::Array(list)) => list.get(index),
            _ => None,
        })
    }

    /// Walks as far as it can; says whether that was all of the way.
    fn follow(&self, steps: &[Step<'_>], left_out: &[Span]) -> Option<(Found, bool)> {
        let (Step::Name(first), rest) = steps.split_first()? else { return None };
        let entry = self.get(first)?;
        let mut found = Found { key: Some(entry.key_span), value: entry.node.span };
        let mut node = &entry.node;
        for step in rest {
            let next = match (*step, &node.value) {
                (Step::Name(name), Value::Table(table)) => {
                    table.get(name).map(|entry| (Some(entry.key_span), &entry.node))
                }
                (Step::Index(index), Value::Array(list)) => {
                    list.iter().filter(|node| !left_out.contains(&node.span)).nth(index).map(|node| (None, node))
                }
                _ => None,
            };
            let Some((key, next)) = next else { return Some((found, false)) };
            found = Found { key, value: next.span };
            node = next;
        }
        Some((found, true))
    }
}

/// Takes a path apart: known keys at their dots, names from the user never.
fn steps(at: &At) -> Vec<Step<'_>> {
    let mut steps = Vec::with_capacity(4);
    let names = |steps: &mut Vec<_>, key: &'static str| steps.extend(key.split('.').map(Step::Name));
    match at {
        At::File => {}
        At::Key(key) => names(&mut steps, key),
        At::Item(list, index) => {
            names(&mut steps, list);
            steps.push(Step::Index(*index));
        }
        At::Field(list, index, key) => {
            names(&mut steps, list);
            steps.push(Step::Index(*index));
            names(&mut steps, key);
        }
        At::FieldItem(list, index, key, item) => {
            names(&mut steps, list);
            steps.push(Step::Index(*index));
            names(&mut steps, key);
            steps.push(Step::Index(*item));
        }
        At::Entry(table, name) => {
            names(&mut steps, table);
            steps.push(Step::Name(name));
        }
    }
    steps
}
