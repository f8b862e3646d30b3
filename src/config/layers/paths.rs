//! Which strings of a file are paths of the host that may be relative to the file.

use super::super::tree::{Entry, Node, Span, Table, Value};

/// Calls `change` with each path, and where it was written. Profiles were laid over the file before.
pub(super) fn each(tree: &mut Table, change: &mut dyn FnMut(&mut String, Span)) {
    for Entry { name, node, .. } in &mut tree.entries {
        match (name.as_str(), &mut node.value) {
            ("rootfs", Value::Table(table)) => keys(table, &["path", "archive", "oci", "file"], change),
            ("mounts", Value::Array(list)) => list.iter_mut().for_each(|node| mount(node, change)),
            ("rootfs", Value::String(_)) | ("env_file" | "extends", _) => one(node, change),
            ("security", Value::Table(table)) => profile(table, change),
            ("stdio", Value::Table(table)) => {
                table.entries.iter_mut().for_each(|entry| stream(&mut entry.node, change));
            }
            _ => {}
        }
    }
}

/// A string, or each string of an array.
fn one(node: &mut Node, change: &mut dyn FnMut(&mut String, Span)) {
    let span = node.span;
    match &mut node.value {
        Value::String(text) => change(text, span),
        Value::Array(list) => list.iter_mut().for_each(|node| one(node, change)),
        _ => {}
    }
}

fn keys(table: &mut Table, names: &[&str], change: &mut dyn FnMut(&mut String, Span)) {
    let wanted = table.entries.iter_mut().filter(|entry| names.contains(&entry.name.as_str()));
    wanted.for_each(|entry| one(&mut entry.node, change));
}

/// The source of a link is its text, not a path of the host.
fn mount(node: &mut Node, change: &mut dyn FnMut(&mut String, Span)) {
    let Value::Table(table) = &mut node.value else { return };
    let link = table.get("type").is_some_and(|entry| entry.node.value == Value::String("symlink".to_owned()));
    let names: &[&str] = if link { &[] } else { &["source", "lower", "upper", "work"] };
    keys(table, names, change);
}

fn profile(table: &mut Table, change: &mut dyn FnMut(&mut String, Span)) {
    let Some(entry) = table.entries.iter_mut().find(|entry| entry.name == "seccomp") else { return };
    let word = |word: &str| entry.node.value == Value::String(word.to_owned());
    if !word("default") && !word("unconfined") {
        one(&mut entry.node, change);
    }
}

fn stream(node: &mut Node, change: &mut dyn FnMut(&mut String, Span)) {
    let span = node.span;
    if let Value::String(text) = &mut node.value
        && let Some(path) = text.strip_prefix("file:")
    {
        let mut path = path.to_owned();
        change(&mut path, span);
        *text = format!("file:{path}");
    }
}
