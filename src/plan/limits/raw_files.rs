//! `limits.unified`: files of the cgroup v2 interface that no other key writes.

use super::{Resource, Wanted};
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;

/// Files that move processes or give control away: not limits.
const NOT_LIMITS: [&str; 7] = [
    "cgroup.procs",
    "cgroup.threads",
    "cgroup.type",
    "cgroup.subtree_control",
    "cgroup.kill",
    "cgroup.freeze",
    "cgroup.pressure",
];

/// Reads the table.
pub(super) fn read(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    let config = lowering.config;
    for (file, value) in &config.limits.unified {
        let at = At::Entry("limits.unified", file.clone());
        if !is_name(file) || NOT_LIMITS.contains(&file.as_str()) {
            lowering.problem(
                Problem::error(Code::UnifiedNameInvalid, format!("`{file}` is no limit of a cgroup"))
                    .key(at, "a file name, as memory.zswap.max")
                    .help("write the name of a file of cgroup-v2.rst: controller, dot, name; no slashes"),
            );
            continue;
        }
        if let Some(limit) = twice(wanted, file) {
            lowering.problem(
                Problem::error(Code::UnifiedTwice, format!("`{file}` is written by `{limit}` already"))
                    .key(at.clone(), "the same file")
                    .value(limit, "written here")
                    .help("remove one of the two"),
            );
        }
        let value = value.to_string();
        wanted.push(Wanted::written(at, Resource::Unified { file: file.clone(), value }));
    }
}

fn is_name(file: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_');
    let parts = file.split_once('.');
    parts.is_some_and(|(controller, rest)| !controller.is_empty() && !rest.is_empty() && !rest.contains(".."))
        && file.len() < 128
        && file.chars().all(allowed)
}

/// The written key that already writes a file.
fn twice(wanted: &[Wanted], file: &str) -> Option<At> {
    let writes = |resource: &Resource| match resource {
        Resource::Pids(_) => file == "pids.max",
        Resource::Memory(_) => file == "memory.max",
        Resource::Swap(_) => file == "memory.swap.max",
        Resource::MemoryHigh(_) => file == "memory.high",
        Resource::MemoryLow(_) => file == "memory.low",
        Resource::OomGroup(_) => file == "memory.oom.group",
        Resource::Cpus { .. } => file == "cpu.max",
        Resource::CpuWeight(_) => file == "cpu.weight",
        Resource::Cpuset(_) => file == "cpuset.cpus",
        Resource::CpusetMems(_) => file == "cpuset.mems",
        Resource::Io(_) => file == "io.max",
        Resource::HugePages { page, .. } => {
            file.strip_prefix("hugetlb.").and_then(|rest| rest.strip_suffix(".max")) == Some(page)
        }
        Resource::Unified { .. } => false,
    };
    wanted.iter().filter(|limit| writes(&limit.resource)).find_map(|limit| limit.at.clone())
}
