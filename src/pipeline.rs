//! The story of a launch on one page: read, parse, check, lower, run. Errors and exit codes.
#![allow(
    clippy::disallowed_methods,
    reason = "reads the configuration file itself; all other effects are the runtime's"
)]

mod doctor;
mod explain;
mod layers;
mod report;

use std::ffi::OsString;
use std::io::Read;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use crate::config::{Config, Replaced, Sources, Table, Value};
use crate::diagnostics::{Code, Diagnostics, MAX_FILE_BYTES, Problem, read};
use crate::plan::{Host, Invocation, Plan, Questions, lower_with_warnings};
use layers::Stack;

pub use layers::Overrides;

use crate::runtime::{self, Exit, Failure, FailureKind, Outcome, Range, probe};

pub use doctor::{Finding, doctor};
pub use report::{Report, schema as report_schema};

/// Exit code of anything of launch's own: a wrong file, a failed step.
pub const EXIT_OWN: u8 = 125;
/// Exit code of a run that its timeout ended.
pub const EXIT_TIMEOUT: u8 = 124;
/// Exit code of a command that cannot be executed.
pub const EXIT_NOT_EXECUTABLE: u8 = 126;
/// Exit code of a command that is not there.
pub const EXIT_NOT_FOUND: u8 = 127;
/// Added to the number of the signal that killed the command.
pub const EXIT_SIGNAL: u8 = 128;

/// A file that was read, with everything that is wrong with it.
#[derive(Debug, Default)]
pub struct Loaded {
    /// The texts that spans lead into.
    pub sources: Sources,
    /// The spanned tree.
    pub tree: Table,
    /// The typed values; defaults where they are wrong.
    pub config: Config,
    /// What is wrong.
    pub problems: Diagnostics,
    /// What the command line adds.
    pub invocation: Invocation,
    /// What is to be said of the run: one line each.
    pub remarks: Vec<String>,
    /// The plan that was carried out.
    pub planned: Option<Plan>,
    /// True where the file could be read and parsed as a whole.
    pub readable: bool,
    /// Values that a layer replaced: the new place, then the old one.
    pub replaced: Replaced,
}

/// Reads and parses a file. What is wrong with it is in the result, not an error.
pub fn load(file: &Path, args: Vec<OsString>, replace: Option<Vec<OsString>>) -> Loaded {
    load_with(file, args, replace, &Overrides::default())
}

/// The same, with what the command line changes.
pub fn load_with(file: &Path, args: Vec<OsString>, replace: Option<Vec<OsString>>, overrides: &Overrides) -> Loaded {
    loaded(Stack::read(file, overrides), layers::invocation(file, args, replace))
}

/// Takes a text for a file, as an example that is nowhere on disk.
pub fn load_text(file: &Path, text: String, overrides: &Overrides) -> Loaded {
    loaded(Stack::text(file, text, overrides), layers::invocation(file, Vec::new(), None))
}

fn loaded(stack: Stack, invocation: Invocation) -> Loaded {
    let Stack { sources, tree, mut problems, replaced, readable, .. } = stack;
    let config = read(&tree, &mut problems);
    Loaded { sources, tree, config, problems, invocation, remarks: Vec::new(), planned: None, readable, replaced }
}

/// Reads a file: a regular one, of bounded size; a FIFO is not waited for.
fn bytes(file: &Path) -> Result<Vec<u8>, Problem> {
    let unreadable = |reason: String| {
        Problem::error(Code::FileUnreadable, format!("`{}` cannot be read: {reason}", file.display()))
            .help("name a container.toml, or make one with `launch init`")
    };
    let reason = |error: std::io::Error| unreadable(runtime::reason(&error));
    let opened = std::fs::OpenOptions::new()
        .read(true)
        .custom_flags(libc::O_NONBLOCK | libc::O_NOCTTY)
        .open(file)
        .map_err(reason)?;
    let metadata = opened.metadata().map_err(reason)?;
    if !metadata.is_file() {
        let kind = if metadata.is_dir() { "it is a directory" } else { "it is not a regular file" };
        return Err(unreadable(kind.to_owned()));
    }
    let mut bytes = Vec::new();
    opened.take(MAX_FILE_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(reason)?;
    Ok(bytes)
}

impl Loaded {
    /// Returns what must be known of the host.
    pub fn questions(&self) -> Questions {
        Questions::of(&self.config, &self.invocation.base)
    }

    /// Reads the profiles that were not chosen too, so that a mistake in one does not wait until it is.
    pub fn check_profiles(&mut self) {
        let Some(Value::Table(profiles)) = self.tree.get("profiles").map(|entry| &entry.node.value) else { return };
        for entry in &profiles.entries {
            if let Value::Table(profile) = &entry.node.value {
                let mut problems = Diagnostics::default();
                let _: Config = read(profile, &mut problems);
                self.problems.extend(problems);
            }
        }
    }

    /// Makes the plan for a host. What is wrong is added to the problems; after a syntax error only that is shown.
    pub fn plan(&mut self, host: &Host) -> Option<Plan> {
        if !self.readable {
            return None;
        }
        let (plan, problems) = lower_with_warnings(&self.config, host, &self.invocation);
        self.problems.extend(problems);
        plan.filter(|_| !self.problems.has_errors())
    }

    /// Reads, plans and carries out.
    ///
    /// # Errors
    /// Everything that is wrong with the file, or the step that failed.
    pub fn run(&mut self, watch: runtime::Watch) -> Result<Outcome, Error> {
        let mut host = probe(&self.questions());
        let range = if host.free_range.is_some() { Range::take().ok() } else { None };
        host.free_range = range.as_ref().map(|range| range.first);
        let Some(plan) = self.plan(&host) else { return Err(Error::Invalid) };
        let result = match runtime::run(&plan, &host, watch) {
            Ok(outcome) => {
                explain::outcome(&plan, &outcome, self);
                Ok(outcome)
            }
            Err(failure) => {
                let code = exit_code_of(&failure);
                self.problems.push(explain::failure(&plan, &failure, &host));
                Err(Error::Failed(code))
            }
        };
        self.planned = Some(plan);
        result
    }
}

/// Why nothing ran; what is wrong is in the problems.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The file is wrong.
    Invalid,
    /// A step failed; the exit code.
    Failed(u8),
}

impl Error {
    /// Returns the exit code.
    pub fn exit_code(self) -> u8 {
        match self {
            Error::Invalid => EXIT_OWN,
            Error::Failed(code) => code,
        }
    }
}

/// A command that is missing or cannot be executed has codes of its own, as in a shell.
fn exit_code_of(failure: &Failure) -> u8 {
    match (failure.kind, failure.errno) {
        (FailureKind::Exec, libc::ENOENT | libc::ENOTDIR) => EXIT_NOT_FOUND,
        (FailureKind::Exec, _) => EXIT_NOT_EXECUTABLE,
        _ => EXIT_OWN,
    }
}

/// Returns the exit code of a run.
pub fn exit_code(outcome: &Outcome) -> u8 {
    if outcome.timed_out {
        return EXIT_TIMEOUT;
    }
    match outcome.exit {
        Exit::Code(code) => u8::try_from(code & 0xff).unwrap_or(EXIT_OWN),
        Exit::Signal(signal) => EXIT_SIGNAL.saturating_add(u8::try_from(signal).unwrap_or(127)),
    }
}
