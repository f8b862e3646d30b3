//! Problems as SARIF 2.1.0 (OASIS standard), for code scanning.
//!
//! One run, one rule a code that occurs, one result a problem; further labels are related locations.

use serde_json::{Value, json};

use super::super::{Code, Diagnostics, Severity};
use super::locate::{Finding, Mark, findings};
use crate::config::{Sources, Span, Table};

/// Gives all problems of a file as a SARIF log, indented, with a newline at its end.
pub fn sarif(problems: &Diagnostics, tree: &Table, sources: &Sources) -> String {
    sarif_of_all([(problems, tree, sources)])
}

/// Gives all problems of several files as one SARIF log with one run: a log is a single JSON object.
pub fn sarif_of_all<'f>(files: impl IntoIterator<Item = (&'f Diagnostics, &'f Table, &'f Sources)>) -> String {
    let look = |(problems, tree, sources)| (findings(problems, tree, sources), sources);
    let files: Vec<(Vec<Finding<'_>>, &Sources)> = files.into_iter().map(look).collect();
    let mut codes: Vec<Code> =
        files.iter().flat_map(|(findings, _)| findings).map(|found| found.problem.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let results =
        files.iter().flat_map(|(findings, sources)| findings.iter().map(|finding| result(finding, &codes, sources)));
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "launch",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(*code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results.collect::<Vec<_>>(),
        }],
    });
    format!("{log:#}\n")
}

fn rule(code: Code) -> Value {
    json!({
        "id": code.as_str(),
        "shortDescription": { "text": code.why() },
        "help": { "text": code.explanation() },
    })
}

fn result(finding: &Finding<'_>, codes: &[Code], sources: &Sources) -> Value {
    let problem = finding.problem;
    let help = problem.help.as_ref().map(|help| format!("\n{help}")).unwrap_or_default();
    let (first, rest) = finding.marks.split_first().map_or((None, [].as_slice()), |(first, rest)| (Some(first), rest));
    let related: Vec<Value> = rest.iter().enumerate().map(|(number, mark)| related(number, mark, sources)).collect();
    json!({
        "ruleId": problem.code.as_str(),
        "ruleIndex": codes.binary_search(&problem.code).unwrap_or(0),
        "level": match problem.severity { Severity::Error => "error", Severity::Warning => "warning" },
        "message": { "text": format!("{}{help}", problem.message) },
        "locations": [location(first.and_then(|mark| mark.span), sources)],
        "relatedLocations": related,
    })
}

fn related(number: usize, mark: &Mark<'_>, sources: &Sources) -> Value {
    let mut location = location(mark.span, sources);
    location["id"] = json!(number + 1);
    location["message"] = json!({ "text": mark.text });
    location
}

fn location(span: Option<Span>, sources: &Sources) -> Value {
    let file = sources.name(span.map_or(0, |span| span.source));
    let mut physical = json!({ "artifactLocation": { "uri": uri(file) } });
    if let Some(span) = span {
        let start = sources.position(span.source, span.start as usize);
        let end = sources.position(span.source, span.end as usize);
        physical["region"] = json!({
            "startLine": start.line, "startColumn": start.column, "endLine": end.line, "endColumn": end.column,
            "byteOffset": start.offset, "byteLength": end.offset - start.offset,
        });
    }
    json!({ "physicalLocation": physical })
}

/// A path as a URI reference (RFC 3986): what is not unreserved or a slash is percent-encoded.
fn uri(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~' | b'/');
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    path.bytes().map(encode).collect()
}
