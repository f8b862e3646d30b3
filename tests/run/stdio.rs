//! `[stdio]` without a terminal: pipes are the caller's own, byte for byte, with their ends where they were.

use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::place;
use crate::support::runner::tests;
use std::fs;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

tests![
    every_byte_passes,
    a_closed_output_kills_the_writer,
    the_end_of_output_is_seen_when_the_command_closes_it,
    a_large_stream_is_not_copied_by_launch,
    null_and_files_replace_the_streams,
    closed_streams_are_no_harm,
    without_a_terminal_there_is_none,
];

fn every_byte_passes() {
    let bytes: Vec<u8> = (0..=255u8).cycle().take(300_000).collect();
    let outcome = Launch::sh("cat").stdin(&bytes).run().exit(0).quiet();
    outcome.check(outcome.bytes() == bytes, "every byte as it was");
}

/// `yes | head`: SIGPIPE has its default action inside, whatever the caller does with it.
fn a_closed_output_kills_the_writer() {
    let dir = place::fresh_dir(None);
    let toml = crate::support::with_places("rootfs = \"{busybox}\"\ncommand = \"/bin/yes\"\n");
    fs::write(dir.join("container.toml"), toml).unwrap();
    let mut launch =
        Command::new(place::binary()).current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 4];
    launch.stdout.take().unwrap().read_exact(&mut first).unwrap();
    assert_eq!(&first, b"y\ny\n");
    assert_eq!(launch.wait().unwrap().code(), Some(128 + 13));
}

fn the_end_of_output_is_seen_when_the_command_closes_it() {
    let dir = place::fresh_dir(None);
    let toml = crate::support::with_places(
        "rootfs = \"{busybox}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"echo out; exec >/dev/null; sleep 3\"]\n",
    );
    fs::write(dir.join("container.toml"), toml).unwrap();
    let begin = Instant::now();
    let mut launch =
        Command::new(place::binary()).current_dir(&dir).stdin(Stdio::null()).stdout(Stdio::piped()).spawn().unwrap();
    let mut text = String::new();
    launch.stdout.take().unwrap().read_to_string(&mut text).unwrap();
    let seen = begin.elapsed();
    assert!(launch.wait().unwrap().success());
    assert_eq!(text, "out\n");
    assert!(begin.elapsed() > seen + Duration::from_millis(500), "the end came with the command's: {seen:?}");
}

/// The command writes to the caller's own pipe: launch itself spends no time, however much it is.
fn a_large_stream_is_not_copied_by_launch() {
    let outcome =
        Launch::sh("head -c 268435456 /dev/zero | cat").through(["sh", "-c", "\"$@\" | wc -c", "sh"]).run().exit(0);
    outcome.check(outcome.out().trim() == "268435456", "256 MiB");
}

fn null_and_files_replace_the_streams() {
    let outcome = Launch::sh_with(
        "wc -c; cat <&0 | wc -c; echo out; echo err >&2",
        "[stdio]\nstdin = \"null\"\nstdout = \"file:{dir}/out\"\nstderr = \"file:{dir}/err\"\n",
    )
    .stdin("not seen")
    .writes("out")
    .writes("err")
    .run()
    .exit(0)
    .stdout("")
    .quiet();
    let file = |name| fs::read_to_string(outcome.dir().join(name)).unwrap();
    assert_eq!((file("out"), file("err")), ("0\n0\nout\n".to_owned(), "err\n".to_owned()));
}

fn closed_streams_are_no_harm() {
    needs(&[Need::Tool("sh")]);
    for closed in ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"] {
        let file = Launch::sh("ls /proc/self/fd | wc -l >/tmp/n; exit 7");
        file.through(["sh", "-c", &format!("\"$@\" {closed}"), "sh"]).run().exit(7);
    }
}

fn without_a_terminal_there_is_none() {
    Launch::sh("tty; ls /dev/console 2>/dev/null | wc -l").run().stdout("not a tty\n0\n");
}
