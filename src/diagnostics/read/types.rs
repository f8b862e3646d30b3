//! Values of another type than the key takes, and the corrected line where it can be made.

use serde_json::Value as Json;

use super::super::{Code, Problem};
use super::describe::Describe;
use super::written::{kind, string, word, written};
use crate::config::{Node, Value};

/// Describes a value of the wrong type.
pub(super) fn wrong(at: Describe<'_>, found: &str, expected: &str) -> Problem {
    let schema = at.known.at(at.path());
    let wanted = schema.and_then(|schema| at.known.words(schema)).unwrap_or_else(|| plain(expected).to_owned());
    let node = at.node();
    let found: &str = match node {
        Some(node) => word(node),
        None => found,
    };
    let problem =
        Problem::error(Code::WrongType, format!("`{}` takes {wanted}, not {found}", at.path())).span(at.value(), found);
    let fix = node.zip(schema).and_then(|(node, schema)| fix(at, node, schema));
    match fix.or_else(|| schema.and_then(example).map(|example| format!("write it as in {example}"))) {
        Some(help) => problem.help(help),
        None => problem.help(format!("write {wanted}")),
    }
}

/// The example that a description gives: `as in \`…\``.
fn example(schema: &Json) -> Option<String> {
    let text = schema.get("description")?.as_str()?;
    let (_, rest) = text.split_once("as in `")?;
    rest.split_once('`').map(|(example, _)| format!("`{example}`"))
}

/// Serde's words in TOML's.
fn plain(expected: &str) -> &str {
    match expected {
        "a sequence" => "an array",
        "a map" => "a table",
        "a boolean" => "true or false",
        "i8" | "i16" | "i32" | "i64" | "u8" | "u16" | "u32" | "u64" | "usize" => "an integer",
        "f32" | "f64" => "a number",
        other if other.starts_with("struct ") => "a table",
        other if other.starts_with("enum ") => "a string",
        other => other,
    }
}

/// What to write, made from what is written.
fn fix(at: Describe<'_>, node: &Node, schema: &Json) -> Option<String> {
    let takes = |kind| at.known.takes(schema, kind);
    if at.path().keys() == "command"
        && let Value::Array(list) = &node.value
    {
        return argv(list);
    }
    if takes("array") && !matches!(node.value, Value::Array(_)) {
        return into_array(at, node, schema);
    }
    if takes("object") && !takes("array") {
        return into_table(at, node);
    }
    let value = match &node.value {
        Value::String(text) if takes("integer") && text.parse::<i64>().is_ok() => text.clone(),
        Value::String(text) if takes("number") && text.parse::<f64>().is_ok_and(f64::is_finite) => text.clone(),
        Value::String(_) | Value::Integer(0 | 1) if takes("boolean") && !takes("string") => truth(node)?.to_owned(),
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) if takes("string") => {
            format!("\"{}\"", written(node)?)
        }
        Value::Float(number) if takes("integer") && number.fract() == 0.0 => format!("{number:.0}"),
        Value::Array(list) if list.len() == 1 && at.known.takes(schema, kind(&list[0])) => written(&list[0])?,
        Value::Array(list) if takes("string") && list.iter().all(|node| kind(node) == "string") => {
            string(&joined(list))
        }
        _ => return None,
    };
    Some(line(at, &value))
}

/// The words of an array of strings in one string.
fn joined(list: &[Node]) -> String {
    let words = list.iter().filter_map(|node| match &node.value {
        Value::String(text) => Some(text.as_str()),
        _ => None,
    });
    words.collect::<Vec<_>>().join(" ")
}

/// The whole corrected line where the value has a key, the value alone inside arrays.
fn line(at: Describe<'_>, value: &str) -> String {
    match at.path().last_key() {
        Some(key) => format!("write `{key} = {value}`"),
        None => format!("write `{value}`"),
    }
}

fn truth(node: &Node) -> Option<&'static str> {
    match &node.value {
        Value::Integer(number) => Some(if *number == 1 { "true" } else { "false" }),
        Value::String(text) => match text.to_lowercase().as_str() {
            "true" | "yes" | "on" | "y" | "1" => Some("true"),
            "false" | "no" | "off" | "n" | "0" => Some("false"),
            _ => None,
        },
        _ => None,
    }
}

/// A command written as its whole argument vector.
fn argv(list: &[Node]) -> Option<String> {
    let words: Option<Vec<String>> = list.iter().map(written).collect();
    let words = words.filter(|_| list.iter().all(|node| kind(node) == "string"))?;
    let (command, args) = words.split_first()?;
    let args = if args.is_empty() { String::new() } else { format!("\nargs = [{}]", args.join(", ")) };
    Some(format!("write the program and its arguments apart:\ncommand = {command}{args}"))
}

fn into_array(at: Describe<'_>, node: &Node, schema: &Json) -> Option<String> {
    let items = at.known.items(schema)?;
    if let Value::Table(_) = node.value {
        let table = at.path().keys();
        return at.known.takes(items, "object").then(|| format!("write the header with two brackets: [[{table}]]"));
    }
    if at.known.takes(items, kind(node)) {
        return Some(line(at, &format!("[{}]", written(node)?)));
    }
    at.known.takes(items, "string").then(|| written(node)).flatten().map(|text| line(at, &format!("[\"{text}\"]")))
}

fn into_table(at: Describe<'_>, node: &Node) -> Option<String> {
    let table = at.path().keys();
    match &node.value {
        Value::Array(list) if table == "mounts" => list.first().and_then(volume),
        Value::Array(list) if list.iter().any(|node| kind(node) == "object") => {
            Some(format!("write the header with one bracket, once: [{table}]"))
        }
        Value::Array(list) => pairs(list).map(|pairs| format!("write names and values:\n[{table}]\n{pairs}")),
        Value::String(_) if at.path().0.len() > 1 && table == "mounts" => volume(node),
        _ => Some(format!("write it as a table, as [{table}] and its keys below")),
    }
}

/// `["A=1", "B=2"]` as keys.
fn pairs(list: &[Node]) -> Option<String> {
    let line = |node: &Node| match &node.value {
        Value::String(text) => text.split_once('=').map(|(name, value)| format!("{} = {}", bare(name), string(value))),
        _ => None,
    };
    let lines: Option<Vec<String>> = list.iter().take(8).map(line).collect();
    lines.filter(|lines| !lines.is_empty()).map(|lines| lines.join("\n"))
}

fn bare(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { string(name) }
}

/// `"data:/data:ro"` as a mount.
fn volume(node: &Node) -> Option<String> {
    let Value::String(text) = &node.value else { return None };
    let mut parts = text.split(':');
    let (source, target) = (parts.next()?, parts.next()?);
    let readonly = parts.next().is_some_and(|options| options.split(',').any(|option| option == "ro"));
    let flag = if readonly { "" } else { "\nreadonly = false" };
    Some(format!("write a table for each:\n[[mounts]]\nsource = {}\ntarget = {}{flag}", string(source), string(target)))
}
