//! How a version of cgroups expresses a limit: files and values (cgroup-v1/*.rst, cgroup-v2.rst).

use std::borrow::Cow;
use std::fmt;

use super::unavailable::{cannot, describe, unavailable};
use super::{Compare, FileWrite, IoDevice, Limit, Resource, Wanted};
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;
use crate::plan::cgroup::{Manager, Place};
use crate::plan::host::{CgroupFacts, CgroupVersion};

/// Says how this host expresses the limits. A default that it cannot express becomes a note, a written one an error.
pub(in crate::plan) fn lower(
    lowering: &mut Lowering,
    wanted: Vec<Wanted>,
    manager: Manager,
    place: Place,
) -> Vec<(Option<At>, Limit)> {
    let facts = &lowering.host.cgroup;
    let v2 = facts.version == CgroupVersion::V2;
    // Whether the cgroup above can be written to is seen when it is.
    let elsewhere = matches!(place, Place::Beside | Place::Named);
    let init = lowering.config.lifecycle.init.unwrap_or(true);
    let all: Vec<Resource> = wanted.iter().map(|limit| limit.resource.clone()).collect();
    let mut limits = Vec::with_capacity(wanted.len());
    for Wanted { at, resource } in wanted {
        let controller = resource.controller(facts.version);
        let usable = controller.is_empty()
            || manager == Manager::Systemd && facts.systemd_gives(&controller)
            || facts.controllers.get(controller.as_ref()).is_some_and(|fact| fact.writable || elsewhere);
        let swap_missing = matches!(resource, Resource::Swap(_)) && !facts.swap;
        match at {
            Some(at) if !v2 && instead(&resource).is_some() => lowering.problem(only_v2(&at, &resource, facts.version)),
            None if swap_missing => {
                lowering.note("swap is not limited: this kernel does not account for it (swapaccount=1)");
            }
            Some(at) if swap_missing => lowering.problem(
                Problem::error(Code::SwapUnaccounted, "this kernel does not account for swap")
                    .value(at, "cannot be enforced")
                    .help("boot with swapaccount=1, or remove `swap`"),
            ),
            None if !usable => {
                lowering.note(format!("no limit of {}: {}", describe(&resource), unavailable(lowering, &controller)));
            }
            Some(at) if !usable => lowering.problem(cannot(lowering, at, &controller)),
            at => {
                let writes = if v2 { v2_writes(&resource, init) } else { v1_writes(&resource, &all, facts) };
                limits.push((at, Limit { resource, writes }));
            }
        }
    }
    limits
}

/// What to write where v1 has no such limit; `None` for what v1 has too.
fn instead(resource: &Resource) -> Option<&'static str> {
    Some(match resource {
        Resource::MemoryHigh(_) => "write limits.memory, which kills instead of slowing down",
        Resource::MemoryLow(_) => "remove it; only cgroup v2 protects memory",
        Resource::OomGroup(true) => "remove it, or write false; init = true still ends all processes with the command",
        Resource::Unified { .. } => {
            "write the keys of [limits], which both versions have: memory, pids, cpus, cpuset, io"
        }
        _ => return None,
    })
}

fn only_v2(at: &At, resource: &Resource, version: CgroupVersion) -> Problem {
    let version = version.as_str();
    Problem::error(Code::LimitOnlyV2, format!("`{at}` needs cgroup v2, and this host has cgroup {version}"))
        .value(at.clone(), "cannot be enforced here")
        .help(instead(resource).unwrap_or("remove it"))
}

fn write(controller: &'static str, file: &'static str, value: impl fmt::Display) -> FileWrite {
    FileWrite { controller: controller.into(), file: file.into(), value: value.to_string(), compare: Compare::Text }
}

fn compared(write: FileWrite, compare: Compare) -> FileWrite {
    FileWrite { compare, ..write }
}

/// On v2 launch's own init is born in the cgroup and counted there: one process more. On v1 it stays outside.
fn v2_writes(resource: &Resource, init: bool) -> Vec<FileWrite> {
    match resource {
        Resource::Pids(count) => vec![write("pids", "pids.max", count + u64::from(init))],
        Resource::Memory(bytes) => vec![write("memory", "memory.max", bytes)],
        Resource::Swap(bytes) => vec![write("memory", "memory.swap.max", bytes)],
        Resource::MemoryHigh(bytes) => vec![write("memory", "memory.high", bytes)],
        Resource::MemoryLow(bytes) => vec![write("memory", "memory.low", bytes)],
        Resource::OomGroup(group) => vec![write("memory", "memory.oom.group", u8::from(*group))],
        Resource::Cpus { quota, period } => vec![write("cpu", "cpu.max", format!("{quota} {period}"))],
        Resource::CpuWeight(weight) => vec![write("cpu", "cpu.weight", weight)],
        Resource::Cpuset(list) => vec![compared(write("cpuset", "cpuset.cpus", list), Compare::Ranges)],
        Resource::CpusetMems(list) => vec![compared(write("cpuset", "cpuset.mems", list), Compare::Ranges)],
        Resource::Io(device) => v2_io(device),
        Resource::HugePages { page, bytes } => vec![huge_pages(format!("hugetlb.{page}.max"), *bytes)],
        Resource::Unified { file, value } => vec![FileWrite {
            controller: resource.controller(CgroupVersion::V2),
            file: file.clone().into(),
            value: value.clone(),
            compare: Compare::Any,
        }],
    }
}

fn v2_io(device: &IoDevice) -> Vec<FileWrite> {
    let (major, minor) = device.number;
    let rates = [("rbps", device.rbps), ("wbps", device.wbps), ("riops", device.riops), ("wiops", device.wiops)];
    let words: Vec<String> =
        rates.iter().filter_map(|(name, rate)| rate.map(|rate| format!("{name}={rate}"))).collect();
    let mut writes = Vec::new();
    if !words.is_empty() {
        writes.push(compared(write("io", "io.max", format!("{major}:{minor} {}", words.join(" "))), Compare::Line));
    }
    if let Some(weight) = device.weight {
        writes.push(compared(write("io", "io.weight", format!("{major}:{minor} {weight}")), Compare::Line));
    }
    writes
}

fn huge_pages(file: String, bytes: u64) -> FileWrite {
    FileWrite { file: Cow::Owned(file), ..write("hugetlb", "", bytes) }
}

fn v1_writes(resource: &Resource, all: &[Resource], facts: &CgroupFacts) -> Vec<FileWrite> {
    let memory = all.iter().find_map(|one| if let Resource::Memory(bytes) = one { Some(*bytes) } else { None });
    match resource {
        Resource::Pids(count) => vec![write("pids", "pids.max", count)],
        Resource::Memory(bytes) => vec![write("memory", "memory.limit_in_bytes", bytes)],
        // v1 limits memory and swap together.
        Resource::Swap(bytes) => {
            let both = bytes.saturating_add(memory.unwrap_or(0));
            vec![write("memory", "memory.memsw.limit_in_bytes", both)]
        }
        Resource::Cpus { quota, period } => {
            vec![write("cpu", "cpu.cfs_period_us", period), write("cpu", "cpu.cfs_quota_us", quota)]
        }
        Resource::CpuWeight(weight) => vec![write("cpu", "cpu.shares", shares(*weight))],
        Resource::Cpuset(list) => {
            let mems = !all.iter().any(|one| matches!(one, Resource::CpusetMems(_)));
            v1_cpuset(("cpuset.cpus", list), mems.then_some(("cpuset.mems", facts.mems.as_deref())))
        }
        Resource::CpusetMems(list) => {
            let cpus = !all.iter().any(|one| matches!(one, Resource::Cpuset(_)));
            v1_cpuset(("cpuset.mems", list), cpus.then_some(("cpuset.cpus", facts.cpus.as_deref())))
        }
        Resource::Io(device) => v1_io(device),
        Resource::HugePages { page, bytes } => vec![huge_pages(format!("hugetlb.{page}.limit_in_bytes"), *bytes)],
        // v1 has no such files; written ones are refused before.
        Resource::MemoryHigh(_) | Resource::MemoryLow(_) | Resource::OomGroup(_) | Resource::Unified { .. } => {
            Vec::new()
        }
    }
}

/// A new v1 cpuset has neither processors nor nodes, and takes no process before it has both (cpuset(7)).
fn v1_cpuset((file, list): (&'static str, &str), other: Option<(&'static str, Option<&str>)>) -> Vec<FileWrite> {
    let mut writes = vec![compared(write("cpuset", file, list), Compare::Ranges)];
    if let Some((file, parent)) = other {
        writes.push(compared(write("cpuset", file, parent.unwrap_or("0")), Compare::Ranges));
    }
    writes
}

/// The share that the kernel itself takes for a weight (sched_weight_from_cgroup): 100 is 1024, and twice the weight is
/// twice the share. The conversion of OCI runtimes is another: there 1024 shares become a weight of 39.
fn shares(weight: u64) -> u64 {
    (weight * 1024 / 100).clamp(2, 262_144)
}

/// The weight of BFQ on v1 goes to 1000 (cgroup-v1/blkio-controller.rst), so 1 to 10000 becomes 1 to 1000.
fn v1_io(device: &IoDevice) -> Vec<FileWrite> {
    let (major, minor) = device.number;
    let rates = [
        ("blkio.throttle.read_bps_device", device.rbps),
        ("blkio.throttle.write_bps_device", device.wbps),
        ("blkio.throttle.read_iops_device", device.riops),
        ("blkio.throttle.write_iops_device", device.wiops),
        ("blkio.bfq.weight_device", device.weight.map(|weight| weight.div_ceil(10))),
    ];
    rates
        .into_iter()
        .filter_map(|(file, rate)| {
            Some(compared(write("blkio", file, format!("{major}:{minor} {}", rate?)), Compare::Line))
        })
        .collect()
}
