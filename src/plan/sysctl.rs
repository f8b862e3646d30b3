//! `[sysctl]`: kernel parameters of the container's own namespaces.

use super::namespaces::Spaces;
use super::{Action, Lowering, Phase};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Parameters of the ipc namespace (ipc_namespaces(7)).
const IPC: [&str; 13] = [
    "kernel.msgmax",
    "kernel.msgmnb",
    "kernel.msgmni",
    "kernel.sem",
    "kernel.shmall",
    "kernel.shmmax",
    "kernel.shmmni",
    "kernel.shm_rmid_forced",
    "kernel.msg_next_id",
    "kernel.sem_next_id",
    "kernel.shm_next_id",
    "kernel.auto_msgmni",
    "fs.mqueue",
];

/// Plans the parameters: only those that belong to a namespace of the container.
pub(super) fn lower(lowering: &mut Lowering, spaces: Spaces) {
    for (name, value) in &lowering.config.sysctl {
        let at = At::Entry("sysctl", name.clone());
        let dotted = name.replace('/', ".");
        let (namespace, own) = match dotted.as_str() {
            name if name.starts_with("net.") => ("network", spaces.network),
            name if name.starts_with("fs.mqueue.") || IPC.contains(&name) => ("ipc", spaces.ipc),
            _ => ("", false),
        };
        let valid = dotted.split('.').all(|part| !part.is_empty()) && !dotted.contains('\0');
        if namespace.is_empty() || !valid {
            let near = crate::diagnostics::suggest(&dotted, IPC);
            lowering.problem(
                Problem::error(
                    Code::SysctlNotNamespaced,
                    format!("`{name}` does not belong to a namespace: it would change the host"),
                )
                .key(at, "one value for the whole machine")
                .help(near.map_or_else(
                    || "namespaced are net.*, fs.mqueue.*, kernel.msg*, kernel.sem and kernel.shm*".to_owned(),
                    |near| format!("did you mean `{near}`?"),
                )),
            );
        } else if !own {
            lowering.problem(
                Problem::error(
                    Code::SysctlHostNamespace,
                    format!("`{name}` would change the host: the {namespace} namespace is shared"),
                )
                .key(at, format!("belongs to the {namespace} namespace"))
                .value(At::Key(if namespace == "network" { "network.mode" } else { "namespaces.ipc" }), "the host's")
                .help("remove the parameter, or give the container a namespace of its own"),
            );
        } else {
            lowering.written(at, Phase::Sysctl, Action::Sysctl { name: dotted, value: value.to_string() });
        }
    }
}
