//! From a mistake of shape to a problem for people.
//!
//! Knows what the schema says and what is written; one function a kind of mistake, the long ones in files of their own.

use super::super::{Code, Problem};
use super::known::Known;
use super::mistake::{Kind, Mistake};
use super::place::Path;
use super::{types, unknown, values};
use crate::config::{Node, Span, Table, Value};

/// What all descriptions draw on.
#[derive(Debug, Clone, Copy)]
pub(super) struct Describe<'a> {
    /// What the types know.
    pub(super) known: &'a Known,
    /// The whole file.
    pub(super) tree: &'a Table,
    /// The mistake.
    pub(super) mistake: &'a Mistake,
}

impl<'a> Describe<'a> {
    /// Says it.
    pub(super) fn problem(self) -> Problem {
        match &self.mistake.kind {
            Kind::UnknownKey(name, known) => unknown::key(self, name, known),
            Kind::UnbuiltKey(name) => unknown::reserved(self, name, "leave it out for now"),
            Kind::UnknownValue(word, known) => values::unknown(self, word, known),
            Kind::WrongType(found, expected) => types::wrong(self, found, expected),
            Kind::WrongValue(found, expected) => values::wrong(self, found, expected),
            Kind::MissingKey(name) => missing(self, name),
            Kind::Custom(text) => custom(self, text),
        }
    }

    /// The path of the value.
    pub(super) fn path(self) -> &'a Path {
        &self.mistake.path
    }

    /// The value.
    pub(super) fn node(self) -> Option<&'a Node> {
        self.mistake.path.node(self.tree)
    }

    /// Where the value stands.
    pub(super) fn value(self) -> Span {
        self.mistake.value
    }

    /// Points at the value.
    pub(super) fn mark(self, problem: Problem, text: impl Into<String>) -> Problem {
        problem.known(self.value(), self.path().to_string(), text)
    }

    /// Points at the key `name` of the table that the mistake is in.
    pub(super) fn mark_key(self, problem: Problem, name: &str, text: impl Into<String>) -> Problem {
        let span = self.mistake.key.unwrap_or(self.mistake.value);
        problem.known(span, self.path().then(name).to_string(), text)
    }

    /// The lines that set a dotted key, with the header of its table unless the reader is in it.
    pub(super) fn lines(self, here: &str, value: &str, table: &str) -> String {
        let (home, key) = here.rsplit_once('.').unwrap_or(("", here));
        format!("{}{key} = {value}", self.header(home, table))
    }

    /// The header of a table, unless it is the root or the reader is in it.
    pub(super) fn header(self, home: &str, table: &str) -> String {
        if home.is_empty() || home == table { String::new() } else { format!("{}\n", self.name_of(home)) }
    }

    /// A table as its header says it: `[limits]`, `[[mounts]]`; one in braces as `rlimits.nofile`.
    pub(super) fn name_of(self, table: &str) -> String {
        let inside = |node: &Node| match &node.value {
            Value::Table(inner) => inner.entries.first().is_some_and(|entry| entry.key_span.start < node.span.end),
            _ => false,
        };
        if self.path().keys() == table && self.node().is_some_and(inside) {
            return format!("`{table}`");
        }
        if self.known.is_list_of_tables(table) { format!("[[{table}]]") } else { format!("[{table}]") }
    }
}

fn missing(at: Describe<'_>, name: &str) -> Problem {
    let table = at.path().keys();
    let purpose = at.known.purpose(&at.path().then(name)).map(|purpose| format!("add `{name}`: {purpose}"));
    let problem = Problem::error(Code::MissingKey, format!("{} lacks `{name}`", at.name_of(&table)));
    at.mark(problem, format!("needs `{name}`")).help(purpose.unwrap_or_else(|| format!("add `{name}`")))
}

/// What a type of ours says: `message`, or `[code] message`, and below it a help.
fn custom(at: Describe<'_>, text: &str) -> Problem {
    let (text, help) = text.split_once('\n').map_or((text, None), |(text, help)| (text, Some(help)));
    let named = text.strip_prefix('[').and_then(|text| text.split_once("] "));
    let named = named.and_then(|(code, text)| Code::named(code).map(|code| (code, text)));
    let (code, text) = named.unwrap_or((Code::InvalidValue, text));
    let problem = at.mark(Problem::error(code, text), "");
    match help {
        Some(help) => problem.help(help),
        None => problem,
    }
}
