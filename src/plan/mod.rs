//! What will be done, in which order, and for which key: pure.
//!
//! [`lower`] turns a [`Config`] and the facts of a [`Host`] into a [`Plan`], or says everything that is wrong. It never
//! looks at the machine: [`Questions`] says what must be known, the runtime answers.

pub mod accounts;
pub mod capabilities;
pub mod cgroup;
mod describe;
pub mod devices;
mod diff;
pub mod environment;
pub mod host;
mod ideal;
pub mod landlock;
pub mod lifecycle;
pub mod limits;
pub mod mounts;
pub mod namespaces;
mod network;
mod process;
mod questions;
mod raw;
mod reach;
mod requires;
pub mod rlimits;
pub mod rootfs;
pub mod seccomp;
pub mod security;
mod signals;
pub mod size;
pub mod stdio;
mod step;
pub(crate) mod sysctl;
pub mod userns;

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Serialize;

use crate::config::{At, Config};
use crate::diagnostics::{Diagnostics, Problem};

pub(crate) use describe::bytes_words;
pub use diff::{Change, Effect, diff};
pub use host::Host;
pub use ideal::ideal;
pub use questions::Questions;
pub(crate) use questions::absolute;
pub use raw::RawString;
pub use reach::Reach;
pub use signals::{SIGNALS, signal_name, signal_number};
pub use step::{Action, Namespace, Origin, Phase, Step};

/// What a launch will do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Plan {
    /// Version of this format.
    pub version: u32,
    /// Name of the container.
    pub name: String,
    /// What the file may reach on the host.
    pub reach: Vec<Reach>,
    /// The steps in the order in which they are done.
    pub steps: Vec<Step>,
    /// Environment of the command, sorted by name.
    pub env: Vec<(String, RawString)>,
    /// Standard streams and terminal.
    pub stdio: stdio::StdioPlan,
    /// What the supervisor does while the command runs.
    pub lifecycle: lifecycle::LifecyclePlan,
    /// Safe defaults that this host cannot give, and choices that the file left to launch.
    pub notes: Vec<String>,
}

impl Plan {
    /// Returns the steps with their numbers, as the runtime reports them.
    pub fn numbered(&self) -> impl Iterator<Item = (usize, &Step)> {
        self.steps.iter().enumerate()
    }

    /// Says whether this namespace is made new.
    pub fn has_new(&self, wanted: Namespace) -> bool {
        self.steps.iter().any(|step| matches!(step.action, Action::NewNamespace { namespace } if namespace == wanted))
    }
}

impl Plan {
    /// Says whether the command gets a terminal of its own.
    pub fn terminal(&self) -> bool {
        self.steps.iter().any(|step| step.action == Action::OpenTerminal)
    }
}

/// What the command line adds to a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Appended to `args`.
    pub args: Vec<OsString>,
    /// Takes the place of `command` and `args` (what follows `--`).
    pub replace: Option<Vec<OsString>>,
    /// Name of the container where the file gives none.
    pub default_name: String,
    /// Directory that relative paths of the file start at, absolute.
    pub base: PathBuf,
}

/// Makes the plan of a configuration on a host.
///
/// # Errors
/// All mistakes that can be found without starting anything.
pub fn lower(config: &Config, host: &Host, invocation: &Invocation) -> Result<Plan, Diagnostics> {
    let (plan, problems) = lower_with_warnings(config, host, invocation);
    plan.ok_or(problems)
}

/// Makes the plan, and returns the problems beside it: warnings only where there is a plan.
pub fn lower_with_warnings(config: &Config, host: &Host, invocation: &Invocation) -> (Option<Plan>, Diagnostics) {
    let mut lowering = Lowering::new(config, host, invocation);
    requires::lower(&mut lowering);
    let name = process::name(&mut lowering);
    let users = userns::lower(&mut lowering);
    let account = accounts::lower(&mut lowering, &users);
    let spaces = namespaces::lower(&mut lowering, &users);
    network::lower(&mut lowering);
    cgroup::lower(&mut lowering, &name);
    let root = rootfs::lower(&mut lowering, &users);
    mounts::lower(&mut lowering, root.as_ref(), &users, spaces);
    devices::lower(&mut lowering);
    sysctl::lower(&mut lowering, spaces, &users);
    rlimits::lower(&mut lowering);
    security::lower(&mut lowering, &account, &users);
    landlock::lower(&mut lowering);
    accounts::emit(&mut lowering, &account);
    let stdio = stdio::lower(&mut lowering);
    let env = environment::lower(&mut lowering, &account, stdio.tty);
    process::lower(&mut lowering, &env);
    let lifecycle = lifecycle::lower(&mut lowering);
    let reach = reach::of(&lowering);
    lowering.finish(name, reach, env, stdio, lifecycle)
}

/// The plan while it is being made.
pub(crate) struct Lowering<'a> {
    pub(crate) config: &'a Config,
    pub(crate) host: &'a Host,
    pub(crate) invocation: &'a Invocation,
    pub(crate) problems: Diagnostics,
    pub(crate) steps: Vec<Step>,
    notes: Vec<String>,
}

impl<'a> Lowering<'a> {
    fn new(config: &'a Config, host: &'a Host, invocation: &'a Invocation) -> Self {
        Lowering {
            config,
            host,
            invocation,
            problems: Diagnostics::default(),
            steps: Vec::with_capacity(48),
            notes: Vec::new(),
        }
    }

    /// Adds a step that a key of the file asked for.
    pub(crate) fn written(&mut self, at: At, phase: Phase, action: Action) {
        self.steps.push(Step { phase, action, origin: Origin::Written(at) });
    }

    /// Adds a step that is a safe default.
    pub(crate) fn default(&mut self, phase: Phase, action: Action) {
        self.steps.push(Step { phase, action, origin: Origin::Default });
    }

    /// Adds a step for a key that may have been written.
    pub(crate) fn step(&mut self, written: bool, at: &'static str, phase: Phase, action: Action) {
        if written { self.written(At::Key(at), phase, action) } else { self.default(phase, action) }
    }

    /// Records a mistake.
    pub(crate) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Records something that the user should know but need not change.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Returns a path of the file as an absolute path of the host.
    pub(crate) fn absolute(&self, path: &str) -> PathBuf {
        absolute(&self.invocation.base, path)
    }

    /// Returns what is at a path of the host.
    pub(crate) fn path_fact(&self, path: &Path) -> &'a host::PathFact {
        self.host.paths.get(path).unwrap_or(&host::PathFact::Missing)
    }

    fn finish(
        mut self,
        name: String,
        reach: Vec<Reach>,
        env: Vec<(String, RawString)>,
        stdio: stdio::StdioPlan,
        lifecycle: lifecycle::LifecyclePlan,
    ) -> (Option<Plan>, Diagnostics) {
        if self.problems.has_errors() {
            return (None, self.problems);
        }
        self.steps.sort_by_key(|step| step.phase);
        let plan = Plan { version: 1, name, reach, steps: self.steps, env, stdio, lifecycle, notes: self.notes };
        (Some(plan), self.problems)
    }
}
