//! `[lifecycle]`: init, signals and time.

use schemars::JsonSchema;
use serde::Deserialize;

use super::NumberOrText;

/// Init, signals and time.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Lifecycle {
    /// Longest run, as in `timeout = "10s"` or `"1h30m"`; then `stop_signal`, `stop_timeout`, SIGKILL, and exit code 124. Default: none.
    pub timeout: Option<NumberOrText>,
    /// Signal that asks the command to stop, as in `stop_signal = "SIGINT"`. Default: `"SIGTERM"`.
    pub stop_signal: Option<String>,
    /// How long the command has between `stop_signal` and SIGKILL. Default: `"10s"`.
    pub stop_timeout: Option<NumberOrText>,
    /// Runs launch's own init as pid 1: it reaps orphans and forwards signals. Without it the command is pid 1. Default: true.
    pub init: Option<bool>,
    /// Forwards SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGCONT and SIGWINCH to the command. Default: true.
    pub forward_signals: Option<bool>,
    /// Kills the container when launch dies, however it dies. Default: true.
    pub die_with_parent: Option<bool>,
}
