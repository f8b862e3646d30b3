//! `[lifecycle]`: what the supervisor does while the command runs.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Lowering, SIGNALS, signal_number, size};
use crate::config::{At, NumberOrText};
use crate::diagnostics::{Code, Problem};

const STOP_TIMEOUT: Duration = Duration::from_secs(10);

/// What the supervisor does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LifecyclePlan {
    /// Longest run, in milliseconds.
    pub timeout_ms: Option<u64>,
    /// Signal that asks the command to stop.
    pub stop_signal: i32,
    /// Milliseconds between the stop signal and SIGKILL.
    pub stop_timeout_ms: u64,
    /// launch's own init is pid 1.
    pub init: bool,
    /// Signals are forwarded.
    pub forward_signals: bool,
    /// The container is killed when launch dies.
    pub die_with_parent: bool,
}

/// Plans the supervision.
pub(super) fn lower(lowering: &mut Lowering) -> LifecyclePlan {
    let config = &lowering.config.lifecycle;
    let timeout = config.timeout.as_ref().and_then(|value| duration(lowering, "lifecycle.timeout", value));
    if timeout == Some(Duration::ZERO) {
        lowering.problem(
            Problem::error(Code::TimeoutZero, "a timeout of 0 would stop the command before it starts")
                .value(At::Key("lifecycle.timeout"), "0 seconds")
                .help("write a duration as \"10s\", or remove the key for no timeout"),
        );
    }
    let stop_timeout =
        config.stop_timeout.as_ref().and_then(|value| duration(lowering, "lifecycle.stop_timeout", value));
    LifecyclePlan {
        timeout_ms: timeout.map(milliseconds),
        stop_signal: stop_signal(lowering),
        stop_timeout_ms: milliseconds(stop_timeout.unwrap_or(STOP_TIMEOUT)),
        init: config.init.unwrap_or(true),
        forward_signals: config.forward_signals.unwrap_or(true),
        die_with_parent: config.die_with_parent.unwrap_or(true),
    }
}

fn milliseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn duration(lowering: &mut Lowering, key: &'static str, value: &NumberOrText) -> Option<Duration> {
    size::duration(value)
        .map_err(|wrong| {
            lowering.problem(
                Problem::error(Code::DurationInvalid, wrong.message)
                    .value(At::Key(key), "a number with ms, s, m, h or d")
                    .help(wrong.help),
            );
        })
        .ok()
}

fn stop_signal(lowering: &mut Lowering) -> i32 {
    const SIGTERM: i32 = 15;
    let Some(name) = &lowering.config.lifecycle.stop_signal else { return SIGTERM };
    signal_number(name).unwrap_or_else(|| {
        let near = crate::diagnostics::suggest(name, SIGNALS.iter().map(|(name, _)| *name));
        let help = near.map_or_else(
            || "write a name of signal(7), as \"SIGTERM\" or \"SIGRTMIN+3\"".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        lowering.problem(
            Problem::error(Code::SignalUnknown, format!("`{name}` is not a signal"))
                .value(At::Key("lifecycle.stop_signal"), "unknown")
                .help(help),
        );
        SIGTERM
    })
}
