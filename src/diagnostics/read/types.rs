//! Values of another type than the key takes, and the corrected line where it can be made.

use serde_json::Value as Json;

use super::super::{Code, Problem};
use super::describe::Describe;
use super::takeover::{argv, pairs, strings, volume};
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
    let problem = Problem::error(Code::WrongType, format!("`{}` takes {wanted}, not {found}", at.path()));
    let fix = node.zip(schema).and_then(|(node, schema)| fix(at, node, schema));
    let example = || schema.and_then(example).map(|example| format!("write it as in {example}"));
    at.mark(problem, found).help(fix.or_else(example).unwrap_or_else(|| format!("write {wanted}")))
}

/// The example that a description gives: `as in \`…\``.
fn example(schema: &Json) -> Option<String> {
    let (_, rest) = description(schema).split_once("as in `")?;
    rest.split_once('`').map(|(example, _)| format!("`{example}`"))
}

fn description(schema: &Json) -> &str {
    schema.get("description").and_then(Json::as_str).unwrap_or_default()
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
        && let Value::Array(_) = &node.value
    {
        return argv(node).map(|command| format!("write the program and its arguments apart:\ncommand = {command}"));
    }
    if takes("array") && !matches!(node.value, Value::Array(_)) {
        return into_array(at, node, schema);
    }
    if takes("object") && !takes("array") && !takes("string") {
        return into_table(at, node);
    }
    scalar(at, node, schema).map(|value| line(at, &value))
}

/// The value in the type that the key takes.
fn scalar(at: Describe<'_>, node: &Node, schema: &Json) -> Option<String> {
    let takes = |kind| at.known.takes(schema, kind);
    // An octal number loses its zeros when it is read, and a size may be meant in any unit: there an example is better.
    let quotable = takes("string") && !takes("integer") && !description(schema).contains("octal");
    match &node.value {
        Value::String(text) if takes("integer") && text.parse::<i64>().is_ok() => Some(text.clone()),
        Value::String(text) if takes("number") && text.parse::<f64>().is_ok_and(f64::is_finite) => Some(text.clone()),
        Value::String(_) | Value::Integer(0 | 1) if takes("boolean") && !takes("string") => {
            truth(node).map(str::to_owned)
        }
        Value::Integer(_) | Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) if quotable => {
            Some(format!("\"{}\"", written(node)?))
        }
        Value::Float(number) if takes("integer") && number.fract() == 0.0 => Some(format!("{number:.0}")),
        Value::Array(list) if list.len() == 1 && takes(kind(&list[0])) => written(&list[0]),
        Value::Array(list) if takes("string") => strings(list).map(|words| string(&words.join(" "))),
        _ => None,
    }
}

/// The whole corrected line where the value has a key, the value alone inside arrays.
fn line(at: Describe<'_>, value: &str) -> String {
    match at.path().last_key() {
        Some(key) => format!("write `{key} = {value}`"),
        None => format!("write `{value}`"),
    }
}

/// What a value means as a boolean.
pub(super) fn truth(node: &Node) -> Option<&'static str> {
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
        Value::Array(list) if list.iter().any(|node| kind(node) == "object") => {
            Some(format!("write the header with one bracket, once: [{table}]"))
        }
        Value::Array(_) => pairs(node).map(|pairs| format!("write names and values:\n[{table}]\n{pairs}")),
        Value::String(text) if table == "mounts" => {
            volume(text).map(|lines| format!("write a table for each:\n[[mounts]]\n{lines}"))
        }
        _ if at.path().last_key().is_none() => None,
        _ => Some(format!("write it as a table, as [{table}] and its keys below")),
    }
}
