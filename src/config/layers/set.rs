//! `--set key=value`: one flag as a text of its own, so that a mistake in it points into the flag.

use super::super::parse;
use super::super::tree::{Entry, Node, Sources, Span, Table, Value};
use super::LayerError;

/// Reads a flag whose text is the source `id`. The value is TOML, or else a plain string; where `takes_text` says that
/// the key takes nothing but strings it is always one, since shells take the quotes away.
pub fn assignment(sources: &Sources, id: u16, takes_text: &dyn Fn(&[String]) -> bool) -> Result<Table, LayerError> {
    let text = sources.text(id);
    let whole = LayerError::NotAnAssignment { span: Span::new(id, 0..text.len()) };
    let Some((key, value)) = text.split_once('=') else { return Err(whole) };
    // The key alone first: what stands behind the sign may be anything.
    let mut scratch = Sources::default();
    for _ in 0..id {
        scratch.add("", "");
    }
    scratch.add("", format!("{key}=\"\""));
    let (mut tree, errors) = parse(&scratch, id);
    if !errors.is_empty() || key.contains('\n') {
        return Err(whole);
    }
    let mut path = Vec::new();
    let Some(leaf) = leaf(&mut tree, &mut path) else { return Err(whole) };
    let span = Span::new(id, key.len() + 1..text.len());
    let quoted = value.trim_start().starts_with(['"', '\'']);
    let (typed, errors) = parse(sources, id);
    *leaf = match whole_value(typed, path.len()) {
        Some(node) if errors.is_empty() && (quoted || !takes_text(&path)) => node,
        _ => Node { span, value: Value::String(value.to_owned()) },
    };
    Ok(tree)
}

/// The one value at the end of dotted tables.
fn leaf<'t>(table: &'t mut Table, path: &mut Vec<String>) -> Option<&'t mut Node> {
    let [Entry { name, node, .. }] = table.entries.as_mut_slice() else { return None };
    path.push(name.clone());
    if matches!(node.value, Value::Table(_)) {
        let Value::Table(inner) = &mut node.value else { return None };
        return leaf(inner, path);
    }
    Some(node)
}

/// The value that was typed, below `depth` keys; a table in braces is a value too.
fn whole_value(mut table: Table, depth: usize) -> Option<Node> {
    let node = table.entries.pop().filter(|_| table.entries.is_empty())?.node;
    match node.value {
        Value::Table(inner) if depth > 1 => whole_value(inner, depth - 1),
        _ => Some(node),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Table, LayerError> {
        let mut sources = Sources::default();
        sources.add("container.toml", "");
        let id = sources.add("--set", text);
        assignment(&sources, id, &|path| path.len() == 1 && path[0] == "user")
    }

    fn value(text: &str) -> Value {
        let mut tree = read(text).unwrap();
        leaf(&mut tree, &mut Vec::new()).unwrap().value.clone()
    }

    #[test]
    fn values_are_toml_or_else_text() {
        assert_eq!(value("limits.pids=10"), Value::Integer(10));
        assert_eq!(value("limits.memory=50MiB"), Value::String("50MiB".into()));
        assert_eq!(value("hostname=my box"), Value::String("my box".into()));
        assert_eq!(value("hostname=\"box\""), Value::String("box".into()));
        assert_eq!(value("user=1000"), Value::String("1000".into()));
        assert_eq!(value("env.A=x=y"), Value::String("x=y".into()));
        assert!(matches!(value("args=[\"-c\", \"x\"]"), Value::Array(list) if list.len() == 2));
        assert_eq!(value("rootfs.host=true"), Value::Boolean(true));
        assert_eq!(value("name="), Value::String(String::new()));
    }

    #[test]
    fn what_is_no_assignment_is_refused() {
        for text in ["pids", "", "=1", "a b=1", "a\nb=1"] {
            assert!(read(text).is_err(), "{text:?}");
        }
    }
}
