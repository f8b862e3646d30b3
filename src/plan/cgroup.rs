//! `[cgroup]`: where and by whom the cgroup is made.

use schemars::JsonSchema;
use serde::Serialize;

use super::host::{CgroupFacts, CgroupVersion};
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
    /// Where it is made.
    pub place: Place,
    /// Cgroup or slice that the user named; `null` is the cgroup of the caller.
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

/// Where the cgroup is made. On v2 a cgroup that holds processes cannot give controllers on (cgroups(7), "no internal
/// processes"), so its place depends on who is in the caller's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Place {
    /// Below the caller's own cgroup.
    Below,
    /// Below the caller's own cgroup, which launch has to itself and leaves for one beside the container's meanwhile.
    Leaf,
    /// Beside the caller's own cgroup, which holds other processes.
    Beside,
    /// In a transient scope that systemd makes.
    Scope,
    /// In the cgroup that the user named.
    Named,
}

/// Plans the cgroup and its limits.
pub(super) fn lower(lowering: &mut Lowering, name: &str) {
    let wanted = limits::wanted(lowering);
    let config = &lowering.config.cgroup;
    let manager = config.manager.unwrap_or_default();
    if manager == CgroupManager::None {
        limits::refuse_all(lowering, &wanted);
        return;
    }
    let parent_is_fine = parent(lowering, manager);
    let Some((manager, place)) = choose(lowering, manager, &wanted) else { return };
    if lowering.config.cgroup.delegate == Some(true) && lowering.host.cgroup.version != CgroupVersion::V2 {
        lowering.problem(
            Problem::error(Code::DelegateOnlyV2, "a cgroup v1 hierarchy cannot be given away safely")
                .value(
                    At::Key("cgroup.delegate"),
                    format!("this host has cgroup {}", lowering.host.cgroup.version.as_str()),
                )
                .help("remove the key, or boot with systemd.unified_cgroup_hierarchy=1"),
        );
    }
    let limits = limits::lower(lowering, wanted, manager, place);
    if !parent_is_fine || limits.is_empty() && lowering.config.cgroup.parent.is_none() {
        return;
    }
    let mut controllers: Vec<String> = limits
        .iter()
        .flat_map(|(_, limit)| limit.writes.iter().map(|write| write.controller.clone().into_owned()))
        .filter(|controller| !controller.is_empty())
        .collect();
    controllers.sort_unstable();
    controllers.dedup();
    let step = CgroupStep {
        manager,
        version: lowering.host.cgroup.version,
        place,
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

/// Says whether a parent is a slice of systemd (systemd.slice(5)).
fn is_slice(parent: &str) -> bool {
    parent.strip_suffix(".slice").is_some_and(|name| !name.is_empty() && !name.contains('/'))
}

/// Checks the name of the parent: a path of a hierarchy, or a slice for systemd.
fn parent(lowering: &mut Lowering, manager: CgroupManager) -> bool {
    let Some(parent) = &lowering.config.cgroup.parent else { return true };
    let slice = is_slice(parent);
    let path = parent.starts_with('/') && parent.len() > 1 && !parent.split('/').any(|part| matches!(part, "." | ".."));
    let fits = if manager == CgroupManager::Systemd { slice } else { path || slice && manager == CgroupManager::Auto };
    if !fits {
        let help = if manager == CgroupManager::Systemd {
            "write the name of a slice, as \"batch.slice\""
        } else {
            "write a path from the top of the hierarchy, as \"/batch\", or a slice together with manager = \"systemd\""
        };
        lowering.problem(
            Problem::error(Code::CgroupParentInvalid, format!("`{parent}` is no cgroup that one can be made in"))
                .value(
                    At::Key("cgroup.parent"),
                    if slice { "a slice of systemd" } else { "neither a path nor a slice" },
                )
                .help(help),
        );
    }
    fits
}

/// Chooses manager and place; `None` where no cgroup can be made and none was asked for.
fn choose(lowering: &mut Lowering, manager: CgroupManager, wanted: &[Wanted]) -> Option<(Manager, Place)> {
    let facts = &lowering.host.cgroup;
    let parent = lowering.config.cgroup.parent.as_deref();
    let systemd = facts.systemd && facts.version == CgroupVersion::V2;
    let slice = parent.is_some_and(is_slice);
    if manager == CgroupManager::Systemd || slice {
        if systemd {
            return Some((Manager::Systemd, Place::Scope));
        }
        let version = facts.version.as_str();
        let at = if manager == CgroupManager::Systemd { At::Key("cgroup.manager") } else { At::Key("cgroup.parent") };
        lowering.problem(
            Problem::error(Code::SystemdMissing, "systemd cannot be asked for a scope on this host")
                .value(at, format!("cgroup {version}{}", if facts.systemd { "" } else { ", no systemd bus" }))
                .help("write manager = \"cgroupfs\", or remove the key"),
        );
        return None;
    }
    if parent.is_some() && facts.version != CgroupVersion::None {
        return Some((Manager::Cgroupfs, Place::Named));
    }
    let found = match facts.version {
        CgroupVersion::None => None,
        CgroupVersion::V1 | CgroupVersion::Hybrid => {
            facts.controllers.values().any(|controller| controller.writable).then_some(Place::Below)
        }
        CgroupVersion::V2 => v2_place(facts, wanted),
    };
    match found {
        Some(place) => {
            if place == Place::Beside {
                lowering.note("the cgroup is made beside the caller's own, which holds other processes; limits of the caller's own cgroup do not hold for it");
            }
            Some((Manager::Cgroupfs, place))
        }
        None if manager == CgroupManager::Auto && systemd => Some((Manager::Systemd, Place::Scope)),
        None => {
            limits::refuse_unavailable(lowering, wanted);
            None
        }
    }
}

fn v2_place(facts: &CgroupFacts, wanted: &[Wanted]) -> Option<Place> {
    let needed = limits::controllers(wanted, CgroupVersion::V2);
    let own = &facts.own;
    let enabled =
        needed.iter().filter(|name| facts.controllers.contains_key(*name)).all(|name| own.enabled.contains(name));
    let writable = facts.controllers.values().any(|controller| controller.writable);
    if writable && (own.top || enabled && !needed.is_empty()) {
        Some(Place::Below)
    } else if writable && own.alone {
        Some(Place::Leaf)
    } else if own.parent_is_ours {
        Some(Place::Beside)
    } else {
        None
    }
}
