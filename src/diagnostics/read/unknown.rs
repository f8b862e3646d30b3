//! Keys that a table does not have: misspelt, of another table, of another tool, or of a later version.

use super::super::names::{self, Instead, Peer};
use super::super::suggest::normal;
use super::super::{Code, Problem, reserved as kept, suggest};
use super::describe::Describe;
use super::written::{kind, written};
use crate::config::{Entry, Node, Table, Value};

/// Most keys of an unknown table that get a label of their own.
const LEAVES: usize = 6;

/// Describes a key that is not known; `known` are those of its table.
pub(super) fn key(at: Describe<'_>, name: &str, known: &'static [&'static str]) -> Problem {
    let table = at.path().keys();
    let dotted = if table.is_empty() { name.to_owned() } else { format!("{table}.{name}") };
    if let Some(instead) = kept::key(&dotted) {
        return reserved(at, name, instead);
    }
    if let Some(near) = known.iter().find(|known| normal(known) == normal(name)) {
        return misspelt(at, name, near, &table);
    }
    let peer = names::find(&table, name);
    if let Some((who, peer)) = peer.filter(|(who, _)| *who == names::TABLE) {
        return foreign(at, name, who, peer, &table);
    }
    let homes = at.known.tables_with(name);
    if (1..=2).contains(&homes.len()) {
        return misplaced(at, name, &homes, &table);
    }
    if let Some((who, peer)) = peer {
        return foreign(at, name, who, peer, &table);
    }
    if let Some(near) = suggest(name, known.iter().copied()) {
        return misspelt(at, name, near, &table);
    }
    stranger(at, name, known, &table)
}

/// Describes a key that is kept for later.
pub(super) fn reserved(at: Describe<'_>, name: &str, instead: &str) -> Problem {
    let name = name.escape_debug();
    Problem::error(Code::ReservedKey, format!("`{name}` is known, not in this version"))
        .span(at.key(), "not built yet")
        .help(instead)
}

fn problem(at: Describe<'_>, name: &str, table: &str, label: &str) -> Problem {
    let place = if table.is_empty() { String::new() } else { format!(" in {}", at.name_of(table)) };
    Problem::error(Code::UnknownKey, format!("unknown key `{}`{place}", name.escape_debug())).span(at.key(), label)
}

fn misspelt(at: Describe<'_>, name: &str, near: &str, table: &str) -> Problem {
    let purpose = at.known.purpose(&at.path().then(near)).map(|purpose| format!(" {purpose}")).unwrap_or_default();
    problem(at, name, table, &format!("did you mean `{near}`?")).help(format!("write `{near}`:{purpose}"))
}

fn misplaced(at: Describe<'_>, name: &str, homes: &[String], table: &str) -> Problem {
    let home = &homes[0];
    let names: Vec<String> = homes.iter().map(|home| place_of(at, home)).collect();
    let key = at.known.spelling(home, name).unwrap_or_else(|| name.to_owned());
    let value = at.node_of(name).and_then(written).unwrap_or_else(|| "…".to_owned());
    let here = if home.is_empty() { key.clone() } else { format!("{home}.{key}") };
    let label = if table.is_empty() {
        "not a key at the top".to_owned()
    } else {
        format!("not a key of {}", at.name_of(table))
    };
    let above = if home.is_empty() { "move it up, above the first [table]:\n" } else { "write:\n" };
    Problem::error(Code::MisplacedKey, format!("`{key}` belongs {}", names.join(" or ")))
        .span(at.key(), label)
        .help(format!("{above}{}", at.lines(&here, &value, table)))
}

fn place_of(at: Describe<'_>, home: &str) -> String {
    if home.is_empty() { "at the top of the file".to_owned() } else { format!("in {}", at.name_of(home)) }
}

fn foreign(at: Describe<'_>, name: &str, who: &str, peer: &Peer, table: &str) -> Problem {
    let label = if who == names::TABLE { "another tool's name".to_owned() } else { format!("the name in {who}") };
    let value = at.node_of(name);
    problem(at, name, table, &label).help(instead(at, peer.instead, value, table)).labels_of(at, name)
}

/// What to write instead, as lines.
fn instead(at: Describe<'_>, instead: Instead, value: Option<&Node>, table: &str) -> String {
    match instead {
        Instead::Nothing(why) => why.to_owned(),
        Instead::Lines(here, lines) => {
            let (header, name) = (at.header(here, table), at.name_of(here));
            format!("here it is written in {name}:\n{header}{lines}")
        }
        Instead::Same(here, example) => {
            let fits = |node: &&Node| at.known.dotted(here).is_some_and(|schema| at.known.takes(schema, kind(node)));
            let value = value.filter(fits).and_then(written);
            named(at, here, &value.unwrap_or_else(|| example.to_owned()), table)
        }
        Instead::Like(here, example) => named(at, here, example, table),
    }
}

fn named(at: Describe<'_>, here: &str, value: &str, table: &str) -> String {
    let (home, key) = here.rsplit_once('.').unwrap_or(("", here));
    let place = match home {
        home if home == table => String::new(),
        "" => " at the top of the file".to_owned(),
        home => format!(" in {}", at.name_of(home)),
    };
    format!("here it is `{key}`{place}:\n{}", at.lines(here, value, table))
}

fn stranger(at: Describe<'_>, name: &str, known: &[&str], table: &str) -> Problem {
    let here = if table.is_empty() { "this file".to_owned() } else { at.name_of(table) };
    let help = if known.len() <= 16 {
        format!("{here} takes {}", known.join(", "))
    } else {
        "`launch schema` lists all keys; `launch explain KEY` tells about one".to_owned()
    };
    problem(at, name, table, &format!("not a key of {here}")).help(help).labels_of(at, name)
}

impl Describe<'_> {
    /// The value of a key of the table of the mistake.
    fn node_of(&self, name: &str) -> Option<&Node> {
        self.path().then(name).node(self.tree)
    }
}

impl Problem {
    /// Points at the keys inside an unknown table that have a name here.
    fn labels_of(mut self, at: Describe<'_>, name: &str) -> Self {
        let Some(Node { value: Value::Table(inner), .. }) = at.node_of(name) else { return self };
        let mut left = LEAVES;
        label_leaves(&mut self, at, inner, name, &mut left, 0);
        self
    }
}

fn label_leaves(problem: &mut Problem, at: Describe<'_>, table: &Table, way: &str, left: &mut usize, depth: usize) {
    for Entry { name, key_span, node } in &table.entries {
        let dotted = format!("{way}.{name}");
        let peer = names::find("", &dotted).or_else(|| names::find("", name)).and_then(|(_, peer)| peer.instead.here());
        let here = peer.map(str::to_owned).or_else(|| own(at, name));
        match (&node.value, here) {
            (Value::Table(inner), _) if depth < 4 => label_leaves(problem, at, inner, &dotted, left, depth + 1),
            (Value::Table(_), _) | (_, None) => {}
            (_, Some(here)) if *left > 0 => {
                *left -= 1;
                *problem = problem.clone().span(*key_span, format!("here it is `{here}`"));
            }
            (_, Some(_)) => {}
        }
    }
}

/// The dotted name of a key that is known in one place only.
fn own(at: Describe<'_>, name: &str) -> Option<String> {
    let homes = at.known.tables_with(name);
    let [home] = homes.as_slice() else { return None };
    let key = at.known.spelling(home, name)?;
    Some(if home.is_empty() { key } else { format!("{home}.{key}") })
}
