//! Values as one would write them in a file, for the lines that a help offers.
//!
//! Escapes what a terminal must not see.

use std::fmt::Write;

use crate::config::{Node, Value};

/// A scalar, or a short array of scalars, as TOML; nothing for what would not fit a line.
pub(super) fn written(node: &Node) -> Option<String> {
    let text = match &node.value {
        Value::String(text) => string(text),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => format!("{number:?}"),
        Value::Boolean(value) => value.to_string(),
        Value::Datetime(text) => text.clone(),
        Value::Array(list) => {
            let elements: Option<Vec<String>> = list.iter().map(scalar).collect();
            format!("[{}]", elements?.join(", "))
        }
        Value::Table(_) => return None,
    };
    (text.chars().count() <= 60).then_some(text)
}

fn scalar(node: &Node) -> Option<String> {
    if matches!(node.value, Value::Array(_)) { None } else { written(node) }
}

/// A string in quotes.
pub(super) fn string(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// The kind of a value, in the words of JSON schema.
pub(super) fn kind(node: &Node) -> &'static str {
    match node.value {
        Value::String(_) | Value::Datetime(_) => "string",
        Value::Integer(_) => "integer",
        Value::Float(_) => "number",
        Value::Boolean(_) => "boolean",
        Value::Array(_) => "array",
        Value::Table(_) => "object",
    }
}

/// The kind of a value, in words.
pub(super) fn word(node: &Node) -> &'static str {
    match &node.value {
        Value::String(_) => "a string",
        Value::Integer(_) => "an integer",
        Value::Float(_) => "a float",
        Value::Boolean(_) => "a boolean",
        Value::Datetime(_) => "a date or time",
        Value::Array(list) if !list.is_empty() && list.iter().all(|node| kind(node) == "object") => {
            "an array of tables"
        }
        Value::Array(_) => "an array",
        Value::Table(_) => "a table",
    }
}
