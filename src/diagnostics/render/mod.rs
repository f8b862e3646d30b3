//! Problems as text: for people, for programs, for code review.
//!
//! Only here are paths turned into places. Never prints.

mod excerpt;
mod follows;
mod github;
mod human;
mod json;
mod locate;
mod safe;
mod sarif;
#[cfg(test)]
mod tests;

pub use github::github;
pub use human::{render, render_alone};
pub use json::json;
pub use sarif::{sarif, sarif_of_all};

/// How the picture is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// With ANSI colours.
    pub color: bool,
    /// With box-drawing characters, else ASCII.
    pub unicode: bool,
    /// Columns of the terminal.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { color: false, unicode: true, width: 100 }
    }
}
