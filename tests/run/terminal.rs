//! `[stdio] tty`: a terminal of the container's own; the caller's is given back as it was, however launch ends.

use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;
use crate::support::terminal::Session;
use nix::sys::signal::Signal;

tests![
    the_command_has_a_terminal_of_the_containers_own,
    the_terminal_belongs_to_the_user,
    the_size_follows_the_callers,
    control_characters_are_the_commands,
    the_modes_come_back_when_the_command_ends,
    the_modes_come_back_when_launch_dies,
    the_end_of_input_is_passed_on,
    a_terminal_without_a_callers,
    a_large_output_is_whole,
    a_terminal_that_goes_away_ends_the_command,
    a_job_is_stopped_and_goes_on,
];

const SHELL: &str = "rootfs = \"{busybox}\"\ncommand = \"/bin/sh\"\n";

fn shell(script: &str) -> String {
    format!("{SHELL}args = [\"-c\", '''{script}''']\n")
}

fn the_command_has_a_terminal_of_the_containers_own() {
    let session =
        Session::start(&shell("tty; stty size; ls -l /dev/console /dev/pts | grep -c '136, *0'; echo $TERM; exit 3"));
    session.wait_for("/dev/pts/0\r\n").wait_for("30 100\r\n").wait_for("2\r\n").wait_for("xterm");
    assert_eq!(session.wait(), Some(3));
}

fn the_terminal_belongs_to_the_user() {
    let toml = format!("user = \"1000\"\n{}", shell("stat -c %u /dev/pts/0; echo hello >/dev/tty"));
    let session = Session::start(&toml);
    session.wait_for("1000\r\n").wait_for("hello\r\n");
    assert_eq!(session.wait(), Some(0));
}

fn the_size_follows_the_callers() {
    let session = Session::start(&shell("trap 'stty size; exit 4' WINCH; echo ready; while :; do sleep 0.1; done"));
    session.wait_for("ready").resize(41, 77);
    session.wait_for("41 77\r\n");
    assert_eq!(session.wait(), Some(4));
}

/// Ctrl-C, Ctrl-\ and Ctrl-Z are keys for the container's terminal, not for launch.
fn control_characters_are_the_commands() {
    let session = Session::start(&shell(
        "trap 'echo int' INT; trap 'echo quit; exit 6' QUIT; echo ready; while :; do sleep 0.1; done",
    ));
    session.wait_for("ready").keys("\x03");
    session.wait_for("int\r\n").keys("\x03");
    session.wait_for("int\r\n").keys("\x1c");
    assert_eq!(session.wait(), Some(6));
}

fn the_modes_come_back_when_the_command_ends() {
    let session = Session::start(&shell("echo ready; read x; exit 3"));
    let before = session.modes_at_start();
    session.wait_for("ready");
    assert_ne!(session.modes(), before, "raw while it runs");
    session.keys("\r");
    assert_eq!(session.wait(), Some(3));
    assert_eq!(session.modes(), before);
}

fn the_modes_come_back_when_launch_dies() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGABRT, Signal::SIGSEGV, Signal::SIGBUS] {
        let session = Session::start(&shell("echo ready; sleep 1000"));
        session.wait_for("ready");
        assert_ne!(session.modes(), session.modes_at_start(), "raw while it runs");
        session.signal(signal);
        session.wait();
        assert_eq!(session.modes(), session.modes_at_start(), "after {signal}");
    }
}

fn the_end_of_input_is_passed_on() {
    let toml = format!("{}[stdio]\ntty = true\n", shell("stty -echo; cat; echo end"));
    let outcome = Launch::new(&toml).stdin("a line\nhalf").run().exit(0);
    outcome.check(outcome.out().ends_with("a line\r\nhalfend\r\n"), "both, then the end");
}

fn a_terminal_without_a_callers() {
    let toml = format!("{}[stdio]\ntty = true\n", shell("test -t 0 && test -t 1 && test -t 2 && tty; exit 9"));
    Launch::new(&toml).run().exit(9).stdout("/dev/pts/0\r\n").quiet();
}

fn a_large_output_is_whole() {
    let toml = format!("{}[stdio]\ntty = true\n", shell("stty -opost; seq 1 300000"));
    let outcome = Launch::new(&toml).run().exit(0);
    let expected: String = (1..=300_000).map(|n| format!("{n}\n")).collect();
    outcome.check(outcome.out() == expected, "each line once, in order");
}

fn a_terminal_that_goes_away_ends_the_command() {
    let session = Session::start(&shell("echo ready; sleep 1000"));
    session.wait_for("ready");
    let pid = session.hang_up();
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while std::fs::exists(format!("/proc/{pid}/root")).unwrap() && !is_zombie(pid) {
        assert!(std::time::Instant::now() < deadline, "launch outlived its terminal");
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn is_zombie(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") Z "))
}

/// As a user sees it: Ctrl-Z gives the shell its terminal back, `fg` goes on; with a shell inside and without.
fn a_job_is_stopped_and_goes_on() {
    needs(&[Need::Tool("bash")]);
    let session = Session::shell(&format!("{SHELL}args = [\"-c\", \"echo ready; sleep 1000; echo slept\"]\n"));
    session.wait_for("ready").keys("\x1a");
    session.wait_for("Stopped").keys("stty -a | grep -o '[-]*icanon'; echo $((40+2))\r");
    session.wait_for("\nicanon").wait_for("42").keys("fg\r");
    session.wait_for("fg").wait_for("container.toml").pause().keys("\x03");
    session.pause().keys("echo code $?; exit 8\r");
    session.wait_for("code 130");
    assert_eq!(session.wait(), Some(8));
}
