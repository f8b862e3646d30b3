//! `[namespaces]`, `hostname`, `domainname`: which namespaces are new, and what their names and clocks are.

use std::path::PathBuf;

use super::userns::Users;
use super::{Action, Lowering, Namespace, Phase};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Bytes of a host or domain name (__NEW_UTS_LEN, uname(2)).
const NAME_MAX: usize = 64;

/// Which namespaces are the container's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Spaces {
    pub(crate) pid: bool,
    pub(crate) ipc: bool,
    pub(crate) uts: bool,
    /// New, and not one that is joined.
    pub(crate) own_ipc: bool,
    /// New, and not one that is joined.
    pub(crate) own_network: bool,
}

/// Plans the namespaces but for the user and the network namespace.
pub(super) fn lower(lowering: &mut Lowering, _users: &Users) -> Spaces {
    let config = &lowering.config.namespaces;
    let pid = one(lowering, Namespace::Pid, "namespaces.pid", config.pid.as_deref());
    let ipc = one(lowering, Namespace::Ipc, "namespaces.ipc", config.ipc.as_deref());
    let uts = one(lowering, Namespace::Uts, "namespaces.uts", config.uts.as_deref());
    one(lowering, Namespace::Cgroup, "namespaces.cgroup", config.cgroup.as_deref());
    mount(lowering);
    time(lowering);
    names(lowering);
    let own_ipc = matches!(config.ipc.as_deref(), None | Some("private"));
    let own_network = matches!(lowering.config.network.mode.as_deref(), None | Some("none"));
    Spaces { pid, ipc, uts, own_ipc, own_network }
}

/// Plans one namespace; returns true where it is not the host's.
fn one(lowering: &mut Lowering, namespace: Namespace, key: &'static str, written: Option<&str>) -> bool {
    match written {
        None => lowering.default(Phase::Namespaces, Action::NewNamespace { namespace }),
        Some("private") => lowering.written(At::Key(key), Phase::Namespaces, Action::NewNamespace { namespace }),
        Some("host") => return false,
        Some(text) => match text.strip_prefix("path:").filter(|path| path.starts_with('/')) {
            Some(path) => lowering.written(
                At::Key(key),
                Phase::Namespaces,
                Action::JoinNamespace { namespace, path: PathBuf::from(path) },
            ),
            None => lowering.problem(unknown(key, text)),
        },
    }
    true
}

/// The mistake of a value that is no choice of a namespace.
fn unknown(key: &'static str, text: &str) -> Problem {
    let near = crate::diagnostics::suggest(text, ["private", "host"]);
    let help = near.map_or_else(
        || "write \"private\" for its own, \"host\" for the caller's, or \"path:/proc/PID/ns/NAME\"".to_owned(),
        |near| format!("did you mean \"{near}\"? Or write \"path:/proc/PID/ns/NAME\""),
    );
    Problem::error(Code::NamespaceUnknown, format!("`{text}` is not a choice for `{key}`"))
        .value(At::Key(key), "private, host or path:/…")
        .help(help)
}

fn mount(lowering: &mut Lowering) {
    let written = lowering.config.namespaces.mount.as_deref();
    if let Some(text) = written.filter(|text| *text != "private") {
        lowering.problem(
            Problem::error(Code::MountNamespaceShared, format!("the mount namespace cannot be `{text}`"))
                .value(At::Key("namespaces.mount"), "a root of its own needs a mount namespace of its own")
                .help("remove the key"),
        );
    }
    lowering.step(
        written.is_some(),
        "namespaces.mount",
        Phase::Namespaces,
        Action::NewNamespace { namespace: Namespace::Mount },
    );
    lowering.default(Phase::Propagation, Action::MakePrivate);
}

fn time(lowering: &mut Lowering) {
    let config = &lowering.config.namespaces;
    let offsets = config.time_offsets.as_ref();
    match config.time.as_deref() {
        Some("host") if offsets.is_some() => lowering.problem(
            Problem::error(Code::TimeOffsetsHost, "`time_offsets` needs a time namespace of its own")
                .value(At::Key("namespaces.time"), "the host's clocks")
                .key(At::Key("namespaces.time_offsets"), "cannot be changed for the container alone")
                .help("write time = \"private\", or remove time_offsets"),
        ),
        None | Some("private" | "host") => {}
        Some(text) => lowering.problem(unknown("namespaces.time", text)),
    }
    let private = config.time.as_deref() == Some("private") || (offsets.is_some() && config.time.is_none());
    if private {
        lowering.written(
            At::Key("namespaces.time"),
            Phase::Namespaces,
            Action::NewNamespace { namespace: Namespace::Time },
        );
        let (monotonic, boottime) =
            offsets.map_or((0, 0), |offsets| (offsets.monotonic.unwrap_or(0), offsets.boottime.unwrap_or(0)));
        lowering.written(
            At::Key("namespaces.time_offsets"),
            Phase::Names,
            Action::SetTimeOffsets { monotonic, boottime },
        );
    }
}

/// Sets names in a namespace of the container's own alone: those of a shared or joined one are somebody else's.
fn names(lowering: &mut Lowering) {
    let uts = lowering.config.namespaces.uts.as_deref();
    let own_uts = matches!(uts, None | Some("private"));
    let (whose, shares) =
        if uts == Some("host") { ("the host", "shares the host's names") } else { ("others", "shares their names") };
    let (hostname, domainname) = (lowering.config.hostname.as_deref(), lowering.config.domainname.as_deref());
    for (key, name) in [("hostname", hostname), ("domainname", domainname)] {
        let Some(name) = name else { continue };
        if !own_uts {
            lowering.problem(
                Problem::error(Code::HostnameHost, format!("`{key}` needs a UTS namespace of its own"))
                    .value(At::Key(key), format!("would rename {whose} to `{name}`"))
                    .value(At::Key("namespaces.uts"), shares)
                    .help(format!(
                        "remove `{key}`, or remove `uts = \"{}\"` from [namespaces]",
                        uts.unwrap_or_default()
                    )),
            );
        } else if name.len() > NAME_MAX || name.is_empty() || name.contains('\0') {
            lowering.problem(
                Problem::error(
                    Code::HostnameTooLong,
                    format!("`{key}` is {} bytes, the kernel takes 1 to {NAME_MAX}", name.len()),
                )
                .value(
                    At::Key(key),
                    match name.len().checked_sub(NAME_MAX) {
                        Some(more @ 1..) => format!("{more} bytes too many"),
                        _ => "empty, or with a NUL byte".to_owned(),
                    },
                )
                .help("write a name of 1 to 64 bytes (uname(2)), or leave the key out"),
            );
        }
    }
    if !own_uts {
        return;
    }
    let name = hostname.unwrap_or("container").to_owned();
    lowering.step(hostname.is_some(), "hostname", Phase::Names, Action::SetHostname { name });
    // A new UTS namespace is a copy of the caller's: the host's domain name would leak in.
    let name = domainname.unwrap_or("(none)").to_owned();
    lowering.step(domainname.is_some(), "domainname", Phase::Names, Action::SetDomainname { name });
}
