//! `launch plan --origin`: each value, where it was written, and what it replaced.

use crate::config::{Entry, Node, Span, Value};
use crate::pipeline::Loaded;

/// One line for each value of the merged file.
pub(super) fn origins(loaded: &Loaded) -> String {
    let mut lines = Vec::new();
    for entry in loaded.tree.entries.iter().filter(|entry| !matches!(entry.name.as_str(), "extends" | "profiles")) {
        collect(&entry.name, &entry.node, loaded, &mut lines);
    }
    let width = lines.iter().map(|(value, _)| value.chars().count()).max().unwrap_or(0).min(60);
    lines.iter().fold(String::new(), |text, (value, place)| text + &format!("{value:width$}  {place}\n"))
}

fn collect(path: &str, node: &Node, loaded: &Loaded, lines: &mut Vec<(String, String)>) {
    match &node.value {
        Value::Table(table) => {
            for Entry { name, node, .. } in &table.entries {
                collect(&format!("{path}.{}", quoted(name)), node, loaded, lines);
            }
        }
        Value::Array(list) if list.iter().any(|node| matches!(node.value, Value::Table(_))) => {
            for (index, node) in list.iter().enumerate() {
                collect(&format!("{path}[{index}]"), node, loaded, lines);
            }
        }
        _ => lines.push((format!("{path} = {}", written(loaded, node)), place(loaded, node))),
    }
}

/// The value as it was written, on one line.
fn written(loaded: &Loaded, node: &Node) -> String {
    let text = loaded.sources.slice(node.span).split_whitespace().collect::<Vec<_>>().join(" ");
    if text.chars().count() > 48 { text.chars().take(47).chain(['…']).collect() } else { text }
}

fn place(loaded: &Loaded, node: &Node) -> String {
    let old = loaded.replaced.iter().rev().find(|(new, _)| *new == node.span);
    let over = old.map_or_else(String::new, |(_, old)| format!(" over {}", line(loaded, *old)));
    format!("{}{over}", line(loaded, node.span))
}

fn line(loaded: &Loaded, span: Span) -> String {
    let name = loaded.sources.name(span.source);
    if name.starts_with("--") {
        return name.to_owned();
    }
    format!("{name}:{}", loaded.sources.position(span.source, span.range().start).line)
}

fn quoted(name: &str) -> String {
    let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare { name.to_owned() } else { format!("{name:?}") }
}
