//! Signals: forwarded to the command, told apart from its own, and never lost.

use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use nix::sys::signal::Signal;

tests![
    are_forwarded,
    end_a_command_that_does_not_handle_them,
    are_kept_when_so_written,
    many_are_not_lost,
    a_stopped_launch_goes_on,
    dispositions_are_the_defaults,
    a_broken_pipe_ends_the_writer,
];

fn are_forwarded() {
    for &by in everyone() {
        for (signal, name) in [
            (Signal::SIGTERM, "TERM"),
            (Signal::SIGINT, "INT"),
            (Signal::SIGHUP, "HUP"),
            (Signal::SIGQUIT, "QUIT"),
            (Signal::SIGUSR1, "USR1"),
            (Signal::SIGUSR2, "USR2"),
        ] {
            let script = format!("trap 'echo got {name}; exit 3' {name}; echo ready; while :; do sleep 0.05; done");
            let running = Launch::sh(&script).by(by).start();
            running.wait_for_stdout("ready\n").signal(signal);
            running.finish().exit(3).stdout(&format!("ready\ngot {name}\n")).quiet();
        }
    }
}

fn end_a_command_that_does_not_handle_them() {
    for &by in everyone() {
        for (signal, code) in [(Signal::SIGTERM, 143), (Signal::SIGINT, 130), (Signal::SIGHUP, 129)] {
            let running = Launch::sh("echo ready; exec sleep 300").by(by).start();
            running.wait_for_stdout("ready\n").signal(signal);
            running.finish().exit(code).stdout("ready\n");
        }
    }
}

fn are_kept_when_so_written() {
    let more = "lifecycle = { forward_signals = false }";
    let running = Launch::sh_with("trap 'echo got; exit 3' USR1; echo ready; sleep 0.5; echo unmoved", more).start();
    running.wait_for_stdout("ready\n").signal(Signal::SIGUSR1);
    running.finish().exit(0).stdout("ready\nunmoved\n");
}

fn many_are_not_lost() {
    let script =
        "trap 'n=$((n + 1)); echo $n' USR1; echo ready; while [ \"${n:-0}\" -lt 5 ]; do sleep 0.02; done; echo end";
    let running = Launch::sh(script).start();
    running.wait_for_stdout("ready\n");
    for n in 1..=5 {
        running.signal(Signal::SIGUSR1);
        running.wait_for_stdout(&format!("\n{n}\n"));
    }
    running.finish().exit(0).stdout("ready\n1\n2\n3\n4\n5\nend\n").quiet();
}

fn a_stopped_launch_goes_on() {
    let running = Launch::sh("echo ready; read line; echo \"got $line\"").stdin("words\n").start();
    running.wait_for_stdout("ready\n").signal(Signal::SIGSTOP);
    running.signal(Signal::SIGCONT);
    running.finish().exit(0).stdout("ready\ngot words\n").quiet();
}

fn dispositions_are_the_defaults() {
    for &by in everyone() {
        // The caller ignores some; the command must not inherit that, nor what launch itself blocks or ignores.
        let odd = ["sh", "-c", "trap '' CHLD PIPE USR1 INT QUIT; exec \"$@\"", "sh"];
        Launch::new("rootfs = \"{busybox}\"\ncommand = \"/bin/grep\"\nargs = [\"-E\", \"^Sig(Blk|Ign)\", \"/proc/self/status\"]\n")
            .by(by)
            .through(odd)
            .run()
            .exit(0)
            .stdout("SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n")
            .quiet();
    }
}

fn a_broken_pipe_ends_the_writer() {
    Launch::sh("yes | head -n 1; echo end").run().exit(0).stdout("y\nend\n").quiet();
}
