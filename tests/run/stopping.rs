//! Stopping: asked once, asked twice, killed, held and gone on with; and the odd ways of callers with signals.

use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;
use nix::sys::signal::Signal;
use std::thread::sleep;
use std::time::Duration;

tests![
    a_command_that_ignores_the_stop_signal_is_killed_after_its_time,
    the_stop_signal_is_the_files_own,
    a_second_interrupt_kills,
    two_interrupts_far_apart_do_not,
    signals_that_are_not_forwarded_still_stop,
    without_init_signals_reach_the_command,
    nothing_outlives_the_command_in_the_hosts_pid_namespace,
    nothing_outlives_a_killed_launch,
    a_stopped_launch_stops_the_command_and_goes_on_with_it,
    a_caller_that_ignores_sigchld_changes_nothing,
    a_caller_that_blocks_every_signal_changes_nothing,
];

const SLEEP: &str = "while :; do sleep 0.1; done";

fn script(body: &str, lifecycle: &str) -> Launch {
    Launch::sh_with(body, &format!("[lifecycle]\n{lifecycle}\n"))
}

fn a_command_that_ignores_the_stop_signal_is_killed_after_its_time() {
    let running = script(&format!("trap '' TERM; echo ready; {SLEEP}"), "stop_timeout = \"300ms\"").start();
    running.wait_for_stdout("ready").signal(Signal::SIGTERM);
    running.finish().exit(128 + 9).within(Duration::from_secs(8));
}

fn the_stop_signal_is_the_files_own() {
    let body = format!("trap '' TERM; trap 'echo asked; exit 6' USR2; echo ready; {SLEEP}");
    let running = script(&body, "stop_signal = \"SIGUSR2\"").start();
    running.wait_for_stdout("ready").signal(Signal::SIGTERM);
    running.finish().exit(6).stdout_contains("asked");
}

fn a_second_interrupt_kills() {
    let running = Launch::sh(&format!("trap 'echo once' INT; echo ready; {SLEEP}")).start();
    running.wait_for_stdout("ready").signal(Signal::SIGINT);
    running.wait_for_stdout("once").signal(Signal::SIGINT);
    running.finish().exit(128 + 9);
}

/// A program that takes Ctrl-C as a word of its own can be given it again.
fn two_interrupts_far_apart_do_not() {
    let body = format!("trap 'n=$((n+1)); echo $n; [ $n = 2 ] && exit 4' INT; n=0; echo ready; {SLEEP}");
    let running = script(&body, "stop_timeout = \"100ms\"").start();
    running.wait_for_stdout("ready").signal(Signal::SIGINT);
    running.wait_for_stdout("1");
    sleep(Duration::from_millis(400));
    running.signal(Signal::SIGINT);
    running.finish().exit(4);
}

fn signals_that_are_not_forwarded_still_stop() {
    let body = format!("trap 'echo seen' USR1; trap 'exit 5' TERM; echo ready; {SLEEP}");
    let running = script(&body, "forward_signals = false").start();
    running.wait_for_stdout("ready").signal(Signal::SIGUSR1);
    sleep(Duration::from_millis(300));
    running.signal(Signal::SIGHUP);
    running.finish().exit(5).stdout("ready\n");
}

fn without_init_signals_reach_the_command() {
    let body = format!("trap 'echo $$; exit 5' TERM; echo ready; {SLEEP}");
    let running = script(&body, "init = false").start();
    running.wait_for_stdout("ready").signal(Signal::SIGTERM);
    running.finish().exit(5).stdout_contains("1\n");
}

fn nothing_outlives_the_command_in_the_hosts_pid_namespace() {
    Launch::sh_with(
        "(setsid sleep 1000 </dev/null >/dev/null 2>&1 &); sleep 0.2; echo done",
        "[namespaces]\npid = \"host\"\n",
    )
    .run()
    .exit(0)
    .stdout("done\n");
}

fn nothing_outlives_a_killed_launch() {
    for lifecycle in ["", "init = false"] {
        let running = script(&format!("(setsid sleep 1000 &); echo ready; {SLEEP}"), lifecycle).start();
        running.wait_for_stdout("ready").signal(Signal::SIGKILL);
        running.finish().killed_by(Signal::SIGKILL);
    }
}

fn a_stopped_launch_stops_the_command_and_goes_on_with_it() {
    let running = Launch::sh("trap 'exit 5' TERM; echo ready; while :; do echo tick; sleep 0.1; done").start();
    running.wait_for_stdout("tick").signal(Signal::SIGTSTP);
    let state = || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.pid())).unwrap();
        stat.rsplit(") ").next().unwrap().chars().next().unwrap()
    };
    let deadline = std::time::Instant::now() + Duration::from_secs(10);
    while state() != 'T' {
        assert!(std::time::Instant::now() < deadline, "launch did not stop: {}", state());
        sleep(Duration::from_millis(20));
    }
    running.signal(Signal::SIGCONT);
    running.signal(Signal::SIGTERM);
    running.finish().exit(5);
}

fn a_caller_that_ignores_sigchld_changes_nothing() {
    needs(&[Need::Tool("env")]);
    for lifecycle in ["", "init = false"] {
        script("(exit 3); echo $?; exit 7", lifecycle)
            .through(["env", "--ignore-signal=CHLD"])
            .run()
            .exit(7)
            .stdout("3\n");
    }
}

fn a_caller_that_blocks_every_signal_changes_nothing() {
    needs(&[Need::Tool("env")]);
    let body = format!("grep -E '^Sig(Blk|Ign):' /proc/self/status; trap 'exit 5' TERM; echo ready; {SLEEP}");
    let running = Launch::sh(&body).through(["env", "--block-signal", "--ignore-signal=PIPE"]).start();
    running.wait_for_stdout("ready").signal(Signal::SIGTERM);
    running.finish().exit(5).stdout_contains("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
}
