//! What can be wrong: mistakes with their places, all of a file in one run, and their rendering.
//!
//! Knows what the user wrote ([`crate::config`]); never what will be done about it, and never prints.

mod code;
mod file;
mod layers;
mod names;
mod problem;
mod read;
mod render;
mod reserved;
mod suggest;
mod syntax;

pub use code::{CODES, Code};
pub use file::{MAX_FILE_BYTES, decode};
pub use layers::{cycle, layers};
pub use problem::{Label, Place, Problem, Severity};
pub use read::read;
pub use render::{Style, github, json, render, render_alone, sarif, sarif_of_all};
pub use suggest::suggest;
pub use syntax::syntax;

use crate::config::Span;

/// All mistakes of a run, in the order in which they were found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Diagnostics {
    problems: Vec<Problem>,
    /// Values that had a mistake of shape and are not in the typed values; left-out elements shift the indexes there.
    left_out: Vec<Span>,
}

impl Diagnostics {
    /// Adds a problem, unless the very same is there already.
    pub fn push(&mut self, problem: Problem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Says whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.problems.is_empty()
    }

    /// How many problems there are.
    pub fn len(&self) -> usize {
        self.problems.len()
    }

    /// Says whether something keeps the container from being started.
    pub fn has_errors(&self) -> bool {
        self.problems.iter().any(|problem| problem.severity == Severity::Error)
    }

    /// Says whether there is a problem of that code.
    pub fn contains(&self, code: Code) -> bool {
        self.problems.iter().any(|problem| problem.code == code)
    }

    /// Remembers a value that the typed values do not have.
    fn leave_out(&mut self, value: Span) {
        self.left_out.push(value);
    }

    /// The values that the typed values do not have.
    fn left_out(&self) -> &[Span] {
        &self.left_out
    }

    /// The problems in the order in which they were found.
    pub fn iter(&self) -> std::slice::Iter<'_, Problem> {
        self.problems.iter()
    }
}

impl Extend<Problem> for Diagnostics {
    fn extend<I: IntoIterator<Item = Problem>>(&mut self, problems: I) {
        problems.into_iter().for_each(|problem| self.push(problem));
    }
}

impl IntoIterator for Diagnostics {
    type Item = Problem;
    type IntoIter = std::vec::IntoIter<Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.problems.into_iter()
    }
}

impl<'a> IntoIterator for &'a Diagnostics {
    type Item = &'a Problem;
    type IntoIter = std::slice::Iter<'a, Problem>;
    fn into_iter(self) -> Self::IntoIter {
        self.problems.iter()
    }
}

impl From<Problem> for Diagnostics {
    fn from(problem: Problem) -> Self {
        Self { problems: vec![problem], left_out: Vec::new() }
    }
}
