//! Limits that this host cannot enforce: the reason, and what to do about it.

use super::{Resource, Wanted};
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;
use crate::plan::host::CgroupVersion;

/// What a limit is of.
pub(super) fn describe(resource: &Resource) -> &'static str {
    match resource {
        Resource::Pids(_) => "processes",
        Resource::Memory(_) | Resource::MemoryHigh(_) | Resource::MemoryLow(_) => "memory",
        Resource::OomGroup(_) => "memory that kills all processes at once",
        Resource::Swap(_) => "swap",
        Resource::Cpus { .. } | Resource::CpuWeight(_) => "processor time",
        Resource::Cpuset(_) => "processors",
        Resource::CpusetMems(_) => "memory nodes",
        Resource::Io(_) => "a block device",
        Resource::HugePages { .. } => "huge pages",
        Resource::Unified { .. } => "this kind",
    }
}

/// Records that written limits contradict `manager = "none"`.
pub(in crate::plan) fn refuse_all(lowering: &mut Lowering, wanted: &[Wanted]) {
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
pub(in crate::plan) fn refuse_unavailable(lowering: &mut Lowering, wanted: &[Wanted]) {
    for limit in wanted {
        let controller = limit.resource.controller(lowering.host.cgroup.version);
        match &limit.at {
            Some(at) => lowering.problem(cannot(lowering, at.clone(), &controller)),
            None => lowering.note(format!(
                "no limit of {}: {}",
                describe(&limit.resource),
                unavailable(lowering, &controller)
            )),
        }
    }
}

/// Why a controller cannot be used here.
pub(super) fn unavailable(lowering: &Lowering, controller: &str) -> String {
    let facts = &lowering.host.cgroup;
    match (facts.version, facts.controllers.get(controller)) {
        (CgroupVersion::None, _) => "no cgroup file system is mounted at /sys/fs/cgroup".to_owned(),
        (_, None) => format!("the {controller} controller is not there"),
        (_, Some(fact)) => format!("the caller may not make cgroups in {}", fact.own.display()),
    }
}

pub(super) fn cannot(lowering: &Lowering, at: At, controller: &str) -> Problem {
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
