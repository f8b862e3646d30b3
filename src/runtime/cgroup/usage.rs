//! What the container used, and which limits it hit: read when it has ended, before the cgroup is removed.

use std::path::Path;

use super::Cgroup;
use crate::plan::host::CgroupVersion;
use crate::plan::limits::Resource;
use crate::plan::{Action, Plan};

/// A limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// The kernel killed for lack of memory.
    Memory {
        /// Processes killed.
        kills: u64,
        /// Times that all processes were killed at once (cgroup v2).
        groups: u64,
        /// Most memory that was used, in bytes; 0 where the kernel does not say.
        peak: u64,
    },
    /// A process could not be made: how often.
    Pids {
        /// Refusals.
        times: u64,
    },
}

/// What was used; absent where this kernel or this cgroup does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Limits that were hit, with the step that set each.
    pub hits: Vec<(usize, Hit)>,
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
    /// Most processes at once.
    pub pids_peak: Option<u64>,
    /// Bytes read from block devices.
    pub io_read_bytes: Option<u64>,
    /// Bytes written to block devices.
    pub io_write_bytes: Option<u64>,
    /// Time in which some process waited for a resource (cgroup v2, PSI).
    pub pressure: Option<Pressure>,
}

/// Time in which some process waited for a resource, in microseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pressure {
    /// For a processor.
    pub cpu: u64,
    /// For memory.
    pub memory: u64,
    /// For a block device.
    pub io: u64,
}

impl Cgroup {
    /// Reads which limits were hit.
    pub(in crate::runtime) fn hits(&self, plan: &Plan) -> Vec<(usize, Hit)> {
        let mut hits = Vec::new();
        for (number, step) in plan.numbered() {
            let Action::SetLimit(limit) = &step.action else { continue };
            let hit = match limit.resource {
                Resource::Pids(_) => self.pids_hit(),
                Resource::Memory(_) => self.memory_hit(),
                _ => None,
            };
            hits.extend(hit.map(|hit| (number, hit)));
        }
        hits
    }

    /// Reads what was used, for a report.
    pub(in crate::runtime) fn measure(&self, usage: &mut Usage) {
        if self.version == CgroupVersion::V2 {
            if let Some(directory) = self.path_of("") {
                measure_v2(directory, usage);
            }
        } else {
            self.measure_v1(usage);
        }
    }

    fn pids_hit(&self) -> Option<Hit> {
        let times = counter(&self.path_of("pids")?.join("pids.events"), "max")?;
        (times > 0).then_some(Hit::Pids { times })
    }

    fn memory_hit(&self) -> Option<Hit> {
        let directory = self.path_of("memory")?;
        let v2 = self.version == CgroupVersion::V2;
        let events = directory.join(if v2 { "memory.events" } else { "memory.oom_control" });
        let kills = counter(&events, "oom_kill").filter(|kills| *kills > 0)?;
        let peak = number(&directory.join(if v2 { "memory.peak" } else { "memory.max_usage_in_bytes" })).unwrap_or(0);
        Some(Hit::Memory { kills, groups: counter(&events, "oom_group_kill").unwrap_or(0), peak })
    }

    fn measure_v1(&self, usage: &mut Usage) {
        usage.memory_peak =
            self.path_of("memory").and_then(|directory| number(&directory.join("memory.max_usage_in_bytes")));
        usage.pids_peak = self.path_of("pids").and_then(|directory| number(&directory.join("pids.peak")));
        if let Some(directory) = self.path_of("cpu") {
            let stat = directory.join("cpu.stat");
            usage.throttled_periods = counter(&stat, "nr_throttled");
            usage.throttled_us = counter(&stat, "throttled_time").map(|nanoseconds| nanoseconds / 1000);
        }
        if let Some(directory) = self.path_of("blkio") {
            let file = std::fs::read_to_string(directory.join("blkio.throttle.io_service_bytes")).unwrap_or_default();
            let sum = |word: &str| -> u64 {
                file.lines().filter_map(|line| line.split_once(word)?.1.trim().parse::<u64>().ok()).sum()
            };
            (usage.io_read_bytes, usage.io_write_bytes) = (Some(sum(" Read ")), Some(sum(" Write ")));
        }
    }
}

fn measure_v2(directory: &Path, usage: &mut Usage) {
    let stat = directory.join("cpu.stat");
    usage.cpu_user_us = counter(&stat, "user_usec");
    usage.cpu_system_us = counter(&stat, "system_usec");
    usage.throttled_periods = counter(&stat, "nr_throttled");
    usage.throttled_us = counter(&stat, "throttled_usec");
    usage.memory_peak = number(&directory.join("memory.peak"));
    usage.pids_peak = number(&directory.join("pids.peak"));
    if let Ok(text) = std::fs::read_to_string(directory.join("io.stat")) {
        let sum = |word: &str| -> u64 {
            text.split_whitespace().filter_map(|field| field.strip_prefix(word)?.parse::<u64>().ok()).sum()
        };
        (usage.io_read_bytes, usage.io_write_bytes) = (Some(sum("rbytes=")), Some(sum("wbytes=")));
    }
    let pressure = |file: &str| some_us(&std::fs::read_to_string(directory.join(file)).ok()?);
    if let Some(cpu) = pressure("cpu.pressure") {
        let memory = pressure("memory.pressure").unwrap_or(0);
        usage.pressure = Some(Pressure { cpu, memory, io: pressure("io.pressure").unwrap_or(0) });
    }
}

/// The total of `some avg10=… total=N` (accounting/psi.rst).
fn some_us(text: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with("some "))?;
    line.split_whitespace().find_map(|field| field.strip_prefix("total="))?.parse().ok()
}

fn number(path: &Path) -> Option<u64> {
    std::fs::read_to_string(path).ok()?.trim().parse().ok()
}

/// Reads a line `NAME NUMBER` of a file.
fn counter(path: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.trim().parse().ok())
}
