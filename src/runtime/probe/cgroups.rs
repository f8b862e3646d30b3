//! Which cgroup hierarchies there are, and where in them we run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

use crate::plan::Questions;
use crate::plan::host::{CgroupFacts, CgroupVersion, ControllerFact, OwnCgroup};

const MOUNT: &str = "/sys/fs/cgroup";
/// CGROUP2_SUPER_MAGIC (linux/magic.h).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// Looks at /sys/fs/cgroup and /proc/self/cgroup.
pub(super) fn facts(questions: &Questions, uid: u32) -> CgroupFacts {
    let mut facts = hierarchies(uid);
    if questions.cpuset {
        let own = match facts.version {
            CgroupVersion::V2 => facts.unified.clone(),
            _ => facts.controllers.get("cpuset").map(|fact| fact.own.clone()),
        };
        let list = |name: &str| {
            let own = own.as_deref()?;
            let effective = fs::read_to_string(own.join(format!("{name}.effective")));
            let text = effective.or_else(|_| fs::read_to_string(own.join(name))).ok()?;
            Some(text.trim().to_owned())
        };
        (facts.cpus, facts.mems) = (list("cpuset.cpus"), list("cpuset.mems"));
    }
    if questions.huge_pages {
        facts.huge_pages = huge_pages();
    }
    facts
}

/// Page sizes under the names that the cgroup files bear: hugepages-2048kB is 2MB.
fn huge_pages() -> Vec<String> {
    let entries = fs::read_dir("/sys/kernel/mm/hugepages").into_iter().flatten().flatten();
    let mut sizes: Vec<u64> = entries
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            name.strip_prefix("hugepages-")?.strip_suffix("kB")?.parse().ok()
        })
        .collect();
    sizes.sort_unstable();
    let name = |kilobytes: u64| match kilobytes {
        0..1024 => format!("{kilobytes}KB"),
        1024..0x10_0000 => format!("{}MB", kilobytes >> 10),
        _ => format!("{}GB", kilobytes >> 20),
    };
    sizes.into_iter().map(name).collect()
}

fn hierarchies(uid: u32) -> CgroupFacts {
    let lines = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let unified = lines.lines().find_map(|line| line.strip_prefix("0::"));
    if is_cgroup2(MOUNT) {
        return unified.map(|path| v2(below(MOUNT, path), uid)).unwrap_or_default();
    }
    let mut facts = CgroupFacts { controllers: v1(&lines), ..CgroupFacts::default() };
    if facts.controllers.is_empty() {
        return facts;
    }
    let hybrid = format!("{MOUNT}/unified");
    facts.version = CgroupVersion::V1;
    if is_cgroup2(&hybrid) {
        facts.version = CgroupVersion::Hybrid;
        facts.unified = unified.map(|path| below(&hybrid, path));
    }
    facts.swap =
        facts.controllers.get("memory").is_some_and(|memory| memory.own.join("memory.memsw.limit_in_bytes").is_file());
    facts
}

fn is_cgroup2(path: &str) -> bool {
    rustix::fs::statfs(path).is_ok_and(|stat| u64::try_from(stat.f_type).is_ok_and(|magic| magic == CGROUP2_MAGIC))
}

fn below(mount: &str, path: &str) -> PathBuf {
    Path::new(mount).join(path.trim_start_matches('/'))
}

/// Says whether cgroups can be made in a directory.
fn writable(path: &Path) -> bool {
    rustix::fs::accessat(CWD, path, Access::WRITE_OK | Access::EXEC_OK, AtFlags::EACCESS).is_ok()
}

fn v2(own: PathBuf, uid: u32) -> CgroupFacts {
    let may = writable(&own) && writable_file(&own.join("cgroup.subtree_control"));
    let fact = ControllerFact { mount: MOUNT.into(), own: own.clone(), writable: may };
    let controllers = words(&own.join("cgroup.controllers")).into_iter().map(|name| (name, fact.clone())).collect();
    // The root cgroup has no memory.swap.max of its own; children have it where swap is accounted for.
    let swap = Path::new("/proc/swaps").is_file();
    let mut facts = CgroupFacts { version: CgroupVersion::V2, controllers, swap, ..CgroupFacts::default() };
    facts.own = own_cgroup(&own, uid);
    if let Some(parent) = own.parent().filter(|_| facts.own.parent_is_ours) {
        // What is made beside our own has the controllers of the cgroup above.
        let fact = ControllerFact { mount: MOUNT.into(), own: parent.to_owned(), writable: false };
        for name in words(&parent.join("cgroup.controllers")) {
            facts.controllers.entry(name).or_insert_with(|| fact.clone());
        }
    }
    if super::super::cgroup::systemd_is_there(uid) {
        let manager = if uid == 0 {
            MOUNT.into()
        } else {
            Path::new(MOUNT).join(format!("user.slice/user-{uid}.slice/user@{uid}.service"))
        };
        facts.systemd = true;
        facts.systemd_controllers = words(&manager.join("cgroup.controllers"));
    }
    facts.unified = Some(own);
    facts
}

/// Only the top of the hierarchy lacks `cgroup.type`; the top that a cgroup namespace shows has it.
fn own_cgroup(own: &Path, uid: u32) -> OwnCgroup {
    if !own.join("cgroup.type").is_file() {
        return OwnCgroup { top: true, ..OwnCgroup::default() };
    }
    let processes = words(&own.join("cgroup.procs"));
    OwnCgroup {
        top: false,
        alone: processes == [std::process::id().to_string()],
        enabled: words(&own.join("cgroup.subtree_control")),
        parent_is_ours: own.parent().is_some_and(|parent| is_ours(parent, uid)),
    }
}

/// A cgroup that belongs to the caller, may hold others, and is not systemd's to arrange.
fn is_ours(parent: &Path, uid: u32) -> bool {
    let owned = fs::metadata(parent).is_ok_and(|metadata| std::os::unix::fs::MetadataExt::uid(&metadata) == uid);
    let slice = parent.extension().is_some_and(|extension| extension == "slice");
    let top = !parent.join("cgroup.type").is_file();
    let free = || words(&parent.join("cgroup.procs")).is_empty();
    owned && !slice && !top && parent.starts_with(MOUNT) && writable_file(&parent.join("cgroup.procs")) && free()
}

fn words(file: &Path) -> Vec<String> {
    fs::read_to_string(file).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

fn writable_file(path: &Path) -> bool {
    rustix::fs::accessat(CWD, path, Access::WRITE_OK, AtFlags::EACCESS).is_ok()
}

/// Each v1 hierarchy that is mounted, by controller.
fn v1(lines: &str) -> BTreeMap<String, ControllerFact> {
    let mut controllers = BTreeMap::new();
    for line in lines.lines() {
        let mut fields = line.splitn(3, ':').skip(1);
        let (Some(names), Some(path)) = (fields.next(), fields.next()) else { continue };
        for name in names.split(',').filter(|name| !name.is_empty() && !name.starts_with("name=")) {
            let mounts = [format!("{MOUNT}/{name}"), format!("{MOUNT}/{names}")];
            let found =
                mounts.iter().map(|mount| (mount, below(mount, path))).find(|(_, own)| own.join("tasks").is_file());
            if let Some((mount, own)) = found {
                let writable = writable(&own);
                controllers.insert(name.to_owned(), ControllerFact { mount: mount.into(), own, writable });
            }
        }
    }
    controllers
}
