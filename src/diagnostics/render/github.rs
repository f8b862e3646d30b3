//! Problems as commands of a GitHub workflow, which shows them beside the lines of a pull request.
//!
//! `::error file=…,line=…,endLine=…,col=…,endColumn=…,title=…::message`, one a line.

use super::super::Diagnostics;
use super::locate::{Finding, findings};
use super::safe::safe;
use crate::config::{Sources, Table};

/// Gives all problems as workflow commands.
pub fn github(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    findings(problems, tree, sources).iter().map(|finding| command(finding, sources)).collect()
}

fn command(finding: &Finding<'_>, sources: &Sources) -> String {
    let problem = finding.problem;
    let file = sources.name(finding.primary().map_or(0, |span| span.source));
    let mut head = format!("::{} file={}", problem.severity.as_str(), property(file));
    if let Some(span) = finding.primary() {
        let start = sources.position(span.source, span.start as usize);
        let end = sources.position(span.source, span.end as usize);
        head += &format!(",line={},endLine={}", start.line, end.line);
        // Columns are taken only within one line.
        if start.line == end.line {
            head += &format!(",col={},endColumn={}", start.column, end.column.max(start.column + 1) - 1);
        }
    }
    let mut message = problem.message.clone();
    for mark in finding.marks.iter().skip(1).filter(|mark| !mark.text.is_empty()) {
        if let Some(span) = mark.span {
            let at = sources.position(span.source, span.start as usize);
            message += &format!("\n{}:{}: {}", sources.name(span.source), at.line, mark.text);
        }
    }
    if let Some(help) = &problem.help {
        message += &format!("\nhelp: {help}");
    }
    format!("{head},title={}::{}\n", property(problem.code.as_str()), data(&message))
}

/// Escapes a message (as GitHub's own toolkit does).
fn data(text: &str) -> String {
    safe(text).replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes a property, in which `:` and `,` mean something too.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
