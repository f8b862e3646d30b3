//! Values of other tools in the form that they have here: `"data:/data:ro"` as a mount, `["A=1"]` as variables.
//!
//! Only where nothing is guessed; otherwise an example is shown.

use super::written::{kind, string, written};
use crate::config::{Node, Value};

/// Most elements of an array that are shown.
const SHOWN: usize = 6;

/// The value, or the lines below the header, for the key or table `here`.
pub(super) fn taken_over(here: &str, value: &Node) -> Option<String> {
    match here {
        "mounts" => first_volumes(value),
        "env" => pairs(value),
        "security.capabilities" | "security.ambient" => capabilities(value),
        "command" => argv(value),
        "limits.cpus" => percent(value),
        "args" | "groups" | "env_file" | "env_pass" | "security.masked_paths" | "security.readonly_paths" => {
            list(value)
        }
        _ => None,
    }
}

/// The strings of an array of strings.
pub(super) fn strings(list: &[Node]) -> Option<Vec<&str>> {
    let strings = list.iter().map(|node| match &node.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    });
    strings.collect::<Option<Vec<&str>>>().filter(|strings| !strings.is_empty())
}

fn texts(value: &Node) -> Option<Vec<&str>> {
    match &value.value {
        Value::String(text) => Some(vec![text]),
        Value::Array(list) => strings(list),
        _ => None,
    }
}

fn list(value: &Node) -> Option<String> {
    let words: Vec<String> = texts(value)?.into_iter().map(string).collect();
    Some(format!("[{}]", words.join(", "))).filter(|text| text.chars().count() <= 60)
}

/// All volumes; the header of the first is written by the caller.
fn first_volumes(value: &Node) -> Option<String> {
    let volumes: Option<Vec<String>> = texts(value)?.into_iter().take(SHOWN).map(volume).collect();
    Some(volumes?.join("\n\n[[mounts]]\n"))
}

/// `data:/data:ro` as the keys of a mount.
pub(super) fn volume(text: &str) -> Option<String> {
    let mut parts = text.split(':');
    let (source, target) = (parts.next()?, parts.next().filter(|target| target.starts_with('/'))?);
    let readonly = parts.next().is_some_and(|options| options.split(',').any(|option| option == "ro"));
    let flag = if readonly { "" } else { "\nreadonly = false" };
    Some(format!("source = {}\ntarget = {}{flag}", string(source), string(target)))
}

/// `["A=1", "B=2"]`, or a table, as variables.
pub(super) fn pairs(value: &Node) -> Option<String> {
    let lines: Option<Vec<String>> = if let Value::Table(table) = &value.value {
        table.entries.iter().take(SHOWN).map(|entry| Some(variable(&entry.name, &text(&entry.node)?))).collect()
    } else {
        let pairs = texts(value)?.into_iter().take(SHOWN).map(|pair| pair.split_once('='));
        pairs.map(|pair| pair.map(|(name, value)| variable(name, &string(value)))).collect()
    };
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
}

fn variable(name: &str, value: &str) -> String {
    format!("{} = {value}", bare(name))
}

/// A scalar as a string.
fn text(node: &Node) -> Option<String> {
    if kind(node) == "string" { written(node) } else { Some(string(&written(node)?)) }
}

fn bare(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { string(name) }
}

/// `["NET_ADMIN"]` with the prefix of capabilities(7).
fn capabilities(value: &Node) -> Option<String> {
    let full = |name: &str| {
        let upper = name.trim().to_ascii_uppercase();
        if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") }
    };
    let words = texts(value)?;
    let names: Vec<String> =
        words.iter().flat_map(|text| text.split([' ', ','])).filter(|name| !name.is_empty()).map(full).collect();
    let plain = names.iter().all(|name| {
        name != "CAP_ALL" && name.bytes().all(|byte| byte.is_ascii_uppercase() || matches!(byte, b'_' | b'0'..=b'9'))
    });
    plain.then(|| format!("[{}]", names.iter().map(|name| string(name)).collect::<Vec<_>>().join(", ")))
}

/// A whole argument vector, or a command line without quotes, as command and args.
pub(super) fn argv(value: &Node) -> Option<String> {
    let words: Vec<&str> = match &value.value {
        Value::String(text) if !text.contains(['"', '\'', '$', '\\', '|', ';', '&', '>', '<', '*']) => {
            text.split_whitespace().collect()
        }
        Value::Array(list) => strings(list)?,
        _ => return None,
    };
    let (command, args) = words.split_first()?;
    let args: Vec<String> = args.iter().map(|word| string(word)).collect();
    let args = if args.is_empty() { String::new() } else { format!("\nargs = [{}]", args.join(", ")) };
    Some(format!("{}{args}", string(command)))
}

/// `"150%"` as 1.5 processors.
fn percent(value: &Node) -> Option<String> {
    let Value::String(text) = &value.value else { return None };
    let percent: f64 = text.strip_suffix('%')?.trim().parse().ok()?;
    (percent > 0.0 && percent.is_finite()).then(|| format!("{:?}", percent / 100.0))
}
