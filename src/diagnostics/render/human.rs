//! Problems as pictures for people, drawn by miette's graphical handler.
//!
//! The head, the help and the count are ours; of miette's report only the excerpt is taken.

use std::fmt;

use miette::{
    Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles,
};

use super::super::{Diagnostics, Severity};
use super::Style;
use super::excerpt::Excerpt;
use super::locate::{Finding, Mark, findings};
use super::safe::safe;
use crate::config::{Sources, Span, Table};

/// Most problems that are drawn; the rest is counted.
const SHOWN: usize = 50;
/// Marks of one file that are further apart than this, in lines, get excerpts of their own.
const NEAR: usize = 3;

/// Draws all problems and counts them in a last line.
pub fn render(problems: &Diagnostics, tree: &Table, sources: &Sources, style: Style) -> String {
    let findings = findings(problems, tree, sources);
    if findings.is_empty() {
        return String::new();
    }
    let pen = Pen { sources, style };
    let mut out = String::new();
    for finding in findings.iter().take(SHOWN) {
        pen.problem(&mut out, finding);
        out.push('\n');
    }
    pen.count(&mut out, &findings);
    out
}

/// Draws all problems without counting them: for a failure at run time.
pub fn render_alone(problems: &Diagnostics, tree: &Table, sources: &Sources, style: Style) -> String {
    let pen = Pen { sources, style };
    let mut out = String::new();
    for finding in findings(problems, tree, sources).iter().take(SHOWN) {
        pen.problem(&mut out, finding);
    }
    out
}

/// What drawing needs.
#[derive(Debug, Clone, Copy)]
struct Pen<'s> {
    sources: &'s Sources,
    style: Style,
}

impl Pen<'_> {
    fn width(self) -> usize {
        self.style.width.clamp(40, 160)
    }

    fn problem(self, out: &mut String, finding: &Finding<'_>) {
        let problem = finding.problem;
        let head = format!("{}[{}]", problem.severity.as_str(), problem.code);
        let text = wrap(&format!("{head}: {}", safe(&problem.message)), self.width(), "  ");
        out.push_str(&self.paint(colour(problem.severity), &head));
        out.push_str(&self.paint(BOLD, text.strip_prefix(&head).unwrap_or(&text)));
        out.push('\n');
        self.excerpts(out, finding);
        if let Some(help) = &problem.help {
            self.help(out, help);
        }
    }

    /// One excerpt for each group of marks; the group of the mistake itself first.
    fn excerpts(self, out: &mut String, finding: &Finding<'_>) {
        let groups = self.groups(&finding.marks);
        if groups.is_empty() && !self.sources.is_empty() {
            let (top, bottom) = if self.style.unicode { ("╭─", "╰─") } else { (",-", "`-") };
            let text = finding.marks.first().map_or("", |mark| mark.text);
            let name = self.paint(CYAN, &safe(self.sources.name(0)));
            out.push_str(&format!("   {top}[{name}]\n   {bottom}{}\n", pad(&safe(text))));
        }
        for group in groups {
            let gutter = 8;
            let excerpt = Excerpt::new(self.sources, &group, group[0].0, self.width() - gutter);
            out.push_str(&self.draw(excerpt, finding.problem.severity));
        }
    }

    /// Marks that can stand in one excerpt, together.
    fn groups<'m>(self, marks: &[Mark<'m>]) -> Vec<Vec<(Span, &'m str)>> {
        let line = |span: Span| self.sources.position(span.source, span.start as usize).line;
        let mut groups: Vec<Vec<(Span, &'m str)>> = Vec::new();
        for mark in marks {
            let Some(span) = mark.span else { continue };
            let near =
                |(other, _): &(Span, &str)| other.source == span.source && line(*other).abs_diff(line(span)) <= NEAR;
            match groups.iter_mut().find(|group| group.iter().any(near)) {
                // Two marks on the very same place: the first one speaks.
                Some(group) if group.iter().any(|(other, _)| overlap(*other, span)) => {}
                Some(group) => group.push((span, mark.text)),
                None => groups.push(vec![(span, mark.text)]),
            }
        }
        groups
    }

    /// Lets miette draw, and takes the excerpt out of its report.
    fn draw(self, excerpt: Excerpt, severity: Severity) -> String {
        let theme = self.theme(&excerpt.labels, severity);
        let top = theme.characters.ltop;
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(self.width())
            .with_context_lines(1)
            .without_cause_chain();
        let mut report = String::new();
        if handler.render_report(&mut report, &Picture(excerpt)).is_err() {
            return String::new();
        }
        let lines = report.lines().skip_while(|line| !line.contains(top)).map(str::trim_end);
        lines.flat_map(|line| [line, "\n"]).collect()
    }

    fn theme(self, labels: &[LabeledSpan], severity: Severity) -> GraphicalTheme {
        let styles = if self.style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
        let characters = if self.style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
        let main = match severity {
            Severity::Error => styles.error,
            Severity::Warning => styles.warning,
        };
        let other = styles.advice;
        let mut order: Vec<&LabeledSpan> = labels.iter().collect();
        order.sort_by_key(|label| label.offset());
        let highlights = order.iter().map(|label| if label.primary() { main } else { other }).collect();
        GraphicalTheme { characters, styles: ThemeStyles { highlights, ..styles } }
    }

    /// The first line is text; further lines are lines of a file and keep their shape.
    fn help(self, out: &mut String, help: &str) {
        let help = safe(help);
        let (text, lines) = help.split_once('\n').unwrap_or((&help, ""));
        let text = wrap(text, self.width() - 8, "        ");
        out.push_str(&format!("  {} {text}\n", self.paint(CYAN, "help:")));
        for line in lines.lines() {
            let line = format!("        {}", self.paint(GREEN, line));
            out.push_str(&format!(
                "{}
",
                line.trim_end()
            ));
        }
    }

    fn count(self, out: &mut String, findings: &[Finding<'_>]) {
        let of = |severity| findings.iter().filter(|finding| finding.problem.severity == severity).count();
        let (errors, warnings) = (of(Severity::Error), of(Severity::Warning));
        let many = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        let counts =
            [(errors, "error", RED), (warnings, "warning", YELLOW)].into_iter().filter(|(count, ..)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, word, colour)| self.paint(colour, &many(count, word))).collect();
        let name = if self.sources.is_empty() { "launch" } else { self.sources.name(0) };
        let hidden = findings.len().saturating_sub(SHOWN);
        let hidden = if hidden > 0 { format!(" ({hidden} not shown)") } else { String::new() };
        out.push_str(&format!("{}: {}{hidden}\n", safe(name), counts.join(", ")));
    }

    fn paint(self, colour: &str, text: &str) -> String {
        if self.style.color && !text.is_empty() { format!("\u{1b}[{colour}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

const BOLD: &str = "1";
const RED: &str = "31";
const GREEN: &str = "32";
const YELLOW: &str = "33";
const CYAN: &str = "36";

fn colour(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
    }
}

fn pad(text: &str) -> String {
    if text.is_empty() { String::new() } else { format!(" {text}") }
}

fn overlap(a: Span, b: Span) -> bool {
    a == b || (a.source == b.source && a.start < b.end && b.start < a.end)
}

/// Breaks a text at blanks; what has none stays whole.
fn wrap(text: &str, width: usize, indent: &str) -> String {
    let mut out = String::new();
    let mut column = 0;
    for word in text.split(' ') {
        let length = word.chars().count();
        if column > 0 && column + 1 + length > width {
            out.push('\n');
            out.push_str(indent);
            column = indent.len();
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += length;
    }
    out
}

/// An excerpt as a diagnostic of miette's: without words, which are ours.
#[derive(Debug)]
struct Picture(Excerpt);

impl fmt::Display for Picture {
    fn fmt(&self, _: &mut fmt::Formatter<'_>) -> fmt::Result {
        Ok(())
    }
}

impl std::error::Error for Picture {}

impl Diagnostic for Picture {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.0)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.0.labels.iter().cloned()))
    }
}
