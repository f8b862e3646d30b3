//! What is wrong with how texts are laid over each other, in words.

use super::suggest::suggest;
use super::{Code, Diagnostics, Problem};
use crate::config::{LayerError, Sources, Span};

/// Adds a problem for each mistake.
/// Whatever else is wrong with the values `unfilled` only follows from that.
pub fn layers(errors: &[LayerError], unfilled: &[Span], sources: &Sources, problems: &mut Diagnostics) {
    for span in unfilled {
        problems.leave_out(*span);
    }
    problems.extend(errors.iter().map(|error| problem(error, sources)));
}

/// A file in `extends` that leads back to itself: the places of the whole round, the first one first.
pub fn cycle(round: &[Span], sources: &Sources) -> Problem {
    let names: Vec<&str> = round.iter().map(|span| sources.name(span.source)).collect();
    let first = names.first().copied().unwrap_or_default();
    let message = format!("`extends` goes round in a circle: {} -> {first}", names.join(" -> "));
    let last = round.len().saturating_sub(1);
    let label = |number: usize| if number == last { "and this leads back" } else { "extends the next" };
    let problem = Problem::error(Code::ExtendsCycle, message);
    let problem = round.iter().enumerate().fold(problem, |problem, (number, span)| problem.span(*span, label(number)));
    problem.help("take one of them out; what both need goes into a third file that both extend")
}

fn problem(error: &LayerError, sources: &Sources) -> Problem {
    match error {
        LayerError::Unset { span, name } => {
            Problem::error(Code::EnvUnset, format!("the variable `{name}` is not set where launch was called"))
                .span(part(*span, &format!("${{env:{name}"), sources), "nothing to put here")
                .help(format!("set it, as in `{name}=… launch …`, or write a default: ${{env:{name}:-default}}"))
        }
        LayerError::NotText { span, name } => {
            Problem::error(Code::EnvUnset, format!("the variable `{name}` is not UTF-8 where launch was called"))
                .span(part(*span, &format!("${{env:{name}"), sources), "a TOML string is UTF-8")
                .help(format!("pass it through as it is: env_pass = [\"{name}\"]"))
        }
        LayerError::Placeholder { span, text } => {
            Problem::error(Code::PlaceholderInvalid, format!("`{text}` is no placeholder"))
                .span(part(*span, text, sources), "letters, digits and _, then `}`")
                .help("write ${env:NAME} or ${env:NAME:-default}; $${env: stands for itself")
        }
        LayerError::UnknownProfile { span, name, known } => unknown_profile(*span, name, known),
        LayerError::Nested { span, key } => {
            Problem::error(Code::ProfileNested, format!("`{key}` cannot be written in a profile"))
                .span(*span, "only at the top of a file")
                .help(format!("write `{key}` at the top of the file, before the first [table]"))
        }
        LayerError::RemovesNothing { span, what } => {
            Problem::error(Code::RemoveNothing, format!("there is no {what} to remove"))
                .span(*span, "no file in `extends` has it")
                .help("remove this table, or correct its target; /proc, /dev, /tmp and /run are replaced, not removed")
        }
        LayerError::NotAnAssignment { span } => {
            Problem::error(Code::SetInvalid, format!("`--set {}` is no assignment", sources.slice(*span)))
                .span(*span, "no `key = value`")
                .help("write a dotted key and a value, as in --set limits.pids=64")
        }
    }
}

fn unknown_profile(span: Span, name: &str, known: &[String]) -> Problem {
    let near = suggest(name, known.iter().map(String::as_str));
    let help = match (near, known) {
        (Some(near), _) => format!("did you mean `{near}`?"),
        (None, []) => format!("the file has no profiles; one begins with [profiles.{name}]"),
        (None, known) => format!("the file has {}", known.join(", ")),
    };
    Problem::error(Code::ProfileUnknown, format!("there is no profile `{name}`")).span(span, "unknown").help(help)
}

/// The stretch of a string as written that holds `text`; the whole string where escapes hide it.
fn part(span: Span, text: &str, sources: &Sources) -> Span {
    let Some(at) = sources.slice(span).find(text) else { return span };
    let start = span.start as usize + at;
    let end = start + text.len() + usize::from(sources.text(span.source)[start + text.len()..].starts_with('}'));
    Span::new(span.source, start..end)
}
