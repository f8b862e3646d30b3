//! Keys that a table does not have: misspelt, of another table, of another tool, or of a later version.

use super::super::names::{self, Instead, Peer};
use super::super::suggest::normal;
use super::super::{Code, Problem, reserved as kept, suggest};
use super::describe::Describe;
use super::leaves;
use super::takeover::taken_over;
use super::written::{kind, written};
use crate::config::Node;

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
    if let Some((_, peer)) = peer.filter(|(who, _)| *who == names::TABLE) {
        return foreign(at, name, "another tool's name", peer, &table);
    }
    let exactly = at.known.tables_with(|key| key == name);
    if (1..=2).contains(&exactly.len()) {
        return misplaced(at, name, &exactly, &table);
    }
    if let Some((who, peer)) = peer {
        return foreign(at, name, &format!("the name in {who}"), peer, &table);
    }
    let nearly = at.known.tables_with(|key| normal(key) == normal(name));
    if (1..=2).contains(&nearly.len()) {
        return misplaced(at, name, &nearly, &table);
    }
    if let Some(near) = suggest(name, known.iter().copied()) {
        return misspelt(at, name, near, &table);
    }
    stranger(at, name, known, &table)
}

/// Describes a key that is kept for later.
pub(super) fn reserved(at: Describe<'_>, name: &str, instead: &str) -> Problem {
    let message = format!("`{}` is known, not in this version", name.escape_debug());
    at.mark_key(Problem::error(Code::ReservedKey, message), name, "not built yet").help(instead)
}

fn problem(at: Describe<'_>, name: &str, table: &str, label: &str) -> Problem {
    let place = if table.is_empty() { String::new() } else { format!(" in {}", at.name_of(table)) };
    let message = format!("unknown key `{}`{place}", name.escape_debug());
    at.mark_key(Problem::error(Code::UnknownKey, message), name, label)
}

fn misspelt(at: Describe<'_>, name: &str, near: &str, table: &str) -> Problem {
    let purpose = at.known.purpose(&at.path().then(near)).map(|purpose| format!(": {purpose}")).unwrap_or_default();
    problem(at, name, table, &format!("did you mean `{near}`?"))
        .help(format!("write `{near}`{purpose}"))
        .meant(at.path().then(near).to_string())
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
    let help = match (kept::key(&here), home.is_empty()) {
        (Some(instead), _) => format!("there it is known, but not in this version: {instead}"),
        (None, true) => format!("move it up, above the first [table]:\n{}", at.lines(&here, &value, table)),
        (None, false) => format!("write:\n{}", at.lines(&here, &value, table)),
    };
    let message = format!("`{key}` belongs {}", names.join(" or "));
    at.mark_key(Problem::error(Code::MisplacedKey, message), name, label).help(help).meant(here)
}

fn place_of(at: Describe<'_>, home: &str) -> String {
    if home.is_empty() { "at the top of the file".to_owned() } else { format!("in {}", at.name_of(home)) }
}

fn foreign(at: Describe<'_>, name: &str, label: &str, peer: &Peer, table: &str) -> Problem {
    let problem = problem(at, name, table, label).help(instead(at, peer.instead, at.node_of(name), table));
    let problem = match peer.instead.here().map(|here| (here, here.rsplit_once('.'))) {
        Some((_, Some((home, key)))) if home == table => problem.meant(at.path().then(key).to_string()),
        Some((here, _)) => problem.meant(here),
        None => problem,
    };
    leaves::label(problem, at, name)
}

/// What to write instead, as lines.
fn instead(at: Describe<'_>, instead: Instead, value: Option<&Node>, table: &str) -> String {
    if let Some(later) = instead.here().and_then(|here| kept::key(here).map(|instead| (here, instead))) {
        return format!("here it is `{}`, which is known, but not in this version: {}", later.0, later.1);
    }
    match instead {
        Instead::Nothing(why) => why.to_owned(),
        Instead::Lines(here, lines) => {
            let lines = value.and_then(|value| taken_over(here, value)).unwrap_or_else(|| lines.to_owned());
            format!("here it is written in {}:\n{}{lines}", at.name_of(here), at.header(here, table))
        }
        Instead::Same(here, example) => {
            let fits = |node: &&Node| at.known.dotted(here).is_some_and(|schema| at.known.takes(schema, kind(node)));
            let value = value.filter(fits).and_then(written);
            named(at, here, &value.unwrap_or_else(|| example.to_owned()), table)
        }
        Instead::Like(here, example) => {
            let value = value.and_then(|value| taken_over(here, value));
            named(at, here, &value.unwrap_or_else(|| example.to_owned()), table)
        }
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
    leaves::label(problem(at, name, table, &format!("not a key of {here}")).help(help), at, name)
}

impl Describe<'_> {
    /// The value of a key of the table of the mistake.
    pub(super) fn node_of(&self, name: &str) -> Option<&Node> {
        self.path().then(name).node(self.tree)
    }
}
