//! What the plan needs to know of the machine before it can be made; pure.

use std::path::{Component, Path, PathBuf};

use crate::config::{Config, MountType};

/// Paths to look at and files to read, derived from a configuration.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Questions {
    /// What is at these paths of the host?
    pub paths: Vec<PathBuf>,
    /// What do these files say?
    pub texts: Vec<PathBuf>,
    /// Directory of the root, when it is one.
    pub root: Option<PathBuf>,
    /// Is the root made from the host's own directories?
    pub host_root: bool,
    /// What is at these paths inside the root?
    pub targets: Vec<String>,
    /// Are /etc/passwd and /etc/group of the root needed?
    pub accounts: bool,
    /// Are the caller's hard resource limits needed?
    pub rlimits: bool,
    /// Is the landlock ABI needed?
    pub landlock: bool,
    /// Which security modules are active?
    pub labels: bool,
    /// Is a free range of ids needed?
    pub free_range: bool,
    /// Which processors and memory nodes are there?
    pub cpuset: bool,
    /// Which sizes of huge pages are there?
    pub huge_pages: bool,
}

impl Questions {
    /// Says what must be known to plan `config`, whose relative paths start at `base`.
    pub fn of(config: &Config, base: &Path) -> Questions {
        let root = config.rootfs.as_ref();
        let directory = root.and_then(|root| root.path.as_deref()).map(|path| absolute(base, path));
        let mut paths: Vec<PathBuf> = directory.iter().cloned().collect();
        for mount in &config.mounts {
            if matches!(mount.kind, MountType::Bind | MountType::Overlay) {
                let named = mount.source.iter().chain(&mount.lower).chain(&mount.upper).chain(&mount.work);
                paths.extend(named.map(|path| absolute(base, path)));
            }
        }
        paths.extend(config.devices.iter().filter_map(|device| device.path.as_deref()).map(PathBuf::from));
        paths.extend(
            config.limits.io.iter().filter_map(|limit| limit.device.as_deref()).map(|path| absolute(base, path)),
        );
        let streams = [&config.stdio.stdin, &config.stdio.stdout, &config.stdio.stderr];
        paths.extend(
            streams
                .into_iter()
                .flatten()
                .filter_map(|text| text.strip_prefix("file:"))
                .map(|path| absolute(base, path)),
        );
        Questions {
            paths,
            texts: texts(config, base),
            root: directory,
            host_root: root.is_some_and(|root| root.host == Some(true)),
            targets: targets(config),
            accounts: names_accounts(config),
            rlimits: config.rlimits != crate::config::Rlimits::default(),
            landlock: config.landlock.is_some(),
            labels: config.security.apparmor.is_some() || config.security.selinux.is_some(),
            free_range: super::userns::wants_range(config),
            cpuset: config.limits.cpuset.is_some() || config.limits.cpuset_mems.is_some(),
            huge_pages: !config.limits.hugetlb.is_empty(),
        }
    }
}

/// Files whose text decides what is planned.
fn texts(config: &Config, base: &Path) -> Vec<PathBuf> {
    let profile = config.security.seccomp.as_deref().filter(|text| !matches!(*text, "default" | "unconfined"));
    config.env_file.iter().map(String::as_str).chain(profile).map(|path| absolute(base, path)).collect()
}

/// Paths inside the root where something will be mounted or made.
fn targets(config: &Config) -> Vec<String> {
    let builtin = super::mounts::BUILTIN_TARGETS.iter().map(|target| (*target).to_owned());
    let written = config.mounts.iter().filter_map(|mount| mount.target.clone());
    let devices = config.devices.iter().filter_map(|device| device.target.clone().or_else(|| device.path.clone()));
    builtin.chain(written).chain(devices).filter(|target| target.starts_with('/')).collect()
}

/// Says whether `user` or `groups` name accounts instead of ids.
fn names_accounts(config: &Config) -> bool {
    let named = |text: &str| text.split(':').any(|part| part.parse::<u32>().is_err());
    config.user.as_deref().is_some_and(named) || config.groups.iter().any(|group| named(&group.to_string()))
}

/// Joins a path of the file to the directory it is relative to, without `.` and without looking at the machine.
pub(crate) fn absolute(base: &Path, path: &str) -> PathBuf {
    let joined = base.join(path);
    joined.components().filter(|part| !matches!(part, Component::CurDir)).collect()
}
