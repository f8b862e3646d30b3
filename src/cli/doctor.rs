//! `launch doctor [FILE] [--json]`: what this host can do, what each missing thing costs, and the command that mends it.

use super::args::{DoctorWords, Global};
use std::fmt::Write as _;
use std::io::Write as _;

use super::exit::ExitCode;
use super::style;
use crate::pipeline::{Finding, doctor as examine, load};
use crate::runtime::probe;

/// Prints the table, and what is wrong with a file on this host; 1 where the file cannot be run here.
pub(super) fn doctor(words: &DoctorWords, global: &Global) -> ExitCode {
    // A launch lets go of its standard output, so that whoever reads it sees the command's end.
    let Ok(mut out) = crate::runtime::duplicate(1).map(std::fs::File::from) else { return ExitCode::FAILURE };
    let findings = examine();
    let text =
        if words.json { serde_json::to_string_pretty(&findings).unwrap_or_default() + "\n" } else { table(&findings) };
    if out.write_all(text.as_bytes()).is_err() {
        return ExitCode::FAILURE;
    }
    let Some(file) = &words.file else { return ExitCode::SUCCESS };
    let mut loaded = load(file, Vec::new(), None);
    let host = probe(&loaded.questions());
    let plan = loaded.plan(&host);
    style::show(&loaded, global);
    for note in plan.iter().flat_map(|plan| &plan.notes) {
        eprintln!("launch: {note}");
    }
    ExitCode::from(u8::from(loaded.problems.has_errors()))
}

fn table(findings: &[Finding]) -> String {
    let mut text = String::new();
    for finding in findings {
        let _ = writeln!(text, "{}  {}", if finding.works { "yes" } else { "no " }, finding.what);
        let lines = [("why", finding.reason.as_deref()), ("cost", finding.costs), ("fix", finding.fix.as_deref())];
        for (name, line) in lines.into_iter().filter_map(|(name, line)| Some((name, line?))) {
            let _ = writeln!(text, "       {name:<4} {line}");
        }
    }
    text
}
