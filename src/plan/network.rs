//! `[network]`: which network the container sees.

use std::path::PathBuf;

use super::{Action, Lowering, Namespace, Phase};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

const KEY: &str = "network.mode";

/// Plans the network namespace.
pub(super) fn lower(lowering: &mut Lowering) {
    let written = lowering.config.network.mode.as_deref();
    match written {
        None | Some("none") => {
            lowering.step(
                written.is_some(),
                KEY,
                Phase::Namespaces,
                Action::NewNamespace { namespace: Namespace::Network },
            );
            lowering.step(written.is_some(), KEY, Phase::Names, Action::LoopbackUp);
        }
        Some("host") => {}
        Some(reserved @ ("pasta" | "bridge")) => lowering.problem(
            Problem::error(Code::ReservedValue, format!("network mode `{reserved}` is known, not in this version"))
                .value(At::Key(KEY), "not in this version")
                .help("write \"none\", \"host\" or \"path:/proc/PID/ns/net\""),
        ),
        Some(text) => match text.strip_prefix("path:").filter(|path| path.starts_with('/')) {
            Some(path) => {
                let action = Action::JoinNamespace { namespace: Namespace::Network, path: PathBuf::from(path) };
                lowering.written(At::Key(KEY), Phase::Namespaces, action);
            }
            None => lowering.problem(unknown(text)),
        },
    }
}

fn unknown(text: &str) -> Problem {
    let near = crate::diagnostics::suggest(text, ["none", "host", "private"]);
    let help = match near {
        Some("private") => "a network of its own is \"none\"".to_owned(),
        Some(near) => format!("did you mean \"{near}\"?"),
        None if ["off", "no", "disabled", "isolated", "loopback", ""].contains(&text) => {
            "write \"none\": its own network with nothing but loopback".to_owned()
        }
        None => "write \"none\", \"host\" or \"path:/proc/PID/ns/net\"".to_owned(),
    };
    Problem::error(Code::NetworkUnknown, format!("`{text}` is not a network mode"))
        .value(At::Key(KEY), "none, host or path:/…")
        .help(help)
}
