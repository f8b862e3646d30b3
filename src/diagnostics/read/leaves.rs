//! What is inside an unknown table: each key of it that has a name here gets a label with that name.
//!
//! So a whole section of another tool's file is answered at once.

use super::super::{Problem, names};
use super::describe::Describe;
use crate::config::{Entry, Node, Table, Value};

/// Most keys that get a label of their own.
const LABELS: usize = 8;
/// How deep tables in tables are looked into.
const DEPTH: usize = 4;

/// Points at the keys inside the table `name` that have a name here.
pub(super) fn label(problem: Problem, at: Describe<'_>, name: &str) -> Problem {
    let Some(Node { value: Value::Table(inner), .. }) = at.node_of(name) else { return problem };
    let mut found = Vec::new();
    collect(at, inner, name, &mut found, 0);
    found.into_iter().take(LABELS).fold(problem, |problem, (entry, way, here)| {
        problem.known(entry.key_span, way, format!("here it is `{here}`")).meant(here)
    })
}

fn collect<'t>(
    at: Describe<'_>,
    table: &'t Table,
    way: &str,
    found: &mut Vec<(&'t Entry, String, String)>,
    depth: usize,
) {
    for entry in &table.entries {
        let dotted = format!("{way}.{}", entry.name);
        let here = || names::find("", &dotted).or_else(|| names::find("", &entry.name));
        match &entry.node.value {
            Value::Table(inner) if depth < DEPTH => collect(at, inner, &dotted, found, depth + 1),
            Value::Table(_) => {}
            _ => {
                let peer = here().and_then(|(_, peer)| peer.instead.here()).map(str::to_owned);
                found.extend(peer.or_else(|| own(at, &entry.name)).map(|here| (entry, dotted, here)));
            }
        }
    }
}

/// The dotted name of a key that is known in one place only.
fn own(at: Describe<'_>, name: &str) -> Option<String> {
    let homes = at.known.tables_with(|key| key == name);
    match homes.as_slice() {
        [home] if home.is_empty() => Some(name.to_owned()),
        [home] => Some(format!("{home}.{name}")),
        _ => None,
    }
}
