//! Files that are no container.toml: a clear answer, quickly, and exit 125.

use crate::support::Launch;
use crate::support::outcome::Outcome;
use crate::support::runner::tests;
use std::time::Duration;

tests![
    an_empty_file,
    a_missing_file,
    a_folder,
    a_pipe,
    a_device,
    bytes_that_are_no_text,
    text_that_is_no_utf8,
    ten_megabytes,
    a_deep_nest,
    a_truncated_file,
    every_mistake_at_once,
];

/// Neither hangs nor crashes, says what is wrong, and starts nothing.
#[track_caller]
fn refused(launch: Launch, words: &str) -> Outcome {
    let outcome = launch.run().exit(125).stdout("").stderr_lacks("panicked").within(Duration::from_secs(2));
    outcome.check(outcome.err().to_lowercase().contains(words), &format!("expected {words:?} in stderr"));
    outcome.check(outcome.err().len() < 20_000, "expected an answer of a readable length");
    outcome
}

fn in_place_of_the_file(command: &str) -> Launch {
    Launch::new("").through(["sh", "-c", &format!("rm container.toml; {command}; exec \"$@\""), "sh"])
}

fn an_empty_file() {
    refused(Launch::new(""), "empty");
    refused(Launch::new("# only a comment\n\n"), "empty");
}

fn a_missing_file() {
    refused(in_place_of_the_file(":"), "container.toml");
    refused(in_place_of_the_file(":"), "no such file");
}

fn a_folder() {
    refused(in_place_of_the_file("mkdir container.toml").writes("container.toml"), "directory");
}

fn a_pipe() {
    refused(in_place_of_the_file("mkfifo container.toml").writes("container.toml"), "container.toml");
}

fn a_device() {
    refused(in_place_of_the_file("ln -s /dev/zero container.toml").writes("container.toml"), "container.toml");
}

fn bytes_that_are_no_text() {
    let launch = Launch::new("").through(["sh", "-c", "head -c 100000 /bin/sh >container.toml; exec \"$@\"", "sh"]);
    let outcome = refused(launch, "");
    outcome.check(!outcome.err().contains(['\x07', '\x1b', '\0']), "expected no control characters of the file's");
}

fn text_that_is_no_utf8() {
    refused(
        Launch::new("").through(["sh", "-c", "printf 'command = \"\\377\"\\n' >container.toml; exec \"$@\"", "sh"]),
        "utf-8",
    );
}

fn ten_megabytes() {
    refused(
        Launch::new("").through(["sh", "-c", "yes '# words' | head -c 10000000 >container.toml; exec \"$@\"", "sh"]),
        "mib",
    );
}

fn a_deep_nest() {
    refused(Launch::new(&format!("args = {}{}\n", "[".repeat(5000), "]".repeat(5000))), "deep");
    refused(Launch::new(&format!("{}x = 1\n", "a.".repeat(5000))), "");
    refused(Launch::new(&format!("{} a = {}1{}\n", "", "{ a = ".repeat(3000), " }".repeat(3000))), "");
}

fn a_truncated_file() {
    let whole = "rootfs = \"{busybox}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"true\"]\n[limits]\npids = 10\n";
    for end in (0..whole.len()).step_by(7) {
        let outcome = Launch::new(&whole[..end]).run().stderr_lacks("panicked");
        outcome.check(
            outcome.code() == Some(125) || whole[..end].contains("/sh\""),
            "expected a refusal, or a run of what is there",
        );
    }
}

fn every_mistake_at_once() {
    let toml = r#"
        comand = "/bin/sh"
        hostname = 7
        [limits]
        mem_limit = "50MB"
        pids = "many"
        [[mounts]]
        destination = "/data"
        "#;
    let outcome = refused(Launch::new(toml), "comand");
    for (line, word) in [(2, "command"), (3, "hostname"), (5, "memory"), (6, "pids"), (8, "target")] {
        outcome.check(outcome.err().contains(&format!("container.toml:{line}:")), &format!("expected line {line}"));
        outcome.check(outcome.err().contains(word), &format!("expected {word}"));
    }
}
