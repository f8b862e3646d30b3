//! The counts that do not wobble: system calls by name and instructions of a launch, held against `benches/baseline.json`.
//!
//! A count that grows by more than 3 % fails until the baseline is changed on purpose: `UPDATE=1`. The command is a program of
//! two instructions, so that the counts are ours alone.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};

use crate::arguments::Arguments;
use crate::ours::{self, LAUNCH};
use crate::place::Place;
use crate::variant::Job;
use crate::{Result, system_calls};

/// What one launch costs.
#[derive(Serialize, Deserialize, Clone, PartialEq)]
struct Counts {
    /// In user space, of the launcher and of its children until they execute.
    instructions: u64,
    system_calls: BTreeMap<String, u64>,
}

/// Counts by job, by target: another libc starts in another way.
type Baseline = BTreeMap<String, BTreeMap<String, Counts>>;

const TARGET: &str = if cfg!(target_arch = "x86_64") { "x86_64" } else { "aarch64" };

/// Counts, compares, and writes the baseline if `UPDATE=1`.
pub(crate) fn check(place: &Place, arguments: &Arguments) -> Result<String> {
    let mut baseline = read()?;
    let target = format!("{TARGET}-{}", libc_of(Path::new(LAUNCH))?);
    let counted = count_all(place, arguments)?;
    if std::env::var_os("UPDATE").is_some_and(|v| v == "1") {
        baseline.insert(target, counted);
        let text = serde_json::to_string_pretty(&baseline).map_err(|e| e.to_string())?;
        fs::write(path(), text + "\n").map_err(|e| format!("writing the baseline: {e}"))?;
        return Ok(format!("written: {}", path().display()));
    }
    let known = baseline.get(&target).ok_or_else(|| format!("no baseline for {target}: write one with UPDATE=1"))?;
    compare(known, &counted)
}

fn count_all(place: &Place, arguments: &Arguments) -> Result<BTreeMap<String, Counts>> {
    let mut counted = BTreeMap::new();
    for variant in ours::variants(place, arguments)? {
        counted.insert(variant.title(), count(place, &(variant.command_line)(Job::Nop, 0))?);
    }
    let file = ours::file_of_lines(place, 100)?;
    let line = [LAUNCH, "check", &file].map(ToString::to_string);
    counted.insert("launch check (100 lines)".into(), count(place, &line)?);
    Ok(counted)
}

fn count(place: &Place, line: &[String]) -> Result<Counts> {
    let out = place.scratch.join("instructions");
    let mut command = Command::new(&place.instructions);
    command.arg(&out).args(line);
    system_calls::run(place, command, line)?;
    let text = fs::read_to_string(&out).map_err(|e| format!("reading the number of instructions: {e}"))?;
    let instructions = text.trim().parse().map_err(|e| format!("the number of instructions {text:?}: {e}"))?;
    Ok(Counts { instructions, system_calls: system_calls::count(place, line)? })
}

/// The report; an error if a count has grown too much, or if a job is not in the baseline.
fn compare(known: &BTreeMap<String, Counts>, counted: &BTreeMap<String, Counts>) -> Result<String> {
    let (mut report, mut grown) = (String::new(), Vec::new());
    for (job, now) in counted {
        let Some(before) = known.get(job) else {
            grown.push(format!("{job}: not in the baseline"));
            continue;
        };
        let total = |counts: &Counts| counts.system_calls.values().sum::<u64>();
        for (what, before, now) in
            [("instructions", before.instructions, now.instructions), ("system calls", total(before), total(now))]
        {
            let line = format!("{job}: {now} {what}, {before} in the baseline");
            if now * 100 > before * 103 {
                grown.push(line);
            } else {
                report.push_str(&line);
                report.push('\n');
            }
        }
        report.push_str(&differences(job, before, now));
    }
    if grown.is_empty() {
        return Ok(report);
    }
    Err(format!(
        "{report}grown by more than 3 %:\n{}\nif that is on purpose: UPDATE=1 cargo bench --bench launchers -- counts",
        grown.join("\n")
    ))
}

/// The system calls whose number has changed.
fn differences(job: &str, before: &Counts, now: &Counts) -> String {
    let names =
        before.system_calls.keys().chain(now.system_calls.keys().filter(|n| !before.system_calls.contains_key(*n)));
    names
        .map(|name| (name, before.system_calls.get(name).unwrap_or(&0), now.system_calls.get(name).unwrap_or(&0)))
        .filter(|(_, before, now)| before != now)
        .map(|(name, before, now)| format!("{job}: {name} {before} -> {now}\n"))
        .collect()
}

/// Which libc a static program holds: glibc says its name in its messages, musl does not.
fn libc_of(program: &Path) -> Result<&'static str> {
    let bytes = fs::read(program).map_err(|e| format!("{}: {e}", program.display()))?;
    let glibc = b"GLIBC_TUNABLES";
    Ok(if bytes.windows(glibc.len()).any(|window| window == glibc) { "gnu" } else { "musl" })
}

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/baseline.json")
}

fn read() -> Result<Baseline> {
    match fs::read_to_string(path()) {
        Ok(text) => serde_json::from_str(&text).map_err(|e| format!("{}: {e}", path().display())),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(Baseline::new()),
        Err(e) => Err(format!("{}: {e}", path().display())),
    }
}
