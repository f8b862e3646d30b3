//! What a file may reach on the host, in a few lines: the head of `launch plan`.

use schemars::JsonSchema;
use serde::Serialize;

use super::mounts::{MountStep, Placed};
use super::rootfs::{RootSource, RootStep, Writes};
use super::{Action, Lowering, Origin};
use crate::config::{At, Keyring};

/// Capabilities that undo what hides the host's kernel, or that own the machine where root inside is root outside.
const POWERFUL: [&str; 10] = [
    "CAP_SYS_ADMIN",
    "CAP_SYS_MODULE",
    "CAP_SYS_RAWIO",
    "CAP_SYS_PTRACE",
    "CAP_SYS_BOOT",
    "CAP_SYS_TIME",
    "CAP_DAC_READ_SEARCH",
    "CAP_MKNOD",
    "CAP_BPF",
    "CAP_PERFMON",
];

/// One thing of the host that the container can reach.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Reach {
    /// What it is, in a few words.
    pub what: String,
    /// The key that gives it.
    pub origin: Origin,
    /// True where it could be used to change the host.
    pub grave: bool,
}

/// Sums up what the steps reach: the gravest first.
pub(super) fn of(lowering: &Lowering) -> Vec<Reach> {
    let mut reach = Vec::new();
    let mut add = |what: String, at: At, grave: bool| reach.push(Reach { what, origin: Origin::Written(at), grave });
    host_namespaces(lowering, &mut add);
    for step in &lowering.steps {
        let Origin::Written(at) = &step.origin else { continue };
        if let Some((what, grave)) = of_action(lowering, &step.action) {
            add(what, at.clone(), grave);
        }
    }
    relaxed(lowering, &mut add);
    caller(lowering, &mut add);
    reach.sort_by_key(|reach| !reach.grave);
    reach
}

fn host_namespaces(lowering: &Lowering, add: &mut impl FnMut(String, At, bool)) {
    let config = lowering.config;
    let shared = [
        ("processes", "namespaces.pid", config.namespaces.pid.as_deref()),
        ("System V IPC and message queues", "namespaces.ipc", config.namespaces.ipc.as_deref()),
        ("names", "namespaces.uts", config.namespaces.uts.as_deref()),
        ("cgroup tree", "namespaces.cgroup", config.namespaces.cgroup.as_deref()),
        ("network, its loopback and abstract sockets", "network.mode", config.network.mode.as_deref()),
    ];
    for (what, key, value) in shared {
        if value == Some("host") {
            add(format!("the host's {what}"), At::Key(key), true);
        }
    }
    if config.userns.mode == Some(crate::config::UsernsMode::Host) {
        add("root inside is root outside".to_owned(), At::Key("userns.mode"), true);
    }
}

/// True where root inside has no ids of its own.
fn host_root(lowering: &Lowering) -> bool {
    lowering.config.userns.mode == Some(crate::config::UsernsMode::Host)
}

fn of_action(lowering: &Lowering, action: &Action) -> Option<(String, bool)> {
    Some(match action {
        Action::BuildRoot(root) => return of_root(lowering, root),
        Action::Mount(mount) => return of_mount(lowering, mount),
        Action::JoinNamespace { namespace, path } => {
            (format!("the {} namespace at {}", namespace.as_str(), path.display()), true)
        }
        // Ids of the caller's own are what an ordinary user has; root of the machine is another matter.
        Action::MapIds { uid, .. } if uid.iter().any(|range| range.host == 0) && lowering.host.all_ids => {
            ("user 0 of the host, without its capabilities".to_owned(), true)
        }
        Action::SetCapabilities { keep, .. } if !keep.is_empty() => {
            let strong: Vec<&str> = keep.iter().copied().filter(|name| POWERFUL.contains(name)).collect();
            let grave = !strong.is_empty() || host_root(lowering);
            let over = if host_root(lowering) { "over the host" } else { "over the container's own namespaces" };
            (format!("capabilities {over}: {}", keep.join(", ")), grave)
        }
        Action::Seccomp(step) if step.profile != "default" => {
            (format!("the system calls that {} allows", step.profile), true)
        }
        Action::Seccomp(step) if !step.allow.is_empty() => (format!("system calls {}", step.allow.join(", ")), false),
        Action::SetOomScoreAdj { value } if *value < 0 => {
            (format!("is killed after others when memory runs out ({value})"), false)
        }
        Action::SetLabel { label, .. } if label == "unconfined" => ("is not confined by AppArmor".to_owned(), true),
        _ => return None,
    })
}

fn of_root(lowering: &Lowering, root: &RootStep) -> Option<(String, bool)> {
    Some(match (&root.source, &root.writes) {
        (RootSource::Directory { path }, Writes::Reach) => {
            let owners = if root.idmapped { ", with the owners on disk: files of root, setuid ones too" } else { "" };
            (format!("writes {}{owners}", path.display()), true)
        }
        (RootSource::Directory { path }, _) if !path.starts_with(&lowering.invocation.base) => {
            (format!("reads {}", path.display()), false)
        }
        (RootSource::Host { .. }, _) => ("reads the host's /usr".to_owned(), false),
        _ => return None,
    })
}

fn of_mount(lowering: &Lowering, mount: &MountStep) -> Option<(String, bool)> {
    let outside = |path: &std::path::Path| !path.starts_with(&lowering.invocation.base);
    Some(match &mount.what {
        Placed::Bind { source, .. } if !mount.flags.readonly => {
            (format!("writes {}", source.display()), outside(source))
        }
        Placed::Bind { source, .. } if outside(source) => (format!("reads {}", source.display()), false),
        Placed::Overlay { upper: Some((upper, _)), .. } => (format!("writes {}", upper.display()), outside(upper)),
        Placed::Device { source, .. } if mount.flags.readonly => {
            (format!("reads the device {}", source.display()), true)
        }
        Placed::Device { source, .. } => (format!("the device {}", source.display()), true),
        Placed::Cgroup if !mount.flags.readonly => ("changes its own cgroups".to_owned(), false),
        Placed::Sysfs => ("reads what sysfs tells of the host's devices".to_owned(), host_root(lowering)),
        _ => return None,
    })
}

/// Walls that the file takes down.
fn relaxed(lowering: &Lowering, add: &mut impl FnMut(String, At, bool)) {
    let config = &lowering.config.security;
    if config.seccomp.as_deref() == Some("unconfined") {
        add("all system calls".to_owned(), At::Key("security.seccomp"), true);
    }
    if config.no_new_privs == Some(false) {
        add("setuid programs gain privileges".to_owned(), At::Key("security.no_new_privs"), true);
    }
    if config.nested_userns == Some(true) {
        add("makes user namespaces of its own".to_owned(), At::Key("security.nested_userns"), true);
    }
    if config.keyring == Some(Keyring::Host) {
        add("the caller's keyring".to_owned(), At::Key("security.keyring"), true);
    }
    let lists = [
        (&config.masked_paths, "security.masked_paths", "sees files of the kernel that are hidden by default"),
        (&config.readonly_paths, "security.readonly_paths", "may write to files of the kernel"),
    ];
    for (list, key, what) in lists {
        let defaults = if key.ends_with("masked_paths") { super::security::MASKED } else { super::security::READONLY };
        let Some(written) = list else { continue };
        if defaults.iter().any(|path| path.starts_with("/proc") && !written.iter().any(|kept| kept == path)) {
            add(what.to_owned(), At::Key(key), host_root(lowering));
        }
    }
}

/// What of the caller is handed in.
fn caller(lowering: &Lowering, add: &mut impl FnMut(String, At, bool)) {
    let config = lowering.config;
    if !config.env_pass.is_empty() {
        add(format!("reads variables of the caller: {}", config.env_pass.join(", ")), At::Key("env_pass"), false);
    }
    let streams = [
        ("stdio.stdin", "reads", &config.stdio.stdin),
        ("stdio.stdout", "writes", &config.stdio.stdout),
        ("stdio.stderr", "writes", &config.stdio.stderr),
    ];
    for (key, does, stream) in streams {
        if let Some(path) = stream.as_deref().and_then(|text| text.strip_prefix("file:")) {
            let path = lowering.absolute(path);
            let outside = !path.starts_with(&lowering.invocation.base);
            add(format!("{does} {}", path.display()), At::Key(key), outside && does == "writes");
        }
    }
}
