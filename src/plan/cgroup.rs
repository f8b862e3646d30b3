//! `[cgroup]`: where and by whom the cgroup is made.

use schemars::JsonSchema;
use serde::Serialize;

use super::host::CgroupVersion;
use super::limits::{self, Wanted};
use super::{Action, Lowering, Phase};
use crate::config::{At, CgroupManager};
use crate::diagnostics::{Code, Problem};

/// The cgroup to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CgroupStep {
    /// Who makes it.
    pub manager: Manager,
    /// Which version its hierarchy is.
    #[schemars(with = "String")]
    pub version: CgroupVersion,
    /// Cgroup to make it in; `null` is the cgroup of the caller.
    pub parent: Option<String>,
    /// What its name begins with; launch adds its own process id.
    pub prefix: String,
    /// Controllers that are needed, sorted.
    pub controllers: Vec<String>,
    /// True where the container may make cgroups of its own below.
    pub delegate: bool,
}

/// Who makes the cgroup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Manager {
    /// launch itself.
    Cgroupfs,
    /// systemd, by a transient scope.
    Systemd,
}

/// Plans the cgroup and its limits.
pub(super) fn lower(lowering: &mut Lowering, name: &str) {
    let wanted = limits::wanted(lowering);
    let manager = lowering.config.cgroup.manager.unwrap_or_default();
    if manager == CgroupManager::None {
        limits::refuse_all(lowering, &wanted);
        return;
    }
    let Some(manager) = choose(lowering, manager, &wanted) else { return };
    let limits = limits::lower(lowering, wanted, manager);
    if limits.is_empty() && lowering.config.cgroup.parent.is_none() {
        return;
    }
    let mut controllers: Vec<String> =
        limits.iter().flat_map(|(_, limit)| limit.writes.iter().map(|write| write.controller.to_owned())).collect();
    controllers.sort_unstable();
    controllers.dedup();
    let step = CgroupStep {
        manager,
        version: lowering.host.cgroup.version,
        parent: lowering.config.cgroup.parent.clone(),
        prefix: format!("launch-{name}"),
        controllers,
        delegate: lowering.config.cgroup.delegate.unwrap_or(false),
    };
    let written = lowering.config.cgroup != crate::config::Cgroup::default();
    lowering.step(written, "cgroup", Phase::Cgroup, Action::CreateCgroup(step));
    for (at, limit) in limits {
        match at {
            Some(at) => lowering.written(at, Phase::Cgroup, Action::SetLimit(limit)),
            None => lowering.default(Phase::Cgroup, Action::SetLimit(limit)),
        }
    }
}

/// Chooses the manager; `None` where no cgroup can be made and none was asked for.
fn choose(lowering: &mut Lowering, manager: CgroupManager, wanted: &[Wanted]) -> Option<Manager> {
    let facts = &lowering.host.cgroup;
    let writable = facts.controllers.values().any(|controller| controller.writable);
    match manager {
        CgroupManager::Systemd if facts.systemd && facts.version == CgroupVersion::V2 => Some(Manager::Systemd),
        CgroupManager::Systemd => {
            let version = facts.version.as_str();
            lowering.problem(
                Problem::error(Code::SystemdMissing, "systemd cannot be asked for a scope on this host")
                    .value(
                        At::Key("cgroup.manager"),
                        format!("cgroup {version}{}", if facts.systemd { "" } else { ", no systemd bus" }),
                    )
                    .help("write manager = \"cgroupfs\", or remove the key"),
            );
            None
        }
        CgroupManager::Auto if !writable && facts.systemd && facts.version == CgroupVersion::V2 => {
            Some(Manager::Systemd)
        }
        CgroupManager::Auto | CgroupManager::Cgroupfs if writable => Some(Manager::Cgroupfs),
        _ => {
            limits::refuse_unavailable(lowering, wanted);
            None
        }
    }
}
