//! OCI bundles for crun, runc and youki: one `config.json` for each job and slot.

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::Result;
use crate::place::{MAX_SLOTS, Place};
use crate::variant::{Group, Job};

/// Writes the bundles of one runtime and group, and returns their folder.
pub(crate) fn write(place: &Place, runtime: &str, group: Group) -> Result<PathBuf> {
    let bundles = place.scratch.join(format!("bundles-{runtime}-{}", group.letter()));
    for job in Job::ALL {
        for slot in 0..MAX_SLOTS {
            let bundle = path(&bundles, job, slot);
            std::fs::create_dir_all(&bundle).map_err(|e| format!("making {}: {e}", bundle.display()))?;
            let cgroup = format!("{}/{runtime}-{}-{}-{slot}", place.cgroup.path, group.letter(), job.name());
            let text = config(&place.mapped_rootfs, group, job, &cgroup).to_string();
            std::fs::write(bundle.join("config.json"), text).map_err(|e| format!("writing a bundle: {e}"))?;
        }
    }
    Ok(bundles)
}

/// The bundle of one job in one slot.
pub(crate) fn path(bundles: &Path, job: Job, slot: usize) -> PathBuf {
    bundles.join(format!("{}-{slot}", job.name()))
}

fn config(rootfs: &Path, group: Group, job: Job, cgroup: &str) -> Value {
    let full = group == Group::Full;
    let mut namespaces = vec!["pid", "mount", "uts", "ipc", "user"];
    if full {
        namespaces.extend(["network", "cgroup"]);
    }
    let namespaces: Vec<Value> = namespaces.iter().map(|n| json!({"type": n})).collect();
    let map = json!([{"containerID": 0, "hostID": 100_000, "size": 65536}]);
    let mut linux = json!({
        "cgroupsPath": cgroup,
        "namespaces": namespaces, "uidMappings": map, "gidMappings": map,
        "resources": {"pids": {"limit": 20}, "memory": {"limit": 50_000_000}},
    });
    if full {
        linux["maskedPaths"] = json!(MASKED);
        linux["readonlyPaths"] = json!(["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]);
    }
    let capabilities = json!(CAPABILITIES);
    json!({
        "ociVersion": "1.0.2",
        "process": {
            "terminal": false, "user": {"uid": 0, "gid": 0}, "cwd": "/", "args": job.argv(),
            "env": ["PATH=/bin:/usr/bin:/sbin:/usr/sbin", "TERM=xterm"], "noNewPrivileges": full,
            "capabilities": {"bounding": capabilities, "effective": capabilities, "permitted": capabilities},
        },
        "root": {"path": rootfs.display().to_string(), "readonly": false},
        "hostname": "container", "mounts": mounts(full), "linux": linux,
    })
}

fn mounts(full: bool) -> Value {
    let proc = json!({"destination": "/proc", "type": "proc", "source": "proc"});
    if !full {
        return json!([proc]);
    }
    json!([
        proc,
        {"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
        {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
         "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
        {"destination": "/dev/shm", "type": "tmpfs", "source": "shm", "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
        {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
    ])
}

const MASKED: [&str; 8] = [
    "/proc/acpi",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/sys/firmware",
];

const CAPABILITIES: [&str; 11] = [
    "CAP_CHOWN",
    "CAP_DAC_OVERRIDE",
    "CAP_FOWNER",
    "CAP_FSETID",
    "CAP_KILL",
    "CAP_NET_BIND_SERVICE",
    "CAP_SETFCAP",
    "CAP_SETGID",
    "CAP_SETPCAP",
    "CAP_SETUID",
    "CAP_SYS_CHROOT",
];
