//! What of a tree can be trusted after a mistake of grammar.
//!
//! The parser goes on behind a mistake, but what it reads between there and the next header may be nonsense.

use super::super::tree::{Span, Table, Value};
use super::SyntaxError;

/// Takes the keys out that stand between a mistake's line and the next header, and values that were cut for their depth.
pub(super) fn drop_untrusted(tree: &mut Table, text: &str, errors: &[SyntaxError]) {
    let grammar = errors.iter().filter(|error| matches!(error, SyntaxError::Grammar { .. }));
    let areas: Vec<(usize, usize)> = grammar.map(|error| area(text, error.span().start as usize)).collect();
    if !areas.is_empty() {
        prune(tree, &areas);
    }
    let deep = errors.iter().filter(|error| matches!(error, SyntaxError::TooDeep { .. })).map(SyntaxError::span);
    for span in deep {
        let holds = |value: Span| value.start <= span.start && span.start < value.end;
        tree.entries.retain(|entry| !holds(entry.node.span));
    }
}

fn area(text: &str, offset: usize) -> (usize, usize) {
    let offset = offset.min(text.len());
    let bytes = text.as_bytes();
    let start = bytes[..offset].iter().rposition(|byte| *byte == b'\n').map_or(0, |newline| newline + 1);
    let mut end = start;
    for (number, line) in text.get(start..).unwrap_or("").split_inclusive('\n').enumerate() {
        if number > 0 && line.trim_start().starts_with('[') {
            return (start, end);
        }
        end += line.len();
    }
    (start, text.len() + 1)
}

fn prune(table: &mut Table, areas: &[(usize, usize)]) {
    table.entries.retain_mut(|entry| {
        let key = entry.key_span.start as usize;
        if areas.iter().any(|(start, end)| (*start..*end).contains(&key)) {
            return false;
        }
        match &mut entry.node.value {
            Value::Table(inner) => prune(inner, areas),
            Value::Array(list) => list.iter_mut().for_each(|node| {
                if let Value::Table(inner) = &mut node.value {
                    prune(inner, areas);
                }
            }),
            _ => {}
        }
        true
    });
}
