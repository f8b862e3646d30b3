//! `[limits]`: what the container may use, as files of the cgroup and what is written to them.
//!
//! Each file below reads some keys; this one joins them, and `expressed` says how this host expresses them.

mod bounds;
mod cpu;
mod devices;
mod expressed;
mod memory;
mod raw_files;
mod unavailable;

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

use super::host::CgroupVersion;
use super::{Lowering, size};
use crate::config::{At, NumberOrText};
use crate::diagnostics::{Code, Problem};

pub(crate) use bounds::ranges;
pub(super) use expressed::lower;
pub(super) use unavailable::{refuse_all, refuse_unavailable};

/// Processes that a container may have where the file says nothing.
const DEFAULT_PIDS: u64 = 1024;
/// Most processes that the kernel can have (PID_MAX_LIMIT).
const PIDS_MAX: i64 = 4_194_304;

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
    /// Processes and threads of the container, without launch's own init.
    Pids(u64),
    /// Memory.
    Memory(u64),
    /// Swap besides memory.
    Swap(u64),
    /// Memory above which the container is slowed.
    MemoryHigh(u64),
    /// Memory that is not reclaimed while others have some to give.
    MemoryLow(u64),
    /// Whether the whole container is killed when it runs out of memory.
    OomGroup(bool),
    /// Processor time: microseconds of quota in each period.
    Cpus {
        /// Microseconds that may be used in a period.
        quota: u64,
        /// Length of a period in microseconds.
        period: u64,
    },
    /// Share of processor time, 1 to 10000.
    CpuWeight(u64),
    /// Processors, as a list of ranges.
    Cpuset(String),
    /// Memory nodes, as a list of ranges.
    CpusetMems(String),
    /// A block device.
    Io(IoDevice),
    /// Huge pages of one size.
    HugePages {
        /// Page size as the kernel names it, as `2MB`.
        page: String,
        /// Bytes.
        bytes: u64,
    },
    /// A file of the v2 interface, as the user wrote it.
    Unified {
        /// Name of the file.
        file: String,
        /// What is written.
        value: String,
    },
}

/// Limits of one block device; absent is unlimited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IoDevice {
    /// As the user wrote it.
    pub name: String,
    /// Major and minor number.
    pub number: (u32, u32),
    /// Bytes read a second.
    pub rbps: Option<u64>,
    /// Bytes written a second.
    pub wbps: Option<u64>,
    /// Read operations a second.
    pub riops: Option<u64>,
    /// Write operations a second.
    pub wiops: Option<u64>,
    /// Share of the device, 1 to 10000.
    pub weight: Option<u64>,
}

/// A file of a cgroup and what is written to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct FileWrite {
    /// Controller that the file belongs to; empty for files of the cgroup itself.
    pub controller: Cow<'static, str>,
    /// Name of the file.
    pub file: Cow<'static, str>,
    /// What is written, and read back.
    pub value: String,
    /// How what is read back is compared.
    pub compare: Compare,
}

/// How the kernel shows what was written to a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compare {
    /// The same text; sizes in whole pages.
    Text,
    /// One line for each device: the one that begins with ours has our words.
    Line,
    /// A list of ranges with the same members.
    Ranges,
    /// As any of the above; a file that only the user knows.
    Any,
}

/// A limit that the file asks for, before it is known how this host expresses it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Wanted {
    /// The key that asks for it; `None` for a default.
    pub(super) at: Option<At>,
    /// What is limited.
    pub(super) resource: Resource,
}

impl Wanted {
    fn written(at: At, resource: Resource) -> Wanted {
        Wanted { at: Some(at), resource }
    }
}

impl Limit {
    /// Returns the key of the file that sets it.
    pub fn key(&self) -> &'static str {
        self.resource.key()
    }
}

impl Resource {
    /// Returns the key of the file that sets it.
    pub fn key(&self) -> &'static str {
        match self {
            Resource::Pids(_) => "limits.pids",
            Resource::Memory(_) => "limits.memory",
            Resource::Swap(_) => "limits.swap",
            Resource::MemoryHigh(_) => "limits.memory_high",
            Resource::MemoryLow(_) => "limits.memory_low",
            Resource::OomGroup(_) => "limits.oom_group",
            Resource::Cpus { .. } => "limits.cpus",
            Resource::CpuWeight(_) => "limits.cpu_weight",
            Resource::Cpuset(_) => "limits.cpuset",
            Resource::CpusetMems(_) => "limits.cpuset_mems",
            Resource::Io(_) => "limits.io",
            Resource::HugePages { .. } => "limits.hugetlb",
            Resource::Unified { .. } => "limits.unified",
        }
    }

    /// Returns the limit as a number, where it is one: bytes or processes.
    pub fn amount(&self) -> Option<u64> {
        match self {
            Resource::Pids(amount)
            | Resource::Memory(amount)
            | Resource::Swap(amount)
            | Resource::MemoryHigh(amount)
            | Resource::MemoryLow(amount)
            | Resource::HugePages { bytes: amount, .. } => Some(*amount),
            _ => None,
        }
    }

    /// Returns the controller that enforces it, by the name that this version gives it; empty for the cgroup itself.
    fn controller(&self, version: CgroupVersion) -> Cow<'static, str> {
        let name = match self {
            Resource::Pids(_) => "pids",
            Resource::Memory(_)
            | Resource::Swap(_)
            | Resource::MemoryHigh(_)
            | Resource::MemoryLow(_)
            | Resource::OomGroup(_) => "memory",
            Resource::Cpus { .. } | Resource::CpuWeight(_) => "cpu",
            Resource::Cpuset(_) | Resource::CpusetMems(_) => "cpuset",
            Resource::Io(_) if version == CgroupVersion::V2 => "io",
            Resource::Io(_) => "blkio",
            Resource::HugePages { .. } => "hugetlb",
            Resource::Unified { file, .. } => {
                let name = file.split('.').next().unwrap_or_default();
                return if name == "cgroup" { "".into() } else { name.to_owned().into() };
            }
        };
        name.into()
    }
}

/// Returns the controllers that limits need, sorted.
pub(super) fn controllers(wanted: &[Wanted], version: CgroupVersion) -> Vec<String> {
    let mut names: Vec<String> = wanted.iter().map(|limit| limit.resource.controller(version).into_owned()).collect();
    names.retain(|name| !name.is_empty());
    names.sort_unstable();
    names.dedup();
    names
}

/// Reads `[limits]`.
pub(super) fn wanted(lowering: &mut Lowering) -> Vec<Wanted> {
    let mut wanted = Vec::with_capacity(4);
    pids(lowering, &mut wanted);
    memory::read(lowering, &mut wanted);
    cpu::read(lowering, &mut wanted);
    devices::read(lowering, &mut wanted);
    raw_files::read(lowering, &mut wanted);
    wanted
}

fn pids(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    let at = At::Key("limits.pids");
    let Some(count) = lowering.config.limits.pids else {
        return wanted.push(Wanted { at: None, resource: Resource::Pids(DEFAULT_PIDS) });
    };
    match u64::try_from(count) {
        Ok(count @ 1..) if i64::try_from(count).is_ok_and(|count| count <= PIDS_MAX) => {
            wanted.push(Wanted::written(at, Resource::Pids(count)));
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
