//! The report of a run, for programs: what came of it, why, at which key, and what was used beside the limits.
//!
//! Written whatever happens, also where nothing was started. Its schema is `launch schema --of report`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Error, Loaded, explain};
use crate::config::At;
use crate::diagnostics::{Place, Problem, Severity};
use crate::plan::{Action, Origin, Plan, signal_name};
use crate::runtime::{Exit, Hit, Outcome, Usage};

/// What came of a run.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct Report {
    /// Version of this format.
    pub version: u32,
    /// Name of the container; empty where the file does not tell.
    pub name: String,
    /// What came of it.
    pub outcome: Ending,
    /// Exit code of launch.
    pub exit_code: u8,
    /// Signal that ended the command.
    pub signal: Option<Signal>,
    /// Why it ended so; several where several limits had a part in it. Empty for a command that ended by itself.
    pub why: Vec<Why>,
    /// What was used.
    pub usage: Used,
    /// The limits that were in force, read back from the kernel.
    pub limits: Vec<InForce>,
    /// Safe defaults that this host cannot give.
    pub notes: Vec<String>,
}

/// What came of a run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// The command exited.
    Exited,
    /// A signal ended the command.
    Signaled,
    /// The timeout ended it.
    Timeout,
    /// A step failed, and nothing was started.
    Failed,
    /// The file is wrong, and nothing was started.
    #[default]
    Invalid,
}

/// A signal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Signal {
    /// Number.
    pub number: i32,
    /// Name, as SIGKILL.
    pub name: String,
}

/// One reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Why {
    /// Which kind.
    pub reason: Reason,
    /// The reason in a sentence.
    pub message: String,
    /// Key that it comes of; `null` for a default.
    pub key: Option<String>,
    /// Where the key stands.
    pub span: Option<Position>,
    /// Code of the mistake, for `launch explain`.
    pub code: Option<String>,
    /// The limit, in its own unit: bytes or processes.
    pub limit: Option<u64>,
    /// Most that was used of it.
    pub peak: Option<u64>,
    /// How often it was hit.
    pub times: Option<u64>,
    /// True where all processes were killed at once, false for one of them; cgroup v2.
    pub group: Option<bool>,
    /// Process that sent the signal to launch, which passed it on.
    pub sender_pid: Option<u32>,
    /// User of that process.
    pub sender_uid: Option<u32>,
}

/// Kinds of reasons.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// Out of memory.
    Oom,
    /// No more processes were allowed.
    PidsLimit,
    /// It ran too long.
    Timeout,
    /// The system call filter killed it.
    Seccomp,
    /// A signal.
    Signal,
    /// The command could not be started.
    Exec,
    /// A step failed.
    Step,
    /// The file is wrong.
    Invalid,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Position {
    /// The file.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column, from 1.
    pub column: usize,
}

/// What was used; `null` where this kernel or this cgroup does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Used {
    /// Time from the call to the end, in microseconds.
    pub wall_us: u64,
    /// Processor time in user mode, in microseconds.
    pub cpu_user_us: Option<u64>,
    /// Processor time in the kernel, in microseconds.
    pub cpu_system_us: Option<u64>,
    /// Periods in which the processor quota was used up.
    pub throttled_periods: Option<u64>,
    /// Time that processes waited for the next period, in microseconds.
    pub throttled_us: Option<u64>,
    /// Most memory in use, in bytes.
    pub memory_peak: Option<u64>,
    /// Most processes at once, launch's own init included on cgroup v2.
    pub pids_peak: Option<u64>,
    /// Bytes read from block devices.
    pub io_read_bytes: Option<u64>,
    /// Bytes written to block devices.
    pub io_write_bytes: Option<u64>,
    /// Microseconds in which some process waited for a processor, for memory, for a device (PSI).
    pub pressure_us: Option<Waited>,
}

/// Microseconds of waiting.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Waited {
    /// For a processor.
    pub cpu: u64,
    /// For memory.
    pub memory: u64,
    /// For a block device.
    pub io: u64,
}

/// A limit in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct InForce {
    /// Key of the file.
    pub key: String,
    /// True for a default.
    pub default: bool,
    /// Where the key stands.
    pub span: Option<Position>,
    /// In words.
    pub limit: String,
    /// Files of the cgroup and what they hold.
    pub files: Vec<(String, String)>,
}

/// The JSON schema of a report, as text: what `schema/report.schema.json` holds.
pub fn schema() -> String {
    format!("{:#}\n", schemars::schema_for!(Report).to_value())
}

impl Report {
    /// Makes the report of a run.
    pub fn of(loaded: &Loaded, result: Result<&Outcome, Error>, exit_code: u8, wall_us: u64) -> Report {
        let mut report = Report { version: 1, exit_code, ..Report::default() };
        if let Some(plan) = &loaded.planned {
            report.name.clone_from(&plan.name);
            report.limits = limits(plan, loaded);
            report.notes.clone_from(&plan.notes);
        }
        match (result, &loaded.planned) {
            (Ok(outcome), Some(plan)) => report.ended(plan, outcome, loaded),
            (Ok(_), None) => {}
            (Err(error), _) => {
                let invalid = error == Error::Invalid;
                report.outcome = if invalid { Ending::Invalid } else { Ending::Failed };
                let errors = loaded.problems.iter().filter(|problem| problem.severity == Severity::Error);
                report.why = errors.map(|problem| of_problem(problem, invalid, exit_code, loaded)).collect();
            }
        }
        report.usage.wall_us = wall_us;
        report
    }

    fn ended(&mut self, plan: &Plan, outcome: &Outcome, loaded: &Loaded) {
        self.usage = used(&outcome.usage);
        self.outcome = match outcome.exit {
            _ if outcome.timed_out => Ending::Timeout,
            Exit::Code(_) => Ending::Exited,
            Exit::Signal(_) => Ending::Signaled,
        };
        if let Exit::Signal(number) = outcome.exit {
            self.signal = Some(Signal { number, name: signal_name(number) });
        }
        self.why = outcome.usage.hits.iter().filter_map(|(step, hit)| of_hit(plan, *step, hit, loaded)).collect();
        if let Some((message, at)) = explain::timeout(plan, outcome) {
            self.why.push(why(Reason::Timeout, message, Some(&at), loaded));
        }
        if let Some(message) = explain::signal(plan, outcome) {
            let reason = if outcome.exit == Exit::Signal(libc::SIGSYS) { Reason::Seccomp } else { Reason::Signal };
            let sender = outcome.passed_on.filter(|sender| sender.pid != 0);
            self.why.push(Why {
                sender_pid: sender.map(|sender| sender.pid),
                sender_uid: sender.map(|sender| sender.uid),
                ..why(reason, message, None, loaded)
            });
        }
    }
}

fn why(reason: Reason, message: String, at: Option<&At>, loaded: &Loaded) -> Why {
    Why {
        reason,
        message,
        key: at.map(ToString::to_string),
        span: at.and_then(|at| position(loaded, at)),
        code: None,
        limit: None,
        peak: None,
        times: None,
        group: None,
        sender_pid: None,
        sender_uid: None,
    }
}

fn of_problem(problem: &Problem, invalid: bool, exit_code: u8, loaded: &Loaded) -> Why {
    let at = problem.labels.first().and_then(|label| match &label.place {
        Place::Key(at) | Place::Value(at) | Place::Within(at, _) => Some(at),
        _ => None,
    });
    let reason = match exit_code {
        _ if invalid => Reason::Invalid,
        super::EXIT_NOT_EXECUTABLE | super::EXIT_NOT_FOUND => Reason::Exec,
        _ => Reason::Step,
    };
    let at = at.filter(|at| **at != At::File);
    Why { code: Some(problem.code.as_str().to_owned()), ..why(reason, problem.message.clone(), at, loaded) }
}

fn of_hit(plan: &Plan, number: usize, hit: &Hit, loaded: &Loaded) -> Option<Why> {
    let step = plan.steps.get(number)?;
    let at = if let Origin::Written(at) = &step.origin { Some(at) } else { None };
    let limit = if let Action::SetLimit(limit) = &step.action { limit.resource.amount() } else { None };
    let message = explain::hit_text(hit, step);
    Some(match hit {
        Hit::Memory { kills, groups, peak } => Why {
            limit,
            peak: Some(*peak).filter(|peak| *peak > 0),
            times: Some(*kills),
            group: Some(*groups > 0),
            ..why(Reason::Oom, message, at, loaded)
        },
        Hit::Pids { times } => Why { limit, times: Some(*times), ..why(Reason::PidsLimit, message, at, loaded) },
    })
}

fn limits(plan: &Plan, loaded: &Loaded) -> Vec<InForce> {
    let limits = plan.steps.iter().filter_map(|step| match &step.action {
        Action::SetLimit(limit) => Some((&step.origin, limit)),
        _ => None,
    });
    limits
        .map(|(origin, limit)| {
            let at = if let Origin::Written(at) = origin { Some(at) } else { None };
            InForce {
                key: at.map_or_else(|| limit.key().to_owned(), ToString::to_string),
                default: at.is_none(),
                span: at.and_then(|at| position(loaded, at)),
                limit: limit.resource.to_string(),
                files: limit.writes.iter().map(|write| (write.file.to_string(), write.value.clone())).collect(),
            }
        })
        .collect()
}

fn used(usage: &Usage) -> Used {
    Used {
        wall_us: 0,
        cpu_user_us: usage.cpu_user_us,
        cpu_system_us: usage.cpu_system_us,
        throttled_periods: usage.throttled_periods,
        throttled_us: usage.throttled_us,
        memory_peak: usage.memory_peak,
        pids_peak: usage.pids_peak,
        io_read_bytes: usage.io_read_bytes,
        io_write_bytes: usage.io_write_bytes,
        pressure_us: usage.pressure.map(|pressure| Waited {
            cpu: pressure.cpu,
            memory: pressure.memory,
            io: pressure.io,
        }),
    }
}

/// Where a key stands.
fn position(loaded: &Loaded, at: &At) -> Option<Position> {
    let found = loaded.tree.find(at)?;
    let position = loaded.sources.position(found.value.source, found.value.range().start);
    let file = loaded.sources.name(found.value.source).to_owned();
    Some(Position { file, line: position.line, column: position.column })
}
