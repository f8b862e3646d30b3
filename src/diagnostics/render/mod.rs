//! Problems as text: for people, for programs, for code review.
//!
//! Only here are paths turned into places. Never prints.

mod locate;

use std::fmt::Write;

use super::Diagnostics;
use crate::config::{Sources, Table};

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

/// Draws all problems for people, and a last line that counts them.
pub fn render(problems: &Diagnostics, tree: &Table, sources: &Sources, style: Style) -> String {
    let _ = style;
    let mut out = String::new();
    for problem in problems {
        let _ = writeln!(out, "{}[{}]: {}", problem.severity.as_str(), problem.code, problem.message);
        for label in &problem.labels {
            let span = locate::locate(&label.place, tree, sources);
            let at = sources.position(span.source, span.start as usize);
            let _ = writeln!(out, "  {}:{}:{}: {}", sources.name(span.source), at.line, at.column, label.text);
        }
        if let Some(help) = &problem.help {
            let _ = writeln!(out, "  help: {help}");
        }
    }
    out
}

/// Gives all problems as JSON.
pub fn json(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    render(problems, tree, sources, Style { color: false, unicode: false, width: 80 })
}

/// Gives all problems as commands of a GitHub workflow.
pub fn github(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    json(problems, tree, sources)
}

/// Gives all problems as SARIF 2.1.0.
pub fn sarif(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    json(problems, tree, sources)
}
