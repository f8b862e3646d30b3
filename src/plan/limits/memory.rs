//! `limits.memory`, `swap`, `memory_high`, `memory_low`, `oom_group`: memory.

use super::{Resource, Wanted, bytes};
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::host::CgroupVersion;
use crate::plan::{Lowering, bytes_words};

/// Least memory with which a process can be started at all: below it every exec is killed.
const MEMORY_MIN: u64 = 512 * 1024;

/// Reads the keys.
pub(super) fn read(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
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
        wanted.push(Wanted::written(At::Key("limits.memory"), Resource::Memory(memory)));
    }
    swap(lowering, memory, wanted);
    soft(lowering, memory, wanted);
    oom_group(lowering, memory, wanted);
}

/// The two soft limits lie below the hard one, and the lower one below the higher.
fn soft(lowering: &mut Lowering, memory: Option<u64>, wanted: &mut Vec<Wanted>) {
    let limits = &lowering.config.limits;
    let read = |lowering: &mut Lowering, key, value: &Option<_>| value.as_ref().and_then(|v| bytes(lowering, key, v));
    let high = read(lowering, "limits.memory_high", &limits.memory_high);
    let low = read(lowering, "limits.memory_low", &limits.memory_low);
    if let Some(high) = high {
        below(lowering, Code::MemoryHighAboveLimit, ("limits.memory_high", high), ("limits.memory", memory));
        wanted.push(Wanted::written(At::Key("limits.memory_high"), Resource::MemoryHigh(high)));
    }
    if let Some(low) = low {
        let above = if high.is_some() { ("limits.memory_high", high) } else { ("limits.memory", memory) };
        below(lowering, Code::MemoryLowAboveLimit, ("limits.memory_low", low), above);
        wanted.push(Wanted::written(At::Key("limits.memory_low"), Resource::MemoryLow(low)));
    }
}

fn below(lowering: &mut Lowering, code: Code, soft: (&'static str, u64), hard: (&'static str, Option<u64>)) {
    let Some(limit) = hard.1.filter(|limit| soft.1 >= *limit) else { return };
    lowering.problem(
        Problem::error(code, format!("`{}` is not below `{}`", soft.0, hard.0))
            .value(At::Key(soft.0), bytes_words(soft.1))
            .value(At::Key(hard.0), bytes_words(limit))
            .help(format!("write a smaller `{}`: it could never have an effect", soft.0)),
    );
}

fn oom_group(lowering: &mut Lowering, memory: Option<u64>, wanted: &mut Vec<Wanted>) {
    let v2 = lowering.host.cgroup.version == CgroupVersion::V2;
    match lowering.config.limits.oom_group {
        // What v1 does anyway needs no file.
        Some(false) if !v2 => {}
        Some(group) => wanted.push(Wanted::written(At::Key("limits.oom_group"), Resource::OomGroup(group))),
        None if v2 && memory.is_some() => wanted.push(Wanted { at: None, resource: Resource::OomGroup(true) }),
        None if memory.is_some() && lowering.host.cgroup.version != CgroupVersion::None => {
            lowering.note("out of memory kills one process of the container, not all of them: cgroup v1 cannot");
        }
        None => {}
    }
}

fn swap(lowering: &mut Lowering, memory: Option<u64>, wanted: &mut Vec<Wanted>) {
    let written = lowering.config.limits.swap.as_ref();
    match (written, memory) {
        (Some(value), Some(_)) => {
            if let Some(swap) = bytes(lowering, "limits.swap", value) {
                wanted.push(Wanted::written(At::Key("limits.swap"), Resource::Swap(swap)));
            }
        }
        (Some(value), None) => {
            let v2 = lowering.host.cgroup.version == CgroupVersion::V2;
            match bytes(lowering, "limits.swap", value) {
                Some(swap) if v2 => {
                    wanted.push(Wanted::written(At::Key("limits.swap"), Resource::Swap(swap)));
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
