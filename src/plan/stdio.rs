//! `[stdio]`: terminal and standard streams.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Action, Lowering, Phase};
use crate::config::{At, Tty};
use crate::diagnostics::{Code, Problem};

/// Terminal and standard streams of the command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct StdioPlan {
    /// Terminal.
    pub tty: TtyPlan,
    /// Standard input, output and error.
    pub streams: [Stream; 3],
}

/// Whether the command gets a terminal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TtyPlan {
    /// When the caller's standard input and output are terminals.
    Auto,
    /// Always.
    Yes,
    /// Never.
    No,
}

impl TtyPlan {
    /// Says whether the command gets a terminal when the caller has one.
    pub fn wanted(self, terminal: bool) -> bool {
        match self {
            TtyPlan::Auto => terminal,
            TtyPlan::Yes => true,
            TtyPlan::No => false,
        }
    }
}

/// A standard stream.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// The caller's.
    Inherit,
    /// /dev/null.
    Null,
    /// A file of the host.
    File(PathBuf),
}

/// Plans the streams.
pub(super) fn lower(lowering: &mut Lowering) -> StdioPlan {
    let config = &lowering.config.stdio;
    let streams = [
        stream(lowering, "stdio.stdin", config.stdin.as_deref()),
        stream(lowering, "stdio.stdout", config.stdout.as_deref()),
        stream(lowering, "stdio.stderr", config.stderr.as_deref()),
    ];
    let redirected = streams.iter().any(|stream| *stream != Stream::Inherit);
    let tty = match config.tty {
        Tty::Yes if redirected => {
            let key = ["stdio.stdin", "stdio.stdout", "stdio.stderr"]
                [streams.iter().position(|stream| *stream != Stream::Inherit).unwrap_or(0)];
            lowering.problem(
                Problem::error(Code::TtyRedirected, "a terminal and a redirected stream contradict each other")
                    .value(At::Key("stdio.tty"), "all three streams are the terminal")
                    .value(At::Key(key), "redirected")
                    .help("write tty = false, or remove the redirection"),
            );
            TtyPlan::No
        }
        Tty::Yes => TtyPlan::Yes,
        Tty::Auto if !redirected => TtyPlan::Auto,
        Tty::Auto | Tty::No => TtyPlan::No,
    };
    if tty.wanted(lowering.host.terminal) {
        lowering.step(tty == TtyPlan::Yes, "stdio.tty", Phase::Enter, Action::OpenTerminal);
    }
    StdioPlan { tty, streams }
}

fn stream(lowering: &mut Lowering, key: &'static str, written: Option<&str>) -> Stream {
    match written {
        None | Some("inherit") => Stream::Inherit,
        Some("null") => Stream::Null,
        Some(text) => {
            if let Some(path) = text.strip_prefix("file:").filter(|path| !path.is_empty() && !path.contains('\0')) {
                Stream::File(lowering.absolute(path))
            } else {
                let near = crate::diagnostics::suggest(text, ["inherit", "null"]);
                let help = near.map_or_else(
                    || format!("write \"inherit\", \"null\" or \"file:{text}\""),
                    |near| format!("did you mean \"{near}\"?"),
                );
                lowering.problem(
                    Problem::error(Code::StreamUnknown, format!("`{text}` is no choice for `{key}`"))
                        .value(At::Key(key), "inherit, null or file:PATH")
                        .help(help),
                );
                Stream::Inherit
            }
        }
    }
}
