//! The way from the root to the value that is being read, kept on the stack.

use std::fmt;

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
