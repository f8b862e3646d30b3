//! libcgroups as the writer of limits on cgroup v2; the only file that knows it.
//!
//! On v2 making its manager is free and applying is plain writes. Not used: its placing, killing and removing (they wait
//! and retry), its v1 managers (see the head of [`super`]), and its fields where they drop a value: a swap limit of 0 and a
//! device's throttles go by `unified`, which is written as it stands.

use std::collections::HashMap;
use std::path::Path;

use libcgroups::common::{CgroupManager, ControllerOpt};
use libcgroups::v2::manager::Manager;
use oci_spec::runtime::{LinuxCpu, LinuxHugepageLimit, LinuxMemory, LinuxPids, LinuxResources};

use crate::plan::limits::{Limit, Resource};

/// libcgroups refused, or the value does not fit its types; what and why is found by writing the files one by one.
#[derive(Debug)]
pub(super) struct Refused;

/// Applies limits to a v2 cgroup that is there and empty.
pub(super) fn apply<'a>(directory: &Path, limits: impl Iterator<Item = &'a Limit>) -> Result<(), Refused> {
    let resources = translate(limits).ok_or(Refused)?;
    let mount = Path::new("/sys/fs/cgroup");
    let below = directory.strip_prefix(mount).map_err(|_| Refused)?;
    let manager = Manager::new(mount.to_owned(), Path::new("/").join(below)).map_err(|_| Refused)?;
    let options =
        ControllerOpt { resources: &resources, disable_oom_killer: false, oom_score_adj: None, freezer_state: None };
    manager.apply(&options).map_err(|_| Refused)
}

/// Our limits in the terms of the OCI runtime specification.
fn translate<'a>(limits: impl Iterator<Item = &'a Limit>) -> Option<LinuxResources> {
    let mut resources = LinuxResources::default();
    let (mut cpu, mut memory) = (None::<LinuxCpu>, None::<LinuxMemory>);
    let mut huge_pages = Vec::new();
    let mut unified = HashMap::new();
    for limit in limits {
        match &limit.resource {
            Resource::Pids(_) => {
                let mut pids = LinuxPids::default();
                // The file's value counts launch's own init too.
                pids.set_limit(limit.writes.first()?.value.parse().ok()?);
                resources.set_pids(Some(pids));
            }
            Resource::Memory(bytes) => {
                memory.get_or_insert_default().set_limit(Some(i64::try_from(*bytes).ok()?));
            }
            Resource::MemoryLow(bytes) if *bytes > 0 => {
                memory.get_or_insert_default().set_reservation(Some(i64::try_from(*bytes).ok()?));
            }
            Resource::Cpus { quota, period } => {
                let cpu = cpu.get_or_insert_default();
                cpu.set_quota(Some(i64::try_from(*quota).ok()?)).set_period(Some(*period));
            }
            Resource::Cpuset(list) => {
                cpu.get_or_insert_default().set_cpus(Some(list.clone()));
            }
            Resource::CpusetMems(list) => {
                cpu.get_or_insert_default().set_mems(Some(list.clone()));
            }
            Resource::HugePages { page, bytes } => {
                let mut limit = LinuxHugepageLimit::default();
                limit.set_page_size(page.clone()).set_limit(i64::try_from(*bytes).ok()?);
                huge_pages.push(limit);
            }
            _ => unified.extend(limit.writes.iter().map(|write| (write.file.to_string(), write.value.clone()))),
        }
    }
    resources.set_cpu(cpu).set_memory(memory).set_unified(Some(unified).filter(|files| !files.is_empty()));
    resources.set_hugepage_limits(Some(huge_pages).filter(|limits| !limits.is_empty()));
    Some(resources)
}
