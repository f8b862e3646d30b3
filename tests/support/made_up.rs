//! A made-up host, so that plans and answers are the same on every machine.

use launch::diagnostics::Code;
use launch::plan::Host;
use launch::plan::host::{CgroupFacts, CgroupVersion, ControllerFact, HostEntry, OwnCgroup, PathFact, TargetFact};
use std::path::Path;

/// A machine with all that a container may need: Linux 6.12, cgroup v2, root; `alpine` and `data` beside the file.
fn plenty(base: &Path) -> Host {
    let own = ControllerFact { mount: "/sys/fs/cgroup".into(), own: "/sys/fs/cgroup".into(), writable: true };
    let controllers = ["cpu", "cpuset", "hugetlb", "io", "memory", "pids"].map(|name| (name.to_owned(), own.clone()));
    let mut host = Host {
        kernel: (6, 12),
        machine: "x86_64".into(),
        capabilities: (1 << 41) - 1,
        last_capability: 40,
        cgroup: CgroupFacts {
            version: CgroupVersion::V2,
            unified: Some("/sys/fs/cgroup".into()),
            systemd: true,
            systemd_controllers: controllers.iter().map(|(name, _)| name.clone()).collect(),
            swap: true,
            own: OwnCgroup { top: true, ..OwnCgroup::default() },
            cpus: Some("0-3".into()),
            mems: Some("0".into()),
            huge_pages: vec!["2MB".into(), "1GB".into()],
            controllers: controllers.into(),
        },
        free_range: Some(1_000_000),
        rlimits: vec![u64::MAX; 16],
        landlock_abi: 6,
        security_modules: vec!["apparmor".into(), "selinux".into()],
        processors: 4,
        ..Host::default()
    };
    for directory in ["alpine", "data"] {
        host.paths.insert(base.join(directory), PathFact::Directory);
    }
    host.root.host_entries =
        vec![HostEntry::Directory("/usr".into()), HostEntry::Symlink("/bin".into(), "usr/bin".into())];
    host
}

/// The made-up host for a file in `dir`, with what a mistake needs.
pub(crate) fn made_up(code: Code, dir: &Path) -> Host {
    let mut host = plenty(dir);
    host.paths.insert("/".into(), PathFact::Directory);
    host.paths.insert("/dev/fuse".into(), PathFact::CharDevice(10, 229));
    host.paths.insert("/dev/null".into(), PathFact::CharDevice(1, 3));
    host.paths.insert(dir.join("secret"), PathFact::Unreadable("permission denied".into()));
    let texts = [
        ("settings.env", Ok("A=1\n")),
        ("broken.env", Ok("A\n")),
        ("broken.json", Ok("{}")),
        ("missing.env", Err("it does not exist")),
        ("missing.json", Err("it does not exist")),
    ];
    host.texts.extend(texts.map(|(name, text)| (dir.join(name), text.map(str::to_owned).map_err(str::to_owned))));
    let passwd = TargetFact { resolved: "/etc/passwd".into(), kind: PathFact::File };
    host.root.targets.insert("/etc/passwd".into(), passwd);
    let missing = TargetFact { resolved: "/data".into(), kind: PathFact::Missing };
    host.root.targets.insert("/data".into(), missing);
    match code {
        Code::IdmapUnprivileged
        | Code::MapNotAllowed
        | Code::UsernsHostUnprivileged
        | Code::GroupsDenied
        | Code::NewuidmapMissing => {
            (host.uid, host.gid, host.capabilities, host.free_range) = (1000, 1000, 0, None);
            host.subuid = vec![(100_000, 65_536)];
            host.subgid = vec![(100_000, 65_536)];
            let tools = Some(("/usr/bin/newuidmap".into(), "/usr/bin/newgidmap".into()));
            host.newidmap = tools.filter(|_| code != Code::NewuidmapMissing);
        }
        Code::CapabilityUnsupported => host.last_capability = 37,
        Code::UsernsNoRange => (host.free_range, host.all_ids) = (None, true),
        Code::LabelUnavailable => host.security_modules.clear(),
        Code::SeccompMachine => host.machine = "riscv64".into(),
        Code::LandlockMissing => host.landlock_abi = 0,
        Code::LandlockAbi => host.landlock_abi = 3,
        Code::LimitUnavailable => drop(host.cgroup.controllers.remove("memory")),
        Code::SwapUnaccounted => host.cgroup.swap = false,
        Code::CgroupMountV1 => host.cgroup.version = CgroupVersion::Hybrid,
        Code::SwapWithoutMemory | Code::LimitOnlyV2 | Code::DelegateOnlyV2 => host.cgroup.version = CgroupVersion::V1,
        Code::SystemdMissing => host.cgroup.systemd = false,
        Code::RlimitAboveHard => {
            host.rlimits = vec![4096; 16];
            host.capabilities = 0;
        }
        _ => {}
    }
    host
}
