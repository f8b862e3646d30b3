//! `[limits]`: what the container may use, as files of the cgroup and what is written to them.

use schemars::JsonSchema;
use serde::Serialize;

use super::cgroup::Manager;
use super::host::CgroupVersion;
use super::{Lowering, size};
use crate::config::{At, NumberOrText};
use crate::diagnostics::{Code, Problem};

/// Processes that a container may have where the file says nothing.
const DEFAULT_PIDS: u64 = 1024;
/// Most processes that the kernel can have (PID_MAX_LIMIT).
const PIDS_MAX: i64 = 4_194_304;
/// Least memory with which a process can be started at all: below it every exec is killed.
const MEMORY_MIN: u64 = 512 * 1024;
/// Period of the processor quota, in microseconds: the kernel's default.
const PERIOD_US: u64 = 100_000;
/// Least quota that the kernel takes, in microseconds (min_cfs_quota_period).
const QUOTA_MIN_US: u64 = 1000;

/// One limit, in the terms of the file and in those of the kernel.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Limit {
    /// What is limited, and to what.
    pub resource: Resource,
    /// Files that express it on this host, in the order in which they are written; read back before exec.
    pub writes: Vec<FileWrite>,
}

/// What is limited. Sizes in bytes.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Processes and threads, launch's own init included.
    Pids(u64),
    /// Memory.
    Memory(u64),
    /// Swap besides memory.
    Swap(u64),
    /// Processor time: microseconds of quota in each period.
    Cpus {
        /// Microseconds that may be used in a period.
        quota: u64,
        /// Length of a period in microseconds.
        period: u64,
    },
}

/// A file of a cgroup and what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileWrite {
    /// Controller that the file belongs to.
    pub controller: &'static str,
    /// Name of the file.
    pub file: &'static str,
    /// What is written, and read back.
    pub value: String,
}

/// A limit that the file asks for, before it is known how this host expresses it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The key that asks for it; `None` for a default.
    pub(super) at: Option<At>,
    /// What is limited.
    pub(super) resource: Resource,
}

impl Limit {
    /// Returns the key of the file that sets it.
    pub fn key(&self) -> &'static str {
        match self.resource {
            Resource::Pids(_) => "limits.pids",
            Resource::Memory(_) => "limits.memory",
            Resource::Swap(_) => "limits.swap",
            Resource::Cpus { .. } => "limits.cpus",
        }
    }
}

impl Resource {
    fn controller(&self) -> &'static str {
        match self {
            Resource::Pids(_) => "pids",
            Resource::Memory(_) | Resource::Swap(_) => "memory",
            Resource::Cpus { .. } => "cpu",
        }
    }
}

/// Reads `[limits]`.
pub(super) fn wanted(lowering: &mut Lowering) -> Vec<Wanted> {
    let mut wanted = Vec::with_capacity(4);
    pids(lowering, &mut wanted);
    let limits = &lowering.config.limits;
    let memory = limits.memory.as_ref().and_then(|value| bytes(lowering, "limits.memory", value));
    if let Some(memory) = memory {
        if memory < MEMORY_MIN {
            lowering.problem(
                Problem::error(
                    Code::MemoryTooSmall,
                    format!("{memory} bytes of memory are too few to start a process"),
                )
                .value(At::Key("limits.memory"), format!("less than {} KiB", MEMORY_MIN / 1024))
                .help("write a size of \"1MiB\" or more; a shell needs about 2 MiB, python about 16"),
            );
        }
        wanted.push(Wanted { at: Some(At::Key("limits.memory")), resource: Resource::Memory(memory) });
    }
    swap(lowering, memory, &mut wanted);
    cpus(lowering, &mut wanted);
    wanted
}

fn pids(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    // launch's own init is not counted: on v1 it stays outside the cgroup, on v2 it is one process more.
    let v2 = lowering.host.cgroup.version == CgroupVersion::V2;
    let init = u64::from(v2 && lowering.config.lifecycle.init.unwrap_or(true));
    let at = At::Key("limits.pids");
    let Some(count) = lowering.config.limits.pids else {
        return wanted.push(Wanted { at: None, resource: Resource::Pids(DEFAULT_PIDS + init) });
    };
    match u64::try_from(count) {
        Ok(count @ 1..) if i64::try_from(count).is_ok_and(|count| count <= PIDS_MAX) => {
            wanted.push(Wanted { at: Some(at), resource: Resource::Pids(count + init) });
        }
        Ok(0) => lowering.problem(
            Problem::error(Code::PidsZero, "a limit of 0 processes leaves none for the command")
                .value(at, "the command is a process")
                .help("write 1 or more"),
        ),
        _ => lowering.problem(
            Problem::error(Code::PidsOutOfRange, format!("{count} is no number of processes"))
                .value(at, format!("1 to {PIDS_MAX}"))
                .help("write the most processes and threads that may exist at once, as pids = 64"),
        ),
    }
}

fn swap(lowering: &mut Lowering, memory: Option<u64>, wanted: &mut Vec<Wanted>) {
    let written = lowering.config.limits.swap.as_ref();
    match (written, memory) {
        (Some(value), Some(_)) => {
            if let Some(swap) = bytes(lowering, "limits.swap", value) {
                wanted.push(Wanted { at: Some(At::Key("limits.swap")), resource: Resource::Swap(swap) });
            }
        }
        (Some(value), None) => {
            let v2 = lowering.host.cgroup.version == CgroupVersion::V2;
            match bytes(lowering, "limits.swap", value) {
                Some(swap) if v2 => {
                    wanted.push(Wanted { at: Some(At::Key("limits.swap")), resource: Resource::Swap(swap) });
                }
                Some(_) if lowering.config.limits.memory.is_none() => lowering.problem(
                    Problem::error(Code::SwapWithoutMemory, "cgroup v1 limits swap only together with memory")
                        .value(At::Key("limits.swap"), "needs limits.memory")
                        .help("write limits.memory too"),
                ),
                _ => {}
            }
        }
        (None, Some(_)) => wanted.push(Wanted { at: None, resource: Resource::Swap(0) }),
        (None, None) => {}
    }
}

fn cpus(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    let Some(cpus) = lowering.config.limits.cpus else { return };
    let at = At::Key("limits.cpus");
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "the range is checked before"
    )]
    let quota = if cpus.is_finite() && (0.0..=1_000_000.0).contains(&cpus) {
        (cpus * PERIOD_US as f64).round() as u64
    } else {
        0
    };
    if quota < QUOTA_MIN_US {
        lowering.problem(
            Problem::error(Code::CpusOutOfRange, format!("{cpus} is no number of processors that the kernel can give"))
                .value(at, "0.01 or more")
                .help("write processors, as cpus = 1.5; 0.01 is the least"),
        );
        return;
    }
    wanted.push(Wanted { at: Some(at), resource: Resource::Cpus { quota, period: PERIOD_US } });
}

/// Reads a size, and records what is wrong with it.
pub(super) fn bytes(lowering: &mut Lowering, key: &'static str, value: &NumberOrText) -> Option<u64> {
    sized(lowering, At::Key(key), value)
}

/// Reads a size at any place.
pub(super) fn sized(lowering: &mut Lowering, at: At, value: &NumberOrText) -> Option<u64> {
    match size::size(value) {
        Ok(bytes) => Some(bytes),
        Err(wrong) => {
            let (code, label) = if wrong.ambiguous {
                (Code::SizeAmbiguous, "which of the two?")
            } else {
                (Code::SizeInvalid, "not a size")
            };
            lowering.problem(Problem::error(code, wrong.message).value(at, label).help(wrong.help));
            None
        }
    }
}

/// Says how this host expresses the limits. A default that it cannot express becomes a note, a written one an error.
pub(super) fn lower(lowering: &mut Lowering, wanted: Vec<Wanted>, manager: Manager) -> Vec<(Option<At>, Limit)> {
    let facts = &lowering.host.cgroup;
    let memory =
        wanted.iter().find_map(|limit| if let Resource::Memory(bytes) = limit.resource { Some(bytes) } else { None });
    let mut limits = Vec::with_capacity(wanted.len());
    for Wanted { at, resource } in wanted {
        let controller = resource.controller();
        let usable = manager == Manager::Systemd || facts.controllers.get(controller).is_some_and(|fact| fact.writable);
        let swap_missing = matches!(resource, Resource::Swap(_)) && !facts.swap;
        match at {
            None if swap_missing => {
                lowering.note("swap is not limited: this kernel does not account for it (swapaccount=1)");
            }
            Some(at) if swap_missing => lowering.problem(
                Problem::error(Code::SwapUnaccounted, "this kernel does not account for swap")
                    .value(at, "cannot be enforced")
                    .help("boot with swapaccount=1, or remove `swap`"),
            ),
            None if !usable => {
                lowering.note(format!("no limit of {}: {}", describe(&resource), unavailable(lowering, controller)));
            }
            Some(at) if !usable => lowering.problem(cannot(lowering, at, controller)),
            at => {
                let writes = writes(&resource, facts.version, memory);
                limits.push((at, Limit { resource, writes }));
            }
        }
    }
    limits
}

fn describe(resource: &Resource) -> &'static str {
    match resource {
        Resource::Pids(_) => "processes",
        Resource::Memory(_) => "memory",
        Resource::Swap(_) => "swap",
        Resource::Cpus { .. } => "processor time",
    }
}

/// Says how a version of cgroups expresses a limit (cgroup-v1/*.rst, cgroup-v2.rst).
fn writes(resource: &Resource, version: CgroupVersion, memory: Option<u64>) -> Vec<FileWrite> {
    let controller = resource.controller();
    let write = |file: &'static str, value: String| FileWrite { controller, file, value };
    let v2 = version == CgroupVersion::V2;
    match resource {
        Resource::Pids(count) => vec![write("pids.max", count.to_string())],
        Resource::Memory(bytes) if v2 => {
            vec![write("memory.max", page_floor(*bytes)), write("memory.oom.group", "1".to_owned())]
        }
        Resource::Memory(bytes) => vec![write("memory.limit_in_bytes", page_floor(*bytes))],
        Resource::Swap(bytes) if v2 => vec![write("memory.swap.max", page_floor(*bytes))],
        // v1 limits memory and swap together.
        Resource::Swap(bytes) => {
            vec![write("memory.memsw.limit_in_bytes", page_floor(bytes.saturating_add(memory.unwrap_or(0))))]
        }
        Resource::Cpus { quota, period } if v2 => vec![write("cpu.max", format!("{quota} {period}"))],
        Resource::Cpus { quota, period } => {
            vec![write("cpu.cfs_period_us", period.to_string()), write("cpu.cfs_quota_us", quota.to_string())]
        }
    }
}

/// The kernel keeps whole pages: what is written is what is read back.
fn page_floor(bytes: u64) -> String {
    (bytes & !4095).to_string()
}

/// Records that written limits contradict `manager = "none"`.
pub(super) fn refuse_all(lowering: &mut Lowering, wanted: &[Wanted]) {
    for at in wanted.iter().filter_map(|limit| limit.at.clone()) {
        lowering.problem(
            Problem::error(Code::LimitWithoutCgroup, format!("`{at}` needs a cgroup"))
                .value(at, "enforced by a cgroup")
                .value(At::Key("cgroup.manager"), "no cgroup is made")
                .help("remove `manager = \"none\"`, or remove the limit"),
        );
    }
}

/// Records that no cgroup can be made: an error for each written limit, a note for the defaults.
pub(super) fn refuse_unavailable(lowering: &mut Lowering, wanted: &[Wanted]) {
    for limit in wanted {
        let controller = limit.resource.controller();
        match &limit.at {
            Some(at) => lowering.problem(cannot(lowering, at.clone(), controller)),
            None => lowering.note(format!(
                "no limit of {}: {}",
                describe(&limit.resource),
                unavailable(lowering, controller)
            )),
        }
    }
}

/// Why a controller cannot be used here.
fn unavailable(lowering: &Lowering, controller: &str) -> String {
    let facts = &lowering.host.cgroup;
    match (facts.version, facts.controllers.get(controller)) {
        (CgroupVersion::None, _) => "no cgroup file system is mounted at /sys/fs/cgroup".to_owned(),
        (_, None) => format!("the {controller} controller is not there"),
        (_, Some(fact)) => format!("the caller may not make cgroups in {}", fact.own.display()),
    }
}

fn cannot(lowering: &Lowering, at: At, controller: &str) -> Problem {
    let facts = &lowering.host.cgroup;
    let help = match (facts.version, facts.controllers.get(controller)) {
        (CgroupVersion::None, _) => "mount a cgroup file system, or remove the limit".to_owned(),
        (CgroupVersion::V2, None) => {
            format!(
                "enable it in the parent: echo +{controller} > cgroup.subtree_control; for a user under systemd: Delegate={controller} (see `launch doctor`)"
            )
        }
        (_, None) => format!("boot a kernel with the {controller} controller, or remove the limit"),
        (CgroupVersion::V2, Some(_)) => {
            "run it in a delegated scope: systemd-run --user --scope -p Delegate=yes launch …".to_owned()
        }
        (_, Some(fact)) => format!(
            "ask root for a cgroup of your own (chown a directory below {}), or remove the limit",
            fact.own.display()
        ),
    };
    Problem::error(
        Code::LimitUnavailable,
        format!("`{at}` cannot be enforced here: {}", unavailable(lowering, controller)),
    )
    .value(at, format!("needs the {controller} controller"))
    .help(help)
}
