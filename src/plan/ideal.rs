//! A host that has everything: for judging a file alone, where it will not run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::host::{CgroupFacts, CgroupVersion, ControllerFact, Host, HostEntry, OwnCgroup, PathFact};
use super::{Questions, absolute};
use crate::config::Config;

/// Controllers of cgroup v2 (cgroups(7)).
const CONTROLLERS: [&str; 7] = ["cpu", "cpuset", "hugetlb", "io", "memory", "misc", "pids"];

/// A machine on which every file works that can work anywhere: what the file names is there, what it needs is given.
pub fn ideal(config: &Config, questions: &Questions, base: &Path) -> Host {
    let mut host = Host {
        kernel: (u32::MAX, 0),
        machine: "x86_64".to_owned(),
        capabilities: (1 << super::capabilities::CAPABILITIES.len()) - 1,
        last_capability: 40,
        cgroup: cgroup(config),
        free_range: Some(1 << 30),
        security_modules: vec!["apparmor".to_owned(), "selinux".to_owned()],
        rlimits: vec![u64::MAX; 16],
        landlock_abi: 99,
        processors: 4096,
        ..Host::default()
    };
    host.paths.extend(questions.paths.iter().map(|path| (path.clone(), PathFact::Directory)));
    let devices = config.devices.iter().filter_map(|device| device.path.as_deref());
    host.paths.extend(devices.map(|path| (PathBuf::from(path), PathFact::CharDevice(10, 229))));
    let disks = config.limits.io.iter().filter_map(|limit| limit.device.as_deref());
    host.paths
        .extend((0..).zip(disks).map(|(minor, path)| (absolute(base, path), PathFact::BlockDevice(8, minor * 16))));
    host.texts.extend(questions.texts.iter().map(|path| (path.clone(), Ok(String::new()))));
    if let Some(profile) = config.security.seccomp.as_deref() {
        let text = r#"{"defaultAction": "SCMP_ACT_ERRNO"}"#.to_owned();
        host.texts.insert(absolute(base, profile), Ok(text));
    }
    host.root.host_entries = vec![HostEntry::Directory("/usr".to_owned())];
    accounts(config, &mut host);
    host
}

fn cgroup(config: &Config) -> CgroupFacts {
    let version = match config.requires.cgroup.as_deref() {
        Some("v1") => CgroupVersion::V1,
        Some("hybrid") => CgroupVersion::Hybrid,
        _ => CgroupVersion::V2,
    };
    let own = ControllerFact { mount: "/sys/fs/cgroup".into(), own: "/sys/fs/cgroup".into(), writable: true };
    let named = config.requires.controllers.iter().map(String::as_str);
    let controllers: BTreeMap<String, ControllerFact> =
        CONTROLLERS.into_iter().chain(named).map(|name| (name.to_owned(), own.clone())).collect();
    CgroupFacts {
        version,
        systemd: true,
        systemd_controllers: controllers.keys().cloned().collect(),
        controllers,
        unified: Some("/sys/fs/cgroup".into()),
        swap: true,
        own: OwnCgroup { top: true, ..OwnCgroup::default() },
        ..CgroupFacts::default()
    }
}

/// Every name that the file uses is an account of the root.
fn accounts(config: &Config, host: &mut Host) {
    let (user, group) = config.user.as_deref().map_or(("", ""), |user| user.split_once(':').unwrap_or((user, "")));
    let names = config.groups.iter().map(ToString::to_string).chain([group.to_owned()]);
    host.root.passwd = Some(format!("{user}:x:1000:1000::/:/bin/sh\n"));
    host.root.group = Some(names.fold(String::new(), |text, name| text + &name + ":x:1000:\n"));
}
