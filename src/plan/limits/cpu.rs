//! `limits.cpus`, `cpu_weight`, `cpuset`, `cpuset_mems`: processors.

use super::bounds::{ranges, within};
use super::{Resource, Wanted};
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;

/// Period of the processor quota, in microseconds: the kernel's default.
const PERIOD_US: u64 = 100_000;
/// Least quota that the kernel takes, in microseconds (min_cfs_quota_period).
const QUOTA_MIN_US: u64 = 1000;

/// Reads the keys.
pub(super) fn read(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    cpus(lowering, wanted);
    let at = || At::Key("limits.cpu_weight");
    if let Some(weight) = lowering.config.limits.cpu_weight
        && let Some(weight) = within(lowering, at(), weight, 1, 10_000, "100 is the share of everyone else")
    {
        wanted.push(Wanted::written(at(), Resource::CpuWeight(weight)));
    }
    let (cpus, mems) = (lowering.host.cgroup.cpus.clone(), lowering.host.cgroup.mems.clone());
    let config = lowering.config;
    if let Some(text) = &config.limits.cpuset
        && members(lowering, "limits.cpuset", text, cpus.as_deref(), "processors")
    {
        wanted.push(Wanted::written(At::Key("limits.cpuset"), Resource::Cpuset(text.clone())));
    }
    if let Some(text) = &config.limits.cpuset_mems
        && members(lowering, "limits.cpuset_mems", text, mems.as_deref(), "memory nodes")
    {
        wanted.push(Wanted::written(At::Key("limits.cpuset_mems"), Resource::CpusetMems(text.clone())));
    }
}

/// Checks a list of ranges against what this host's cgroup has.
fn members(lowering: &mut Lowering, key: &'static str, text: &str, have: Option<&str>, what: &str) -> bool {
    let Some(wanted) = ranges(text).filter(|wanted| !wanted.is_empty()) else {
        lowering.problem(
            Problem::error(Code::CpusetInvalid, format!("`{text}` is no list of {what}"))
                .value(At::Key(key), "numbers and ranges, separated by commas")
                .help("write it as \"0-3,6\""),
        );
        return false;
    };
    let Some(have) = have.filter(|have| !have.is_empty()) else { return true };
    let known = ranges(have).unwrap_or_default();
    let Some(absent) = wanted.iter().find(|number| !known.contains(number)) else { return true };
    lowering.problem(
        Problem::error(Code::CpusetAbsent, format!("{what} {text} are not all there: {absent} is not"))
            .value(At::Key(key), format!("this host gives {have}"))
            .help(format!("write some of {have}")),
    );
    false
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
    wanted.push(Wanted::written(at, Resource::Cpus { quota, period: PERIOD_US }));
}
