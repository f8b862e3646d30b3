//! The way from the root to the value that is being read, kept on the stack.

use std::fmt;

use crate::config::{Node, Table, Value};

/// A value on the way, and the one that it is in.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way<'w> {
    /// Whose part it is; none for the root.
    pub(super) parent: Option<&'w Way<'w>>,
    /// Which part.
    pub(super) step: Step<'w>,
}

/// One part of a path.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step<'w> {
    /// The whole file.
    Root,
    /// A key of a table.
    Key(&'w str),
    /// An element of an array.
    Index(usize),
}

/// A path that outlives the reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Path(pub(super) Vec<Part>);

/// One part of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Part {
    /// A key of a table.
    Key(String),
    /// An element of an array.
    Index(usize),
}

impl Way<'_> {
    /// Says whether a key of this table has that dotted path; elements of arrays do not count.
    pub(super) fn leads_to(&self, name: &str, dotted: &str) -> bool {
        let Some(rest) = dotted.strip_suffix(name) else { return false };
        let mut table = Some(self);
        let mut rest = rest.strip_suffix('.').or(rest.is_empty().then_some(""));
        while let (Some(way), Some(left)) = (table, rest) {
            match way.step {
                Step::Root => return left.is_empty(),
                Step::Index(_) => {}
                Step::Key(key) => {
                    rest = left
                        .strip_suffix(key)
                        .and_then(|left| left.strip_suffix('.').or(left.is_empty().then_some("")));
                }
            }
            table = way.parent;
        }
        false
    }

    /// The root.
    pub(super) const ROOT: Way<'static> = Way { parent: None, step: Step::Root };

    /// Copies the way from the root to here.
    pub(super) fn path(&self) -> Path {
        let mut path = self.parent.map(Way::path).unwrap_or_default();
        match self.step {
            Step::Root => {}
            Step::Key(name) => path.0.push(Part::Key(name.to_owned())),
            Step::Index(index) => path.0.push(Part::Index(index)),
        }
        path
    }
}

impl Path {
    /// The path of a dotted name without indexes.
    pub(super) fn dotted(name: &str) -> Self {
        Self(name.split('.').filter(|key| !key.is_empty()).map(|key| Part::Key(key.to_owned())).collect())
    }

    /// The keys alone, as in `mounts.target`: what tables of names are looked up by.
    pub(super) fn keys(&self) -> String {
        let keys = self.0.iter().filter_map(|part| match part {
            Part::Key(name) => Some(name.as_str()),
            Part::Index(_) => None,
        });
        keys.collect::<Vec<_>>().join(".")
    }

    /// The path of a part of this.
    pub(super) fn then(&self, key: &str) -> Self {
        let mut path = self.clone();
        path.0.push(Part::Key(key.to_owned()));
        path
    }

    /// The last part, if it is a key.
    pub(super) fn last_key(&self) -> Option<&str> {
        match self.0.last()? {
            Part::Key(name) => Some(name),
            Part::Index(_) => None,
        }
    }

    /// The value there.
    pub(super) fn node<'t>(&self, tree: &'t Table) -> Option<&'t Node> {
        let (Part::Key(first), rest) = self.0.split_first()? else { return None };
        rest.iter().try_fold(&tree.get(first)?.node, |node, part| match (part, &node.value) {
            (Part::Key(name), Value::Table(table)) => table.get(name).map(|entry| &entry.node),
            (Part::Index(index), Value::Array(list)) => list.get(*index),
            _ => None,
        })
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, part) in self.0.iter().enumerate() {
            match part {
                Part::Key(name) => write!(f, "{}{}", if number == 0 { "" } else { "." }, name.escape_debug())?,
                Part::Index(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}
