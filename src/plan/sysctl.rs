//! `[sysctl]`: kernel parameters of the container's own namespaces.

use super::namespaces::Spaces;
use super::userns::Users;
use super::{Action, Lowering, Phase};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Parameters of the ipc namespace (ipc_namespaces(7)).
const IPC: [&str; 12] = [
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
];

/// Namespace that a parameter belongs to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Owner {
    Network,
    Ipc,
    User,
    /// Its own key sets it.
    Uts(&'static str),
    Nobody,
}

/// Returns the path below /proc/sys. As in sysctl(8), a name with slashes may hold dots, as an interface's does.
pub(crate) fn path(name: &str) -> String {
    if name.contains('/') { name.to_owned() } else { name.replace('.', "/") }
}

/// Plans the parameters: only those that belong to a namespace of the container.
pub(super) fn lower(lowering: &mut Lowering, spaces: Spaces, users: &Users) {
    for (name, value) in &lowering.config.sysctl {
        let at = At::Entry("sysctl", name.clone());
        let (owner, value) = (owner(name), value.to_string());
        let problem = match owner {
            Owner::Nobody => not_namespaced(name, at.clone()),
            Owner::Uts(key) => own_key(name, key, at.clone()),
            Owner::Network if !spaces.own_network => host_namespace(name, "network", "network.mode", at.clone()),
            Owner::Ipc if !spaces.own_ipc => host_namespace(name, "ipc", "namespaces.ipc", at.clone()),
            Owner::User if !users.private => host_namespace(name, "user", "userns.mode", at.clone()),
            _ if value.is_empty() || value.contains(['\0', '\n']) => invalid(name, at.clone()),
            _ => {
                lowering.written(at, Phase::Sysctl, Action::Sysctl { name: name.clone(), value });
                continue;
            }
        };
        lowering.problem(problem);
    }
}

/// Says whose a parameter is; the name is taken apart as [`path`] does it.
fn owner(name: &str) -> Owner {
    let path = path(name);
    let valid = path.split('/').all(|part| !matches!(part, "" | "." | "..")) && !path.contains('\0');
    if !valid {
        return Owner::Nobody;
    }
    match path.replace('/', ".").as_str() {
        "kernel.hostname" => Owner::Uts("hostname"),
        "kernel.domainname" => Owner::Uts("domainname"),
        name if name.starts_with("net.") => Owner::Network,
        name if name.starts_with("fs.mqueue.") || IPC.contains(&name) => Owner::Ipc,
        name if name.starts_with("user.max_") => Owner::User,
        _ => Owner::Nobody,
    }
}

fn not_namespaced(name: &str, at: At) -> Problem {
    let near = crate::diagnostics::suggest(&name.replace('/', "."), IPC);
    Problem::error(
        Code::SysctlNotNamespaced,
        format!("`{name}` does not belong to a namespace: it would change the host"),
    )
    .key(at, "one value for the whole machine")
    .help(near.map_or_else(
        || "namespaced are net.*, fs.mqueue.*, kernel.msg*, kernel.sem, kernel.shm* and user.max_*".to_owned(),
        |near| format!("did you mean `{near}`?"),
    ))
}

fn own_key(name: &str, key: &str, at: At) -> Problem {
    Problem::error(Code::SysctlOwnKey, format!("`{name}` has a key of its own"))
        .key(at, format!("set by `{key}`"))
        .help(format!("write {key} = \"…\" at the top of the file"))
}

fn host_namespace(name: &str, namespace: &str, key: &'static str, at: At) -> Problem {
    Problem::error(
        Code::SysctlHostNamespace,
        format!("`{name}` would change others: the {namespace} namespace is not the container's own"),
    )
    .key(at, format!("belongs to the {namespace} namespace"))
    .value(At::Key(key), "shared")
    .help("remove the parameter, or give the container a namespace of its own")
}

fn invalid(name: &str, at: At) -> Problem {
    Problem::error(Code::SysctlValueInvalid, format!("the value of `{name}` is not one line of text"))
        .value(at, "empty, or with a line break or NUL")
        .help("write one value, or several separated by spaces")
}

#[cfg(test)]
mod tests {
    use super::{Owner, owner, path};

    #[test]
    fn no_name_leaves_its_namespace() {
        for name in
            ["net.ipv4/../../kernel/core_pattern", "net..x", "net/../kernel/core_pattern", "kernel.core_pattern"]
        {
            assert!(owner(name) == Owner::Nobody, "{name}");
        }
        for name in ["net.ipv4.ip_forward", "net/ipv4/conf/eth0.1/forwarding"] {
            assert!(owner(name) == Owner::Network, "{name}");
        }
        assert_eq!(path("net/ipv4/conf/eth0.1/forwarding"), "net/ipv4/conf/eth0.1/forwarding");
        assert_eq!(path("kernel.shm_rmid_forced"), "kernel/shm_rmid_forced");
    }
}
