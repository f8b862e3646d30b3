//! Mistakes of the TOML itself, in words for people.

mod grammar;
mod line;
#[cfg(test)]
mod tests;

use super::{Code, Diagnostics, Problem};
use crate::config::{Sources, Span, SyntaxError};

/// Records what the parser found: every key that is written twice, and of the grammar the first mistake.
pub fn syntax(errors: &[SyntaxError], sources: &Sources, problems: &mut Diagnostics) {
    let grammar = errors.iter().filter_map(|error| match error {
        SyntaxError::Grammar { span, message } => Some((*span, message.as_str())),
        _ => None,
    });
    let first = grammar.min_by_key(|(span, _)| line_of(sources, *span));
    problems.extend(first.map(|(span, message)| grammar::problem(sources, span, message)));
    let mut deep = false;
    for error in errors {
        match error {
            SyntaxError::Duplicate { span, first } => problems.push(duplicate(sources, *span, *first)),
            SyntaxError::TooDeep { span } if !deep => {
                deep = true;
                problems.push(too_deep(*span));
            }
            SyntaxError::Grammar { .. } | SyntaxError::TooDeep { .. } => {}
            SyntaxError::NumberTooLarge { span } => problems.push(too_large(sources, *span)),
        }
    }
}

/// The parser tells the mistakes of one line in an order of its own; across lines the first one counts.
fn line_of(sources: &Sources, span: Span) -> usize {
    sources.position(span.source, span.start as usize).line
}

fn duplicate(sources: &Sources, again: Span, first: Option<Span>) -> Problem {
    let line = sources.line(again.source, again.start as usize);
    let is_header = sources.text(again.source).get(line.clone()).is_some_and(|line| line.trim_start().starts_with('['));
    let (what, help) = match is_header {
        true => ("the table", "keep one header and put the keys of both below it"),
        false => ("the key", "keep one of the two"),
    };
    let problem = Problem::error(Code::DuplicateKey, format!("{what} `{}` is written twice", sources.slice(again)))
        .span(again, "and here again")
        .help(help);
    match first {
        Some(first) => problem.span(first, "here first"),
        None => problem,
    }
}

fn too_deep(span: Span) -> Problem {
    Problem::error(Code::NestedTooDeep, "nested deeper than 32 levels")
        .span(Span { end: span.start + 1, ..span }, "too deep from here on")
        .help("the deepest value of the format is five levels down; something generated this file wrongly")
}

fn too_large(sources: &Sources, span: Span) -> Problem {
    let (low, high) = (i64::MIN, i64::MAX);
    Problem::error(Code::OutOfRange, format!("{} does not fit into 64 bits", sources.slice(span)))
        .span(span, "too large")
        .help(format!("integers go from {low} to {high}; for \"no limit\" leave the key out"))
}
