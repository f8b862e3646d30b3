//! The life of a container: its init, its time, its end; nothing outlives the launch.

use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use nix::sys::signal::Signal;
use std::time::Duration;

tests![
    an_init_is_pid_1_and_reaps,
    without_init_the_command_is_pid_1,
    nothing_outlives_the_command,
    daemons_do_not_outlive_the_command,
    a_timeout_is_124_and_told,
    a_command_that_will_not_stop_is_killed,
    time_to_spare_is_no_timeout,
    the_stop_signal_is_the_one_written,
    dies_with_launch,
    what_a_killed_launch_left_is_removed_by_the_next,
];

fn an_init_is_pid_1_and_reaps() {
    for &by in everyone() {
        // Orphans end while the shell goes on: nobody but pid 1 can reap them.
        let script = "for n in 1 2 3; do (sleep 0 & ) ; done; sleep 0.5; grep -l '^State:.Z' /proc/[0-9]*/status; test $$ != 1 && echo ok";
        Launch::sh(script).by(by).run().exit(0).stdout("ok\n").quiet();
    }
}

fn without_init_the_command_is_pid_1() {
    for &by in everyone() {
        Launch::sh_with("echo $$; exit 5", "lifecycle = { init = false }").by(by).run().exit(5).stdout("1\n").quiet();
        // pid 1 has no default actions, so a kill from inside does nothing; the exit status is its own.
        Launch::sh_with("kill -TERM 1; exit 6", "lifecycle = { init = false }").by(by).run().exit(6).quiet();
    }
}

fn nothing_outlives_the_command() {
    for &by in everyone() {
        for init in [true, false] {
            Launch::sh_with("sleep 300 & sleep 300 & echo started", &format!("lifecycle = {{ init = {init} }}"))
                .by(by)
                .run()
                .exit(0)
                .stdout("started\n")
                .quiet()
                .within(Duration::from_secs(5));
        }
    }
}

fn daemons_do_not_outlive_the_command() {
    for &by in everyone() {
        let script = "(setsid sh -c 'trap \"\" TERM HUP INT; (sleep 300 </dev/null >/dev/null 2>&1 &)' &); sleep 0.2; echo started";
        Launch::sh(script).by(by).run().exit(0).stdout("started\n").quiet();
    }
}

fn a_timeout_is_124_and_told() {
    for &by in everyone() {
        let outcome = Launch::sh_with("echo started; sleep 300", "lifecycle = { timeout = \"500ms\" }").by(by).run();
        outcome.exit(124).stdout("started\n").stderr_contains("lifecycle.timeout").within(Duration::from_secs(5));
    }
}

fn a_command_that_will_not_stop_is_killed() {
    for &by in everyone() {
        let more = "lifecycle = { timeout = \"300ms\", stop_timeout = \"500ms\" }";
        let outcome = Launch::sh_with("trap '' TERM; echo started; while :; do sleep 0.1; done", more).by(by).run();
        outcome.check(outcome.duration() >= Duration::from_millis(800), "expected both times to pass");
        outcome.exit(124).stdout("started\n").within(Duration::from_secs(6));
    }
}

fn time_to_spare_is_no_timeout() {
    Launch::sh_with("echo done", "lifecycle = { timeout = \"1h\" }").run().exit(0).stdout("done\n").quiet();
}

fn the_stop_signal_is_the_one_written() {
    let more = "lifecycle = { timeout = \"500ms\", stop_signal = \"SIGINT\" }";
    Launch::sh_with("trap 'echo interrupted; exit 3' INT; while :; do sleep 0.1; done", more)
        .run()
        .exit(124)
        .stdout("interrupted\n");
}

fn dies_with_launch() {
    for &by in everyone() {
        for init in [true, false] {
            let running =
                Launch::sh_with("echo started; sleep 300 & sleep 300", &format!("lifecycle = {{ init = {init} }}"))
                    .by(by)
                    .start();
            running.wait_for_stdout("started").signal(Signal::SIGKILL);
            running.finish().killed_by(Signal::SIGKILL);
        }
    }
}

fn what_a_killed_launch_left_is_removed_by_the_next() {
    let running = Launch::sh("echo started; sleep 300").start();
    running.wait_for_stdout("started").signal(Signal::SIGKILL);
    let outcome = running.finish().killed_by(Signal::SIGKILL);
    // The leftover check of this one looks for everything that bears the folder's name.
    Launch::sh("echo next").again_in(outcome.dir()).run().exit(0).stdout("next\n").quiet();
}
