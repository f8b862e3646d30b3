//! Problems as JSON, for programs. The form is stable: keys are added, never changed.
//!
//! `{ version, file, errors, warnings, problems: [{ code, severity, message, help, labels: [{ file, key, message,
//! primary, start: { line, column, offset }, end: {…} }] }] }`. Lines and columns count from 1, columns in characters,
//! offsets from 0 in bytes; a label of the file as a whole has neither `start` nor `end`.

use serde::Serialize;

use super::super::{Diagnostics, Severity};
use super::locate::{Finding, findings};
use crate::config::{Position, Sources, Table};

#[derive(Serialize)]
struct Report<'r> {
    version: u32,
    file: &'r str,
    errors: usize,
    warnings: usize,
    problems: Vec<Item<'r>>,
}

#[derive(Serialize)]
struct Item<'r> {
    code: &'r str,
    severity: &'r str,
    message: &'r str,
    help: Option<&'r str>,
    labels: Vec<Mark<'r>>,
}

#[derive(Serialize)]
struct Mark<'r> {
    file: &'r str,
    key: Option<String>,
    message: &'r str,
    primary: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    start: Option<Point>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end: Option<Point>,
}

#[derive(Serialize)]
struct Point {
    line: usize,
    column: usize,
    offset: usize,
}

impl From<Position> for Point {
    fn from(Position { line, column, offset }: Position) -> Self {
        Self { line, column, offset }
    }
}

/// Gives all problems as one JSON object, indented, with a newline at its end.
pub fn json(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    let findings = findings(problems, tree, sources);
    let count = |severity| findings.iter().filter(|finding| finding.problem.severity == severity).count();
    let report = Report {
        version: 1,
        file: sources.name(0),
        errors: count(Severity::Error),
        warnings: count(Severity::Warning),
        problems: findings.iter().map(|finding| item(finding, sources)).collect(),
    };
    // Strings and numbers only: nothing that JSON cannot say.
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
    text.push('\n');
    text
}

fn item<'r>(finding: &'r Finding<'r>, sources: &'r Sources) -> Item<'r> {
    let problem = finding.problem;
    Item {
        code: problem.code.as_str(),
        severity: problem.severity.as_str(),
        message: &problem.message,
        help: problem.help.as_deref(),
        labels: finding.marks.iter().enumerate().map(|(number, mark)| label(number, mark, sources)).collect(),
    }
}

fn label<'r>(number: usize, mark: &'r super::locate::Mark<'r>, sources: &'r Sources) -> Mark<'r> {
    let point = |offset: u32, source| Point::from(sources.position(source, offset as usize));
    Mark {
        file: sources.name(mark.span.map_or(0, |span| span.source)),
        key: mark.key.clone(),
        message: mark.text,
        primary: number == 0,
        start: mark.span.map(|span| point(span.start, span.source)),
        end: mark.span.map(|span| point(span.end, span.source)),
    }
}
