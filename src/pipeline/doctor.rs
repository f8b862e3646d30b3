//! What this host can do, found by doing it: small containers, each with one thing that a host may lack.
//!
//! A container is made in a process of its own and does nothing; no setting is read where trying tells the truth.

use std::path::Path;

use serde::Serialize;

use super::{Error, Overrides, load_text};
use crate::diagnostics::Severity;
use crate::runtime::Watch;

/// What came of one trial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was tried.
    pub what: &'static str,
    /// Whether this host can do it.
    pub works: bool,
    /// Why not.
    pub reason: Option<String>,
    /// What is lost without it.
    pub costs: Option<&'static str>,
    /// What to do.
    pub fix: Option<String>,
}

/// One trial: what, the lines that ask for it, what is lost without it, what to do where the failure does not say.
struct Trial(&'static str, &'static str, &'static str, &'static str);

const TRIALS: &[Trial] = &[
    Trial(
        "containers",
        "",
        "nothing can be launched",
        "sysctl -w kernel.unprivileged_userns_clone=1; sysctl -w user.max_user_namespaces=15000; on Ubuntu: sysctl -w kernel.apparmor_restrict_unprivileged_userns=0",
    ),
    Trial(
        "a range of user ids",
        "[userns]\nmode = \"auto\"\n\n[requires]\nid_range = true",
        "only one user id inside: no packages that change user",
        "echo \"$USER:100000:65536\" | sudo tee -a /etc/subuid /etc/subgid; sudo apt install uidmap",
    ),
    Trial("one user id", "[userns]\nmode = \"single\"", "as an ordinary user nothing can be launched", ""),
    Trial("a limit of processes", "[limits]\npids = 16", "a fork bomb stops the host", DELEGATE),
    Trial(
        "a limit of memory",
        "[limits]\nmemory = \"32MiB\"\nswap = \"32MiB\"",
        "memory and swap have no bound",
        DELEGATE,
    ),
    Trial("a limit of memory without one of swap", "[limits]\nmemory = \"32MiB\"", "memory has no bound", DELEGATE),
    Trial("a soft limit of memory", "[limits]\nmemory_high = \"32MiB\"", "memory_high: above it nothing is slowed", V2),
    Trial("a limit of processor time", "[limits]\ncpus = 0.5", "cpus: one container may use all processors", DELEGATE),
    Trial(
        "a share of processor time",
        "[limits]\ncpu_weight = 50",
        "cpu_weight: all containers weigh the same",
        DELEGATE,
    ),
    Trial("chosen processors", "[limits]\ncpuset = \"0\"", "cpuset: containers run anywhere", DELEGATE),
    Trial("files of cgroup v2", "[limits]\nunified = { \"cgroup.max.depth\" = 4 }", "unified, delegate, oom_group", V2),
    Trial(
        "a system call filter",
        "[security]\nseccomp = \"default\"",
        "all system calls of the kernel can be reached",
        "build the kernel with CONFIG_SECCOMP_FILTER",
    ),
    Trial(
        "landlock",
        "[landlock]\nread = [\"/\"]\nexec = [\"/\"]",
        "[landlock] cannot be used",
        "boot with lsm=landlock,… (Linux 5.13)",
    ),
    Trial(
        "writes kept in memory",
        "[rootfs]\nhost = true\nmode = \"overlay\"",
        "rootfs.mode = \"overlay\"",
        "modprobe overlay; as an ordinary user Linux 5.11",
    ),
    Trial("clocks of its own", "[namespaces]\ntime = \"private\"", "time_offsets", "Linux 5.6 with CONFIG_TIME_NS"),
];

const DELEGATE: &str = "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload; then log in again";
const V2: &str = "boot with systemd.unified_cgroup_hierarchy=1";

/// Tries everything.
pub fn doctor() -> Vec<Finding> {
    TRIALS.iter().map(attempt).collect()
}

fn attempt(Trial(what, lines, costs, fix): &Trial) -> Finding {
    match failure(lines) {
        None => Finding { what, works: true, reason: None, costs: None, fix: None },
        Some((reason, help)) => {
            let fix = if fix.is_empty() { help } else { Some((*fix).to_owned()) };
            Finding { what, works: false, reason: Some(reason), costs: Some(costs), fix }
        }
    }
}

/// Launches, and returns what went wrong with what to do about it. A command that is not in the root is far enough.
fn failure(lines: &str) -> Option<(String, Option<String>)> {
    let limits = if lines.contains("[limits]") { "" } else { "[cgroup]\nmanager = \"none\"\n" };
    let root = if lines.contains("[rootfs]") { "" } else { "[rootfs]\nhost = true\n" };
    let wants_range = lines.contains("id_range");
    let lines = lines.split("\n\n[requires]").next().unwrap_or_default();
    let text = format!(
        "name = \"doctor\"\ncommand = \"/bin/true\"\n[stdio]\nstdin = \"null\"\nstdout = \"null\"\nstderr = \"null\"\n{root}{limits}{lines}\n"
    );
    let mut loaded = load_text(Path::new("/doctor.toml"), text, &Overrides::default());
    match loaded.run(Watch::Hits) {
        Ok(_) if wants_range && loaded.planned.as_ref().is_some_and(|plan| !has_range(plan)) => {
            Some(("no range of ids may be mapped here".to_owned(), None))
        }
        Ok(_) | Err(Error::Failed(super::EXIT_NOT_EXECUTABLE | super::EXIT_NOT_FOUND)) => None,
        Err(_) => {
            let problem = loaded.problems.iter().find(|problem| problem.severity == Severity::Error)?;
            Some((problem.message.clone(), problem.help.clone()))
        }
    }
}

fn has_range(plan: &crate::plan::Plan) -> bool {
    plan.steps.iter().any(|step| match &step.action {
        crate::plan::Action::MapIds { uid, .. } => uid.iter().map(|range| u64::from(range.size)).sum::<u64>() >= 65_536,
        _ => false,
    })
}
