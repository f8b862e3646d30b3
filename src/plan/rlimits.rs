//! `[rlimits]`: resource limits of each process.

use super::{Action, Lowering, Phase, size};
use crate::config::{At, NumberOrText, Rlimit, Rlimits};
use crate::diagnostics::{Code, Problem};

/// CAP_SYS_RESOURCE (capabilities(7)): lets a process raise hard limits.
const CAP_SYS_RESOURCE: u32 = 24;

/// A resource: name in the file, key, RLIMIT number of x86-64 and aarch64 (asm-generic/resource.h).
struct Resource {
    name: &'static str,
    key: &'static str,
    number: usize,
    get: fn(&Rlimits) -> Option<&Rlimit>,
}

macro_rules! resources {
    ($($name:literal $field:ident $number:literal),* $(,)?) => {
        const RESOURCES: &[Resource] = &[$(Resource {
            name: $name, key: concat!("rlimits.", $name), number: $number, get: |limits| limits.$field.as_ref(),
        }),*];
    };
}

resources! {
    "cpu" cpu 0, "fsize" fsize 1, "data" data 2, "stack" stack 3, "core" core 4, "rss" rss 5, "nproc" nproc 6,
    "nofile" nofile 7, "memlock" memlock 8, "as" address_space 9, "locks" locks 10, "sigpending" sigpending 11,
    "msgqueue" msgqueue 12, "nice" nice 13, "rtprio" rtprio 14, "rttime" rttime 15,
}

/// Returns the RLIMIT number of a resource.
pub fn number(name: &str) -> Option<usize> {
    RESOURCES.iter().find(|resource| resource.name == name).map(|resource| resource.number)
}

/// Plans the limits; core dumps are off unless written.
pub(super) fn lower(lowering: &mut Lowering) {
    for resource in RESOURCES {
        match (resource.get)(&lowering.config.rlimits) {
            Some(limit) => one(lowering, resource, limit),
            None if resource.name == "core" => {
                lowering.default(Phase::Limits, Action::SetRlimit { resource: "core", soft: Some(0), hard: Some(0) });
            }
            None => {}
        }
    }
}

fn one(lowering: &mut Lowering, resource: &Resource, limit: &Rlimit) {
    let at = At::Key(resource.key);
    let soft = limit.soft.as_ref().map(|value| read(lowering, resource, value));
    let hard = if limit.both { soft } else { limit.hard.as_ref().map(|value| read(lowering, resource, value)) };
    let (soft, hard) = match (soft, hard) {
        (Some(soft), Some(hard)) => (soft, hard),
        (Some(one), None) | (None, Some(one)) => (one, one),
        (None, None) => {
            lowering.problem(
                Problem::error(Code::RlimitEmpty, format!("`{}` has neither soft nor hard", resource.key))
                    .value(at, "empty")
                    .help(format!("write {} = 1024, or {{ soft = 512, hard = 1024 }}", resource.name)),
            );
            return;
        }
    };
    let (Some(soft), Some(hard)) = (soft, hard) else { return };
    if soft > hard {
        lowering.problem(
            Problem::error(
                Code::RlimitSoftAboveHard,
                format!("the soft limit of {} is above the hard limit", resource.name),
            )
            .value(at, format!("{} > {}", show(soft), show(hard)))
            .help(format!(
                "the soft limit is at most the hard one: write {} = {{ soft = {}, hard = {} }}",
                resource.name,
                show(hard),
                show(soft)
            )),
        );
        return;
    }
    let ceiling = lowering.host.rlimits.get(resource.number).copied().unwrap_or(u64::MAX);
    if hard > ceiling && lowering.host.capabilities >> CAP_SYS_RESOURCE & 1 == 0 {
        lowering.problem(
            Problem::error(Code::RlimitAboveHard, format!("{} = {} is above the caller's own hard limit", resource.name, show(hard)))
                .value(at, format!("the hard limit here is {}", show(ceiling)))
                .help(format!("write {} or less, or raise the hard limit (ulimit -H, limits.conf(5)); only CAP_SYS_RESOURCE may exceed it", show(ceiling))),
        );
        return;
    }
    let bound = |value: u64| (value != u64::MAX).then_some(value);
    lowering.written(
        at,
        Phase::Limits,
        Action::SetRlimit { resource: resource.name, soft: bound(soft), hard: bound(hard) },
    );
}

fn show(value: u64) -> String {
    if value == u64::MAX { "unlimited".to_owned() } else { value.to_string() }
}

/// Reads one value; `u64::MAX` is unlimited (RLIM_INFINITY).
fn read(lowering: &mut Lowering, resource: &Resource, value: &NumberOrText) -> Option<u64> {
    if matches!(value, NumberOrText::Text(text) if matches!(text.as_str(), "unlimited" | "infinity")) {
        return Some(u64::MAX);
    }
    size::size(value)
        .map_err(|wrong| {
            let code = if wrong.ambiguous { Code::SizeAmbiguous } else { Code::RlimitInvalid };
            lowering.problem(
                Problem::error(
                    code,
                    if wrong.ambiguous { wrong.message } else { format!("`{value}` is no limit of {}", resource.name) },
                )
                .value(At::Key(resource.key), "an integer, a size or \"unlimited\"")
                .help(if wrong.ambiguous {
                    wrong.help
                } else {
                    format!("write {} = 1024, or \"unlimited\"", resource.name)
                }),
            );
        })
        .ok()
}
