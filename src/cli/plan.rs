//! `launch plan [FILE]`: shows what would be done, and does nothing.

mod origin;

use super::exit::ExitCode;
use std::fmt::Write as _;
use std::path::Path;

use super::args::{Global, PlanWords};
use super::style;
use crate::pipeline::{EXIT_OWN, load_with};
use crate::plan::{Origin, Phase, Plan};

/// Prints the plan.
pub(super) fn plan(words: &PlanWords, global: &Global) -> ExitCode {
    let file = words.file.as_deref().unwrap_or(Path::new("container.toml"));
    let replace = (!words.replace.is_empty()).then(|| words.replace.clone());
    let mut loaded = load_with(file, Vec::new(), replace, &global.overrides());
    if words.origin {
        print!("{}", origin::origins(&loaded));
    }
    let host = match super::host(&loaded, &words.host) {
        Ok(host) => host,
        Err(message) => {
            eprintln!("launch: {message}");
            return ExitCode::from(EXIT_OWN);
        }
    };
    let plan = loaded.plan(&host);
    style::show(&loaded, global);
    let Some(plan) = plan else { return ExitCode::from(EXIT_OWN) };
    if words.origin {
        return ExitCode::SUCCESS;
    }
    let text = if words.json {
        serde_json::to_string_pretty(&plan).map(|text| text + "\n").unwrap_or_default()
    } else {
        human(&plan)
    };
    print!("{text}");
    ExitCode::SUCCESS
}

/// A table of contents: what the file may reach, then the steps by phase, with the key that asked for each.
fn human(plan: &Plan) -> String {
    let mut text = format!("{}\n", plan.name);
    reach(&mut text, plan);
    let mut phase = None;
    for step in &plan.steps {
        if phase != Some(step.phase) {
            phase = Some(step.phase);
            let _ = writeln!(text, "\n{}", step.phase.title());
        }
        let _ = match &step.origin {
            Origin::Written(at) => writeln!(text, "  {}  [{at}]", step.action),
            Origin::Default => writeln!(text, "  {}", step.action),
        };
        if step.phase == Phase::Exec {
            for (name, value) in &plan.env {
                let _ = writeln!(text, "    {name}={}", value.as_os_str().to_string_lossy().escape_debug());
            }
        }
    }
    if !plan.notes.is_empty() {
        let _ = writeln!(text, "\nnotes");
        for note in &plan.notes {
            let _ = writeln!(text, "  {note}");
        }
    }
    text
}

fn reach(text: &mut String, plan: &Plan) {
    if plan.reach.is_empty() {
        let _ = writeln!(text, "\nreaches nothing of the host but its own root");
        return;
    }
    let _ = writeln!(text, "\nreaches on the host");
    for reach in &plan.reach {
        let mark = if reach.grave { '!' } else { ' ' };
        let at = if let Origin::Written(at) = &reach.origin { format!("  [{at}]") } else { String::new() };
        let _ = writeln!(text, "{mark} {}{at}", reach.what);
    }
}
