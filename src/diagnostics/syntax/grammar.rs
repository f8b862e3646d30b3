//! The first mistake of grammar: what is wrong, seen by what people usually mean.
//!
//! The parser's own words are the last resort.

use super::super::{Code, Problem};
use super::line::Line;
use crate::config::{Sources, Span};

/// Describes a mistake of grammar.
pub(super) fn problem(sources: &Sources, span: Span, message: &str) -> Problem {
    let line = Line::new(sources, span);
    other_format(&line)
        .or_else(|| other_habit(&line))
        .or_else(|| value(&line, span, message))
        .or_else(|| brackets(&line, span, message))
        .or_else(|| keys(&line, span, message))
        .unwrap_or_else(|| plain(span, message))
}

fn error(message: impl Into<String>, span: Span, label: &str, help: impl Into<String>) -> Problem {
    Problem::error(Code::Syntax, message).span(span, label).help(help)
}

/// The parser's words.
fn plain(span: Span, message: &str) -> Problem {
    let (what, expected) = message.split_once(", expected ").unwrap_or((message, ""));
    let problem = Problem::error(Code::Syntax, format!("this is not TOML: {what}"));
    match expected {
        "" | "nothing" => problem.span(span, "here"),
        _ => problem.span(span, format!("expected {expected}")),
    }
}

/// A whole file in another format.
fn other_format(line: &Line<'_>) -> Option<Problem> {
    let start = line.text.trim_start();
    let begin = line.text.len() - start.len();
    let first = line.span(begin..begin + start.find(char::is_whitespace).unwrap_or(1).clamp(1, 8));
    let example = "write lines as these:\ncommand = \"/bin/sh\"\nrootfs = \"alpine\"";
    let (what, help) = match start {
        _ if start.starts_with('{') => ("JSON", example),
        _ if start.starts_with("---") => ("YAML", example),
        _ if start.starts_with('<') => ("XML", example),
        _ if start.starts_with("FROM ") => {
            ("a Dockerfile", "launch builds no images: name a root in a container.toml:\nrootfs = \"alpine\"")
        }
        _ if start.starts_with("#!") && !start.lines().next()?.contains("launch") => {
            ("a script", "name it in a container.toml:\ncommand = \"/bin/sh\"\nargs = [\"script.sh\"]")
        }
        _ => return None,
    };
    Some(error(format!("the file is {what}, not TOML"), first, "", help))
}

/// A line as another format writes it.
fn other_habit(line: &Line<'_>) -> Option<Problem> {
    let whole = line.whole().trim_start();
    for comment in ["//", ";", "--", "/*", "rem "] {
        if whole.to_ascii_lowercase().starts_with(comment) {
            let text = whole[comment.len()..].trim();
            return Some(error(
                "a comment begins with `#`",
                line.part(&whole[..comment.trim_end().len()]),
                "",
                format!("write `# {text}`"),
            ));
        }
    }
    if let Some(rest) = whole.strip_prefix("export ") {
        let (name, value) = rest.split_once('=').unwrap_or((rest, ""));
        let help = format!("write it in a table:\n[env]\n{} = \"{}\"", name.trim(), value.trim().trim_matches('"'));
        return Some(error("variables are not exported here", line.part("export"), "", help));
    }
    let colon = line.whole().find(':')?;
    if line.whole().find('=').is_some_and(|equals| equals < colon) || line.key().is_none() {
        return None;
    }
    let help = line.quoted().map_or("write `key = value`".to_owned(), |quoted| format!("write `{quoted}`"));
    let at = line.range.start + colon;
    Some(error("a key and its value are joined by `=`", line.span(at..at + 1), "not `:`", help))
}

/// A value that is no value.
fn value(line: &Line<'_>, span: Span, message: &str) -> Option<Problem> {
    if message.starts_with("unexpected leading zero") {
        return Some(leading_zero(line));
    }
    if message.starts_with("missing escaped value") || message.contains("unicode value") {
        return Some(escape(span));
    }
    for kind in ["invalid basic string", "invalid literal string", "invalid multi-line"] {
        if message.starts_with(kind) && !message.contains("escape") {
            return Some(unclosed_string(line, span, kind));
        }
    }
    let unquoted = [
        "string values must be quoted",
        "invalid boolean",
        "invalid float, expected `nan`",
        "invalid float, expected `inf`",
    ];
    unquoted.iter().any(|start| message.starts_with(start)).then(|| bare_word(line, span))
}

fn leading_zero(line: &Line<'_>) -> Problem {
    let value = line.value().unwrap_or("");
    let key = line.key().unwrap_or("mode");
    error(
        "a number does not begin with 0",
        line.part(value),
        "",
        format!("an octal mode is a string: `{key} = \"{value}\"`"),
    )
}

fn escape(span: Span) -> Problem {
    let start = span.start.saturating_sub(1);
    error(
        "a backslash in double quotes begins an escape, and this is none",
        Span { start, end: span.start + 1, ..span },
        "",
        "write `\\\\` for a backslash, or the string in single quotes, where nothing is escaped",
    )
}

fn unclosed_string(line: &Line<'_>, span: Span, kind: &str) -> Problem {
    let quotes = match kind {
        "invalid basic string" => "\"",
        "invalid literal string" => "'",
        _ => {
            return error(
                "the string is not closed",
                span,
                "the file ends here",
                "close it with the three quotes that opened it",
            );
        }
    };
    let whole = line.whole();
    let open = whole.rfind(quotes).filter(|open| line.range.start + open < line.at.max(1)).unwrap_or(0);
    let range = line.range.start + open..line.range.start + whole.trim_end().len();
    error(
        "the string is not closed",
        line.span(range),
        &format!("needs a closing `{quotes}`"),
        "a string ends in the line that it begins in; for several lines open and close it with three quotes",
    )
}

/// An unquoted word in the place of a value.
fn bare_word(line: &Line<'_>, span: Span) -> Problem {
    let word = line.text.get(span.range()).unwrap_or("").trim();
    let key = line.key().unwrap_or("key");
    let span = if word.is_empty() {
        span
    } else {
        Span::new(span.source, span.start as usize..span.start as usize + word.len())
    };
    let write = |value: &str| format!("write `{key} = {value}`");
    match word.to_lowercase().as_str() {
        "" => error(format!("`{key}` has no value"), span, "expected a value", "write a value, or take the line out"),
        "true" | "yes" | "on" => error("a boolean is `true` or `false`", span, "", write("true")),
        "false" | "no" | "off" => error("a boolean is `true` or `false`", span, "", write("false")),
        "null" | "none" | "nil" | "undefined" | "~" => {
            error("TOML has no null", span, "", "take the line out: what is not written has its default")
        }
        _ if word.starts_with(['“', '”', '„', '‘', '’', '«', '`']) => {
            let help = line.quoted().map_or("use \" or '".to_owned(), |quoted| format!("write `{quoted}`"));
            error("these are not the quotes of TOML", span, "typographic quotes", help)
        }
        _ => {
            let help = line.quoted().map_or_else(|| format!("write \"{word}\""), |quoted| format!("write `{quoted}`"));
            error("a string needs quotes", span, "not quoted", help)
        }
    }
}

/// Brackets, braces and commas.
fn brackets(line: &Line<'_>, span: Span, message: &str) -> Option<Problem> {
    let header = line.whole().trim();
    let kind = [
        "unclosed table",
        "unclosed array table",
        "unclosed array",
        "unclosed inline table",
        "missing comma between array elements",
        "extra comma",
    ];
    match kind.into_iter().position(|start| message.starts_with(start))? {
        0 => Some(error(
            "the header is not closed",
            line.part(header),
            "needs `]`",
            format!("write `{}]`", header.trim_end_matches(']')),
        )),
        1 => Some(error(
            "the header is not closed",
            line.part(header),
            "needs `]]`",
            format!("write `{}]]`", header.trim_end_matches(']')),
        )),
        2 => Some(error("the array is not closed", span, "expected `]`", "close it with `]`")),
        3 => Some(error(
            "the inline table is not closed",
            span,
            "expected `}`",
            "close it with `}`, or write a [table] with its keys below",
        )),
        4 if line.begins() && line.whole().contains('=') => Some(error(
            "the array above is not closed",
            line.part(header),
            "expected `]` before this line",
            "close it with `]`",
        )),
        4 => Some(error(
            "a comma is missing between two elements",
            span,
            "expected `,`",
            "separate the elements: [\"a\", \"b\"]",
        )),
        _ => Some(error("one comma too many", span, "", "take it out")),
    }
}

/// Keys, headers and what follows a value.
fn keys(line: &Line<'_>, span: Span, message: &str) -> Option<Problem> {
    let rest = line.text.get(line.at..line.range.end).unwrap_or("").trim_end();
    let rest_span = line.span(line.at..line.at + rest.len());
    if message.starts_with("unexpected key or value") {
        return Some(match rest.chars().next() {
            Some(',' | ';') => error(
                format!("no `{}` at the end of a line", &rest[..1]),
                line.span(line.at..line.at + 1),
                "",
                "take it out",
            ),
            Some(']' | '}') => {
                error(format!("one `{}` too many", &rest[..1]), line.span(line.at..line.at + 1), "", "take it out")
            }
            _ => error(
                "something follows the value",
                rest_span,
                "not expected here",
                "one key a line; a comment begins with `#`; a string with blanks needs quotes",
            ),
        });
    }
    if message.starts_with("extra `=`") {
        return Some(error("one `=` too many", span, "", "join key and value by one `=`"));
    }
    if message.starts_with("unquoted keys cannot be empty") {
        return Some(error("a name is missing", span, "expected a key", "write `key = value`, or `[table]`"));
    }
    if message.starts_with("invalid unquoted key") {
        let key = line.key().unwrap_or("key");
        return Some(error(
            "a key with such characters needs quotes",
            span,
            "",
            format!("write \"{key}\" in quotes; without them only letters of A to Z, digits, `-` and `_`"),
        ));
    }
    if message.starts_with("key with no value") {
        let word = line.whole().trim();
        return Some(error(
            "a key needs a value",
            line.part(word),
            "no `=`",
            "write `key = value`, or a header in brackets as `[limits]`",
        ));
    }
    if message.starts_with("cannot extend value") {
        let kind = message.trim_start_matches("cannot extend value of type ").trim_end_matches(" with a dotted key");
        return Some(error(
            format!("`{}` is not a table that could be extended here", line.text.get(span.range())?),
            span,
            &format!("it is {} above", article(kind)),
            "write it in one place, as one [table]",
        ));
    }
    None
}

fn article(word: &str) -> String {
    let vowel = word.starts_with(['a', 'e', 'i', 'o', 'u']);
    format!("{} {word}", if vowel { "an" } else { "a" })
}
