//! Values of the right type that are none of the known words, or do not fit.

use super::super::{Code, Problem, names, reserved, suggest};
use super::describe::Describe;
use super::written::string;

/// Describes a word that is none of the known ones.
pub(super) fn unknown(at: Describe<'_>, word: &str, known: &'static [&'static str]) -> Problem {
    let keys = at.path().keys();
    if let Some(instead) = reserved::word(&keys, word) {
        return Problem::error(
            Code::ReservedValue,
            format!("`{}` = {} is known, not in this version", at.path(), string(word)),
        )
        .span(at.value(), "not built yet")
        .help(instead);
    }
    let problem = Problem::error(Code::UnknownValue, format!("`{}` cannot be {}", at.path(), string(word)))
        .span(at.value(), format!("takes {}", list(known)));
    let near =
        names::meant(&keys, word).filter(|near| known.contains(near)).or_else(|| suggest(word, known.iter().copied()));
    let Some(near) = near else { return problem.help(format!("write one of {}", list(known))) };
    let purpose = at.known.at(at.path()).and_then(|schema| at.known.word_purpose(schema, near));
    problem.help(format!("write {}{}", string(near), purpose.map(|text| format!(": {text}")).unwrap_or_default()))
}

/// Words as `"a", "b" or "c"`.
fn list(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| string(word)).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Describes a value that does not fit.
pub(super) fn wrong(at: Describe<'_>, found: &str, expected: &str) -> Problem {
    let found = found.split_once('`').and_then(|(_, rest)| rest.strip_suffix('`')).unwrap_or(found);
    match bounds(expected) {
        Some((low, high)) => {
            Problem::error(Code::OutOfRange, format!("`{}` is {found}, it goes from {low} to {high}", at.path()))
                .span(at.value(), format!("not from {low} to {high}"))
                .help(format!("write an integer from {low} to {high}"))
        }
        None => Problem::error(Code::InvalidValue, format!("`{}` cannot be {}", at.path(), found.escape_debug()))
            .span(at.value(), format!("takes {expected}"))
            .help(format!("write {expected}")),
    }
}

/// The bounds of Rust's integers, by what serde says of them.
fn bounds(expected: &str) -> Option<(String, String)> {
    let both = |low: i128, high: i128| Some((low.to_string(), high.to_string()));
    let (low, name) = match expected.strip_prefix("a nonzero ") {
        Some(name) => (1, name),
        None => (0, expected),
    };
    match name {
        "u8" => both(low, u8::MAX.into()),
        "u16" => both(low, u16::MAX.into()),
        "u32" => both(low, u32::MAX.into()),
        "u64" | "usize" => both(low, i64::MAX.into()),
        "i8" => both(i8::MIN.into(), i8::MAX.into()),
        "i16" => both(i16::MIN.into(), i16::MAX.into()),
        "i32" => both(i32::MIN.into(), i32::MAX.into()),
        "i64" | "isize" => both(i64::MIN.into(), i64::MAX.into()),
        _ => None,
    }
}
