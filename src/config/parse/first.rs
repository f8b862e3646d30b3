//! Where a key that is written twice stands first: the parser tells only the second place.

use super::super::tree::{Entry, Node, Span, Table, Value};
use super::SyntaxError;

/// Looks the first places up.
pub(super) fn places(tree: &Table, text: &str, errors: &mut [SyntaxError]) {
    for error in errors {
        if let SyntaxError::Duplicate { span, first } = error {
            *first = in_tree(tree, text, *span).or_else(|| header_above(text, *span));
        }
    }
}

/// The key of that name in the table that the second place is in.
fn in_tree(tree: &Table, text: &str, again: Span) -> Option<Span> {
    let name = text.get(again.range())?.trim_matches(['"', '\'']);
    let mut best = None;
    search(tree, Home::Header(0), text, name, again, &mut best);
    best.map(|(_, span)| span)
}

/// How a table was opened.
#[derive(Debug, Clone, Copy)]
enum Home {
    /// By a header at this offset, or the root at 0: it goes on until the next header.
    Header(u32),
    /// By braces that are around the second place.
    Inline(u32),
    /// By a dotted key.
    Dotted(u32),
    /// By braces elsewhere.
    Elsewhere,
}

fn search(table: &Table, home: Home, text: &str, name: &str, again: Span, best: &mut Option<(u32, Span)>) {
    let dotted = text.get(..again.start as usize).is_some_and(|before| before.trim_end_matches(' ').ends_with('.'));
    let begin = match home {
        Home::Header(begin) | Home::Inline(begin) if begin <= again.start => Some(begin),
        Home::Dotted(begin) if dotted && begin <= again.start => Some(begin),
        _ => None,
    };
    for Entry { name: known, key_span, node } in &table.entries {
        let earlier = known == name && key_span.start < again.start;
        if let Some(begin) = begin.filter(|begin| earlier && best.is_none_or(|(known, _)| *begin >= known)) {
            *best = Some((begin, *key_span));
        }
        each_table(node, &mut |inner, span| search(inner, home_of(text, span, again), text, name, again, best));
    }
}

fn each_table(node: &Node, then: &mut impl FnMut(&Table, Span)) {
    match &node.value {
        Value::Table(table) => then(table, node.span),
        Value::Array(list) => list.iter().for_each(|node| each_table(node, then)),
        _ => {}
    }
}

fn home_of(text: &str, table: Span, again: Span) -> Home {
    match text.as_bytes().get(table.start as usize) {
        Some(b'[') => Home::Header(table.start),
        Some(b'{') if table.start <= again.start && again.end <= table.end => Home::Inline(table.start),
        Some(b'{') => Home::Elsewhere,
        _ => Home::Dotted(table.start),
    }
}

/// An earlier line with the same header: the parser keeps only the last of those.
fn header_above(text: &str, again: Span) -> Option<Span> {
    let bare = |line: &str| line.split('#').next().unwrap_or("").split_whitespace().collect::<String>();
    let start = text.get(..again.start as usize)?.rfind('\n').map_or(0, |newline| newline + 1);
    let header = bare(text[start..].lines().next()?);
    let mut offset = 0;
    for line in text[..start].split_inclusive('\n') {
        if header.starts_with('[') && bare(line) == header {
            let open = offset + line.find('[')?;
            let key = open + text[open..].find(|c| c != '[' && c != ' ')?;
            return Some(Span::new(again.source, key..key + (again.end - again.start) as usize));
        }
        offset += line.len();
    }
    None
}
