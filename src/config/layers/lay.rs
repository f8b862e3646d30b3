//! Lays one tree over another: scalars and arrays replace, tables merge, mounts and devices merge by where they are.

use super::super::tree::{Entry, Node, Span, Table, Value};
use super::LayerError;

/// Values that were replaced: the new place, then the old one.
pub type Replaced = Vec<(Span, Span)>;

/// Arrays of tables whose elements are known by one of their keys.
const KEYED: [(&str, &str); 2] = [("mounts", "target"), ("devices", "path")];

/// Keys of a table of which one choice counts: writing one of a group takes the other groups away.
const CHOICES: [(&str, &[&[&str]]); 2] = [
    ("rootfs", &[&["path"], &["host"], &["archive"], &["oci", "ref"], &["image", "platform"], &["file"]]),
    ("userns", &[&["mode"], &["uid_map", "gid_map"]]),
];

/// Lays `above` over `below`.
pub fn lay(below: &mut Table, above: Table, replaced: &mut Replaced) {
    for entry in above.entries {
        let Some(old) = below.entries.iter_mut().find(|old| old.name == entry.name) else {
            below.entries.push(entry);
            continue;
        };
        if let Some((_, key)) = KEYED.iter().find(|(list, _)| *list == entry.name) {
            merge_keyed(old, entry, key, replaced);
        } else {
            merge(old, entry, replaced);
        }
    }
}

fn merge(old: &mut Entry, new: Entry, replaced: &mut Replaced) {
    let Entry { name, key_span, node } = new;
    let node = if name == "rootfs" {
        old.node = as_table(std::mem::replace(&mut old.node, empty()));
        as_table(node)
    } else {
        node
    };
    match (&mut old.node.value, node) {
        (Value::Table(below), Node { value: Value::Table(above), span }) => {
            drop_other_choices(&name, below, &above);
            lay(below, above, replaced);
            (old.key_span, old.node.span) = (key_span, span);
        }
        (_, node) => {
            replaced.push((node.span, old.node.span));
            *old = Entry { name, key_span, node };
        }
    }
}

fn empty() -> Node {
    Node { span: Span::default(), value: Value::Table(Table::default()) }
}

/// `rootfs = "alpine"` is `rootfs = { path = "alpine" }`.
fn as_table(node: Node) -> Node {
    let span = node.span;
    match node.value {
        Value::String(_) => {
            let path = Entry { name: "path".to_owned(), key_span: span, node };
            Node { span, value: Value::Table(Table { entries: vec![path] }) }
        }
        _ => node,
    }
}

fn drop_other_choices(table: &str, below: &mut Table, above: &Table) {
    let Some((_, groups)) = CHOICES.iter().find(|(name, _)| *name == table) else { return };
    let chosen = groups.iter().position(|group| group.iter().any(|key| above.get(key).is_some()));
    let Some(chosen) = chosen else { return };
    let others = groups.iter().enumerate().filter(|(number, _)| *number != chosen).flat_map(|(_, group)| group.iter());
    let others: Vec<&&str> = others.collect();
    // A digest belongs to the source that it was written beside.
    below.entries.retain(|entry| !others.contains(&&entry.name.as_str()) && entry.name != "sha256");
}

/// Elements with the same key merge in their place; new ones are appended; `remove = true` takes one away.
fn merge_keyed(old: &mut Entry, new: Entry, key: &str, replaced: &mut Replaced) {
    let (Value::Array(below), Value::Array(above)) = (&mut old.node.value, &new.node.value) else {
        return merge(old, new, replaced);
    };
    for node in above {
        let found = name_of(node, key).and_then(|name| below.iter().position(|old| name_of(old, key) == Some(name)));
        match (found, removes(node)) {
            (Some(index), true) => drop(below.remove(index)),
            (Some(index), false) => merge_element(&mut below[index], node.clone(), replaced),
            (None, _) => below.push(node.clone()),
        }
    }
    (old.key_span, old.node.span) = (new.key_span, new.node.span);
}

/// A mount of another type is another mount: nothing of the old one is kept.
fn merge_element(old: &mut Node, new: Node, replaced: &mut Replaced) {
    let kind = |node: &Node| table(node).and_then(|table| table.get("type")).map(|entry| entry.node.value.clone());
    let other = kind(&new).is_some_and(|new| kind(old).is_some_and(|old| old != new));
    let span = new.span;
    match (&mut old.value, new.value) {
        (Value::Table(below), Value::Table(above)) if !other => {
            lay(below, above, replaced);
            old.span = span;
        }
        (_, value) => {
            replaced.push((span, old.span));
            *old = Node { span, value };
        }
    }
}

fn table(node: &Node) -> Option<&Table> {
    match &node.value {
        Value::Table(table) => Some(table),
        _ => None,
    }
}

/// What an element is known by; without a slash at the end.
fn name_of<'n>(node: &'n Node, key: &str) -> Option<&'n str> {
    match &table(node)?.get(key)?.node.value {
        Value::String(text) if text.len() > 1 => Some(text.trim_end_matches('/')),
        Value::String(text) => Some(text),
        _ => None,
    }
}

fn removes(node: &Node) -> bool {
    table(node).and_then(|table| table.get("remove")).is_some_and(|entry| entry.node.value == Value::Boolean(true))
}

/// After the last layer: what still asks to remove something found nothing, and is taken out; profiles bring no layers.
pub fn settle(tree: &mut Table, errors: &mut Vec<LayerError>) {
    for (list, key) in KEYED {
        let Some(entry) = tree.entries.iter_mut().find(|entry| entry.name == list) else { continue };
        let Value::Array(elements) = &mut entry.node.value else { continue };
        elements.retain(|node| {
            if !removes(node) {
                return true;
            }
            let span = table(node).and_then(|table| table.get("remove")).map_or(node.span, |entry| entry.key_span);
            let what = format!("{} {}", list.trim_end_matches('s'), name_of(node, key).unwrap_or_default());
            errors.push(LayerError::RemovesNothing { span, what });
            false
        });
    }
    let profiles = tree.get("profiles").and_then(|entry| table(&entry.node));
    let all = profiles.into_iter().flat_map(|all| &all.entries).filter_map(|entry| table(&entry.node));
    for entry in all.flat_map(|profile| &profile.entries).filter(|entry| nests(&entry.name)) {
        errors.push(LayerError::Nested { span: entry.key_span, key: entry.name.clone() });
    }
}

/// Says whether a key brings further layers; a profile and a flag cannot.
pub fn nests(name: &str) -> bool {
    matches!(name, "extends" | "profiles")
}

/// The keys of a profile, if a layer has it.
pub fn take_profile(tree: &Table, name: &str, flag: Span, errors: &mut Vec<LayerError>) -> Option<Table> {
    let profiles = tree.get("profiles").and_then(|entry| table(&entry.node));
    let Some(profile) = profiles.and_then(|all| all.get(name)).and_then(|entry| table(&entry.node)) else {
        let known = profiles.map(|all| all.entries.iter().map(|entry| entry.name.clone()).collect());
        errors.push(LayerError::UnknownProfile { span: flag, name: name.to_owned(), known: known.unwrap_or_default() });
        return None;
    };
    let mut profile = profile.clone();
    profile.entries.retain(|entry| !nests(&entry.name));
    Some(profile)
}

#[cfg(test)]
mod tests {
    use super::super::super::{Sources, parse};
    use super::*;

    fn laid(texts: &[&str]) -> Table {
        let mut sources = Sources::default();
        let mut tree = Table::default();
        for text in texts {
            let id = sources.add("file", *text);
            lay(&mut tree, parse(&sources, id).0, &mut Vec::new());
        }
        tree
    }

    fn text(tree: &Table, path: &[&str]) -> Option<String> {
        let mut node = &tree.get(path[0])?.node;
        for name in &path[1..] {
            node = match &node.value {
                Value::Table(table) => &table.get(name)?.node,
                Value::Array(list) => list.get(name.parse::<usize>().ok()?)?,
                _ => return None,
            };
        }
        Some(match &node.value {
            Value::String(text) => text.clone(),
            other => format!("{other:?}"),
        })
    }

    #[test]
    fn tables_merge_and_the_rest_replaces() {
        let tree = laid(&[
            "args = [\"a\", \"b\"]\n[limits]\npids = 1\nmemory = \"1MiB\"",
            "args = [\"c\"]\n[limits]\npids = 2",
        ]);
        assert_eq!(text(&tree, &["limits", "pids"]).unwrap(), "Integer(2)");
        assert_eq!(text(&tree, &["limits", "memory"]).unwrap(), "1MiB");
        assert_eq!(text(&tree, &["args", "0"]).unwrap(), "c");
        assert!(text(&tree, &["args", "1"]).is_none());
    }

    #[test]
    fn mounts_merge_by_target() {
        let tree = laid(&[
            "[[mounts]]\ntarget = \"/a\"\nsource = \"x\"\n[[mounts]]\ntarget = \"/b\"\nsource = \"y\"",
            "[[mounts]]\ntarget = \"/a/\"\nreadonly = false\n[[mounts]]\ntarget = \"/b\"\nremove = true\n[[mounts]]\ntarget = \"/c\"",
        ]);
        assert_eq!(text(&tree, &["mounts", "0", "source"]).unwrap(), "x");
        assert_eq!(text(&tree, &["mounts", "0", "readonly"]).unwrap(), "Boolean(false)");
        assert_eq!(text(&tree, &["mounts", "1", "target"]).unwrap(), "/c");
    }

    #[test]
    fn a_new_source_of_the_root_takes_the_old_one_away() {
        let tree = laid(&["rootfs = \"alpine\"", "[rootfs]\nmode = \"overlay\"", "[rootfs]\nhost = true"]);
        assert!(text(&tree, &["rootfs", "path"]).is_none());
        assert_eq!(text(&tree, &["rootfs", "mode"]).unwrap(), "overlay");
    }

    #[test]
    fn values_remember_their_text() {
        let tree = laid(&["[limits]\npids = 1", "[limits]\nmemory = 5"]);
        let Value::Table(limits) = &tree.get("limits").unwrap().node.value else { panic!() };
        assert_eq!(limits.get("pids").unwrap().node.span.source, 0);
        assert_eq!(limits.get("memory").unwrap().node.span.source, 1);
    }
}
