//! What a file may reach on the host, in a few lines: the head of `launch plan`.

use schemars::JsonSchema;
use serde::Serialize;

use super::mounts::Placed;
use super::rootfs::{RootSource, Writes};
use super::{Action, Lowering, Origin};
use crate::config::At;

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

/// Sums up what the steps reach.
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
    let config = lowering.config;
    if !config.env_pass.is_empty() {
        add(format!("reads variables of the caller: {}", config.env_pass.join(", ")), At::Key("env_pass"), false);
    }
    if config.security.seccomp.as_deref() == Some("unconfined") {
        add("all system calls".to_owned(), At::Key("security.seccomp"), true);
    }
    if config.security.no_new_privs == Some(false) {
        add("setuid programs gain privileges".to_owned(), At::Key("security.no_new_privs"), true);
    }
    if config.security.nested_userns == Some(true) {
        add("makes user namespaces of its own".to_owned(), At::Key("security.nested_userns"), false);
    }
    reach
}

fn host_namespaces(lowering: &Lowering, add: &mut impl FnMut(String, At, bool)) {
    let config = lowering.config;
    let shared = [
        ("processes", "namespaces.pid", config.namespaces.pid.as_deref()),
        ("System V IPC", "namespaces.ipc", config.namespaces.ipc.as_deref()),
        ("host name", "namespaces.uts", config.namespaces.uts.as_deref()),
        ("cgroup tree", "namespaces.cgroup", config.namespaces.cgroup.as_deref()),
        ("network", "network.mode", config.network.mode.as_deref()),
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

fn of_action(lowering: &Lowering, action: &Action) -> Option<(String, bool)> {
    Some(match action {
        Action::BuildRoot(root) => match (&root.source, &root.writes) {
            (RootSource::Directory { path }, Writes::Reach) => (format!("writes {}", path.display()), true),
            (RootSource::Host { .. }, _) => ("reads the host's /usr".to_owned(), false),
            _ => return None,
        },
        Action::Mount(mount) => match &mount.what {
            Placed::Bind { source, .. } if !mount.flags.readonly => {
                (format!("writes {}", source.display()), !source.starts_with(&lowering.invocation.base))
            }
            Placed::Bind { source, .. } if !source.starts_with(&lowering.invocation.base) => {
                (format!("reads {}", source.display()), false)
            }
            Placed::Overlay { upper: Some((upper, _)), .. } => {
                (format!("writes {}", upper.display()), !upper.starts_with(&lowering.invocation.base))
            }
            Placed::Device { source, .. } => (format!("device {}", source.display()), true),
            _ => return None,
        },
        Action::JoinNamespace { namespace, path } => {
            (format!("the {} namespace at {}", namespace.as_str(), path.display()), true)
        }
        Action::SetCapabilities { keep, .. } if !keep.is_empty() => {
            (format!("capabilities {}", keep.join(", ")), false)
        }
        Action::Seccomp(step) if !step.allow.is_empty() => (format!("system calls {}", step.allow.join(", ")), false),
        _ => return None,
    })
}
