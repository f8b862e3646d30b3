//! Odd callers: closed streams, ignored signals, few descriptors, no folder, no environment. A true message or a right run.

use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, needs};

tests![
    closed_streams,
    ignored_children,
    blocked_signals,
    an_empty_environment,
    a_strange_umask,
    few_descriptors,
    a_working_directory_that_is_gone,
    a_full_stdout,
    a_session_of_its_own,
    a_nice_caller,
];

/// By way of a shell that runs `before` first.
fn after(before: &str, launch: Launch) -> Launch {
    launch.through(["sh".to_owned(), "-c".to_owned(), format!("{before}\nexec \"$@\""), "sh".to_owned()])
}

fn closed_streams() {
    for &by in everyone() {
        for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
            // /dev/null stands in for what is closed, so that no file of ours becomes a stream.
            after(&format!("exec {closed}"), Launch::sh("cat >/dev/null; echo x; exit 4").by(by)).run().exit(4).quiet();
        }
    }
}

fn ignored_children() {
    for &by in everyone() {
        after("trap '' CHLD", Launch::sh("exit 6").by(by)).run().exit(6).quiet();
    }
}

fn blocked_signals() {
    // GNU's env can block them, busybox's cannot; stdbuf tells which one is here.
    needs(&[Need::Tool("stdbuf")]);
    for &by in everyone() {
        Launch::sh("exit 6").by(by).through(["env", "--block-signal"]).run().exit(6).quiet();
        let running = Launch::sh("trap 'exit 3' TERM; echo ready; while :; do sleep 0.05; done")
            .by(by)
            .through(["env", "--block-signal"])
            .start();
        running.wait_for_stdout("ready").signal(nix::sys::signal::Signal::SIGTERM);
        running.finish().exit(3);
    }
}

fn an_empty_environment() {
    for &by in everyone() {
        Launch::sh("exit 6").by(by).through(["env", "-i"]).run().exit(6).quiet();
    }
}

fn a_strange_umask() {
    for &by in everyone() {
        let mounts = "[[mounts]]\ntarget = \"/a/b\"\ntype = \"tmpfs\"\n[[mounts]]\ntarget = \"/etc/motd\"\ntype = \"file\"\ncontent = \"x\"\n";
        after("umask 0777", Launch::sh_with("umask; ls -d /a/b; cat /etc/motd", mounts).by(by))
            .run()
            .exit(0)
            .stdout("0022\n/a/b\nx")
            .quiet();
    }
}

fn few_descriptors() {
    for &by in everyone() {
        after("ulimit -n 16", Launch::sh("exit 6").by(by)).run().exit(6).quiet();
        // Too few to work with: it says so.
        let outcome = after("ulimit -n 4", Launch::sh("exit 6").by(by)).run();
        outcome.check(
            outcome.code() == Some(6) || outcome.code() == Some(125) && !outcome.err().is_empty(),
            "expected a run or a message",
        );
    }
}

fn a_working_directory_that_is_gone() {
    for &by in everyone() {
        let gone =
            "file=$PWD/container.toml; mkdir tmp/gone; cd tmp/gone; rmdir ../gone; shift; set -- \"$0\" \"$file\"";
        let launch = Launch::sh("exit 6").by(by);
        launch
            .through(["sh", "-c", &format!("launch=$1; {gone}; exec \"$launch\" \"$file\""), "sh"])
            .run()
            .exit(6)
            .quiet();
    }
}

fn a_full_stdout() {
    needs(&[Need::Root]);
    after("exec >/dev/full", Launch::sh("echo x 2>/dev/null || exit 4")).run().exit(4).quiet();
}

fn a_session_of_its_own() {
    // busybox's setsid cannot wait; stdbuf tells which one is here.
    needs(&[Need::Tool("stdbuf")]);
    for &by in everyone() {
        Launch::sh("exit 6").by(by).through(["setsid", "-w"]).run().exit(6).quiet();
    }
}

fn a_nice_caller() {
    after("renice -n 5 $$ >/dev/null", Launch::sh("exit 6")).run().exit(6).quiet();
}
