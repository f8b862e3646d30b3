//! Values of the right type that are none of the known words, or do not fit.

use super::super::{Code, Problem, names, reserved, suggest};
use super::describe::Describe;
use super::types::truth;
use super::written::string;

/// Words that fit into a label.
const SHORT: usize = 60;

/// Describes a word that is none of the known ones.
pub(super) fn unknown(at: Describe<'_>, word: &str, known: &'static [&'static str]) -> Problem {
    let keys = at.path().keys();
    if let Some(instead) = reserved::word(&keys, word) {
        let message = format!("`{}` = {} is known, not in this version", at.path(), string(word));
        return at.mark(Problem::error(Code::ReservedValue, message), "not built yet").help(instead);
    }
    let boolean = at.known.at(at.path()).is_some_and(|schema| at.known.takes(schema, "boolean"));
    let list = list(known, boolean);
    let label = if list.len() <= SHORT { format!("takes {list}") } else { "none of its words".to_owned() };
    let problem =
        at.mark(Problem::error(Code::UnknownValue, format!("`{}` cannot be {}", at.path(), string(word))), label);
    if let Some(value) = at.node().filter(|_| boolean).and_then(truth) {
        return problem.help(format!("write `{} = {value}`", at.path().last_key().unwrap_or_default()));
    }
    let near = names::meant(&keys, word).filter(|near| known.contains(near));
    let Some(near) = near.or_else(|| suggest(word, known.iter().copied())) else {
        return problem.help(format!("it takes {list}"));
    };
    let purpose = at.known.at(at.path()).and_then(|schema| at.known.word_purpose(schema, near));
    problem.help(format!("write {}{}", string(near), purpose.map(|text| format!(": {text}")).unwrap_or_default()))
}

/// Words as `"a", "b" or "c"`.
fn list(words: &[&str], boolean: bool) -> String {
    let mut quoted: Vec<String> = words.iter().map(|word| string(word)).collect();
    quoted.extend(["true", "false"].into_iter().filter(|_| boolean).map(str::to_owned));
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
        None => "nothing".to_owned(),
    }
}

/// Describes a value that does not fit.
pub(super) fn wrong(at: Describe<'_>, found: &str, expected: &str) -> Problem {
    let found = found.split_once('`').and_then(|(_, rest)| rest.strip_suffix('`')).unwrap_or(found);
    if let Some((low, high)) = bounds(expected) {
        let problem =
            Problem::error(Code::OutOfRange, format!("`{}` is {found}, it goes from {low} to {high}", at.path()));
        return at
            .mark(problem, format!("not from {low} to {high}"))
            .help(format!("write an integer from {low} to {high}"));
    }
    let problem = Problem::error(Code::InvalidValue, format!("`{}` cannot be {}", at.path(), found.escape_debug()));
    at.mark(problem, format!("takes {expected}")).help(format!("write {expected}"))
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
