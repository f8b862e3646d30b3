//! Which cgroup hierarchies there are, and where in them we run.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, AtFlags, CWD};

use crate::plan::host::{CgroupFacts, CgroupVersion, ControllerFact};

const MOUNT: &str = "/sys/fs/cgroup";
/// CGROUP2_SUPER_MAGIC (linux/magic.h).
const CGROUP2_MAGIC: u64 = 0x6367_7270;

/// Looks at /sys/fs/cgroup and /proc/self/cgroup.
pub(super) fn facts() -> CgroupFacts {
    let lines = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let unified = lines.lines().find_map(|line| line.strip_prefix("0::"));
    if is_cgroup2(MOUNT) {
        return unified.map(|path| v2(below(MOUNT, path))).unwrap_or_default();
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

fn v2(own: PathBuf) -> CgroupFacts {
    let names = fs::read_to_string(own.join("cgroup.controllers")).unwrap_or_default();
    let may = writable(&own) && writable_file(&own.join("cgroup.subtree_control"));
    let controllers = names
        .split_whitespace()
        .map(|name| (name.to_owned(), ControllerFact { own: own.clone(), writable: may }))
        .collect();
    // The root cgroup has no memory.swap.max of its own; children have it where swap is accounted for.
    let swap = Path::new("/proc/swaps").is_file();
    CgroupFacts {
        version: CgroupVersion::V2,
        controllers,
        unified: Some(own),
        systemd: Path::new("/run/systemd/system").is_dir(),
        swap,
    }
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
            let own = mounts.iter().map(|mount| below(mount, path)).find(|own| own.join("tasks").is_file());
            if let Some(own) = own {
                let writable = writable(&own);
                controllers.insert(name.to_owned(), ControllerFact { own, writable });
            }
        }
    }
    controllers
}
