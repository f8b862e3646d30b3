//! Faults: launch killed at its system calls, and system calls of launch and its child that fail. No hang, no leftover.
//!
//! Samples of both; `LAUNCH_TEST_FULL=1 cargo test --test main -- run::faults` tries every call.

use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;

tests![a_launch_that_is_killed_at_any_call_leaves_nothing, a_call_that_fails_is_said_and_leaves_nothing];

/// Calls that fail for want of something on a real machine, and how often a small launch makes each at least. Not among
/// them: wait4(2) and rmdir(2), which never do; a cgroup whose rmdir(2) fails is removed by the next launch.
const CALLS: [(&str, u32); 11] = [
    ("socketpair", 1),
    ("signalfd4", 1),
    ("clone3", 2),
    ("mkdir", 2),
    ("sendmsg", 2),
    ("recvmsg", 2),
    ("sendto", 1),
    ("open_tree", 6),
    ("fsopen", 6),
    ("fsmount", 6),
    ("move_mount", 12),
];
const ERRORS: [&str; 6] = ["ENOMEM", "EMFILE", "EPERM", "EINTR", "EAGAIN", "ENOSPC"];
/// More calls than a small launch makes.
const ALL: u32 = 400;

fn full() -> bool {
    std::env::var_os("LAUNCH_TEST_FULL").is_some()
}

fn injected(words: &[&str], fault: &str) -> Launch {
    let traced = ["strace", "-qq", "-o", "/dev/null"].iter().chain(words).copied().chain(["-e", fault]);
    Launch::sh_with("exit 0", "limits = { pids = 10, memory = \"64MiB\" }").through(traced.collect::<Vec<_>>())
}

fn a_launch_that_is_killed_at_any_call_leaves_nothing() {
    needs(&[Need::Tool("strace")]);
    for call in (1..ALL).step_by(if full() { 1 } else { 13 }) {
        // The leftover check is part of it.
        let outcome = injected(&[], &format!("inject=all:signal=SIGKILL:when={call}")).run();
        if outcome.code() == Some(0) {
            return;
        }
    }
}

fn a_call_that_fails_is_said_and_leaves_nothing() {
    needs(&[Need::Tool("strace")]);
    for (index, (call, times)) in CALLS.iter().enumerate() {
        for time in (1..=*times).step_by(if full() { 1 } else { 3 }) {
            for error in ERRORS.iter().cycle().skip(index).take(if full() { ERRORS.len() } else { 1 }) {
                let outcome = injected(&["-f"], &format!("inject={call}:error={error}:when={time}")).run();
                let said = outcome.err().contains("error[");
                let clean = matches!(outcome.code(), Some(0)) || (outcome.code() == Some(125) && said);
                outcome.check(clean, &format!("{call} {time} {error}: the command ran, or 125 with a word"));
                outcome.stderr_lacks("panicked");
            }
        }
    }
}
