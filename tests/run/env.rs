//! The environment: nothing of the caller's leaks in, what is written arrives byte for byte.

use crate::support::runner::tests;
use crate::support::{Launch, everyone};

tests![
    the_callers_environment_does_not_leak,
    a_table_sets_and_takes_away,
    values_arrive_byte_for_byte,
    variables_of_the_caller_can_be_passed,
    files_are_read,
    a_missing_file_is_shown_at_its_key,
    strings_can_name_variables_of_the_caller,
    an_unset_variable_is_an_error,
];

fn env(more: &str) -> Launch {
    Launch::new(&format!("rootfs = \"{{busybox}}\"\ncommand = \"/bin/env\"\n{more}"))
}

/// The lines of the outcome's stdout, sorted.
fn sorted(launch: Launch) -> Vec<String> {
    let outcome = launch.run().exit(0).quiet();
    let mut lines: Vec<_> = outcome.out().lines().map(str::to_owned).collect();
    lines.sort();
    lines
}

fn the_callers_environment_does_not_leak() {
    for &by in everyone() {
        let lines = sorted(env("").by(by).env("SECRET", "hunter2").env("LD_PRELOAD", ""));
        let expected =
            ["HOME=/root", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "container=launch"];
        assert_eq!(lines, expected);
    }
}

fn a_table_sets_and_takes_away() {
    let lines = sorted(env("[env]\nA = \"1\"\nHOME = \"/home/user\"\nPATH = false\n"));
    assert_eq!(lines, ["A=1", "HOME=/home/user", "container=launch"]);
}

fn values_arrive_byte_for_byte() {
    let odd = ["", " ", "a=b", "line\nbreak", "'\"\\$HOME`", "ünïcödé ☃"];
    for value in odd {
        let toml = format!("env = {{ ODD = {} }}", serde_json::to_string(value).unwrap());
        Launch::sh_with("printf '<%s>' \"$ODD\"", &toml).run().exit(0).stdout(&format!("<{value}>")).quiet();
    }
}

fn variables_of_the_caller_can_be_passed() {
    let launch = env("env_pass = [\"LANG\", \"LC_*\", \"UNSET\"]\n[env]\nLC_ALL = \"C\"\n");
    let lines = sorted(launch.env("LANG", "de").env("LC_TIME", "fr").env("LC_ALL", "it").env("LCX", "no"));
    assert_eq!(lines[1..5], ["LANG=de", "LC_ALL=C", "LC_TIME=fr", lines[4].as_str()]);
    assert_eq!(lines.len(), 6);
}

fn files_are_read() {
    let files = env("env_file = [\"one.env\", \"two.env\"]\nenv = { C = \"table\" }\n")
        .file("one.env", "# a comment\n\nA=one\nB=one\nC=one\n")
        .file("two.env", "B=two=2\n");
    let lines = sorted(files);
    assert_eq!(lines[..3], ["A=one", "B=two=2", "C=table"]);
    assert_eq!(lines.len(), 6);
}

fn a_missing_file_is_shown_at_its_key() {
    env("env_file = [\"none.env\"]\n")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("none.env")
        .stderr_contains("container.toml:3");
}

fn strings_can_name_variables_of_the_caller() {
    Launch::sh_with("echo $A $B", "env = { A = \"<${env:WHO}>\", B = \"${env:NOBODY:-else}\" }")
        .env("WHO", "me")
        .run()
        .exit(0)
        .stdout("<me> else\n")
        .quiet();
}

fn an_unset_variable_is_an_error() {
    env("env = { A = \"${env:NOBODY}\" }\n")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("NOBODY")
        .stderr_contains("container.toml:3");
}
