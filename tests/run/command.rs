//! The command: found, started with its arguments byte for byte, its streams intact, its exit status passed on.

use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use std::ffi::OsString;
use std::os::unix::ffi::OsStringExt;

tests![
    exits_with_the_status_of_the_command,
    death_by_a_signal_is_128_and_its_number,
    not_found_is_127,
    not_executable_is_126,
    is_looked_up_in_the_path_of_the_container,
    a_script_finds_its_interpreter,
    arguments_arrive_byte_for_byte,
    words_after_the_file_are_more_arguments,
    words_after_two_dashes_replace_the_command,
    the_file_can_be_a_script,
    starts_in_its_working_directory,
    a_missing_working_directory_is_shown_at_its_key,
    stdin_arrives_and_ends,
    large_streams_arrive_whole,
    inherits_nothing_but_its_streams,
];

fn exits_with_the_status_of_the_command() {
    for &by in everyone() {
        for code in [0, 7, 124, 255] {
            Launch::sh(&format!("exit {code}")).by(by).run().exit(code).stdout("").quiet();
        }
    }
}

fn death_by_a_signal_is_128_and_its_number() {
    for &by in everyone() {
        for (signal, code) in [("KILL", 137), ("TERM", 143), ("SEGV", 139)] {
            Launch::sh(&format!("kill -{signal} $$; sleep 9")).by(by).run().exit(code).stdout("");
        }
    }
}

fn not_found_is_127() {
    for &by in everyone() {
        for command in ["/bin/nonesuch", "nonesuch", "/no/such/folder/x"] {
            Launch::new(&format!("rootfs = \"{{busybox}}\"\ncommand = \"{command}\"\n"))
                .by(by)
                .run()
                .exit(127)
                .stdout("")
                .stderr_contains(command)
                .stderr_contains("container.toml:2");
        }
    }
}

fn not_executable_is_126() {
    for &by in everyone() {
        for command in ["/etc/passwd", "/bin"] {
            Launch::new(&format!("rootfs = \"{{busybox}}\"\ncommand = \"{command}\"\n"))
                .by(by)
                .run()
                .exit(126)
                .stdout("")
                .stderr_contains("container.toml:2");
        }
    }
}

fn is_looked_up_in_the_path_of_the_container() {
    let launch = |path: &str| {
        Launch::new(&format!(
            "rootfs = \"{{busybox}}\"\ncommand = \"echo\"\nargs = [\"found\"]\nenv = {{ PATH = \"{path}\" }}\n"
        ))
    };
    launch("/nowhere:/bin").run().exit(0).stdout("found\n");
    launch("/nowhere").run().exit(127).stderr_contains("echo");
}

fn a_script_finds_its_interpreter() {
    let script = |first: &str| {
        Launch::new(
            r#"
            rootfs = "{busybox}"
            command = "/opt/script"
            [[mounts]]
            target = "/opt"
            source = "bin"
            "#,
        )
        .folder("bin")
        .file("bin/script", format!("{first}\necho ran \"$@\"\n"))
        .through(["sh", "-c", "chmod 755 bin/script; exec \"$@\"", "sh"])
        .arg("with")
    };
    script("#!/bin/sh").run().exit(0).stdout("ran with\n");
    // execve(2) says ENOENT of the script, though it is the interpreter that is missing.
    script("#!/bin/nonesuch").run().exit(127).stdout("");
}

fn arguments_arrive_byte_for_byte() {
    let odd = ["", " ", "two words", "a\tb", "line\nbreak", "'\"\\$`", "ünïcödé ☃", "-x", "--", "*"];
    let expected: String = odd.iter().map(|word| format!("<{word}>")).collect();
    let quoted: Vec<_> = odd.iter().map(|word| serde_json::to_string(word).unwrap()).collect();
    let toml =
        format!("rootfs = \"{{busybox}}\"\ncommand = \"/bin/printf\"\nargs = [\"<%s>\", {}]\n", quoted.join(", "));
    Launch::new(&toml).run().exit(0).stdout(&expected).quiet();
    let mut launch = Launch::new("rootfs = \"{busybox}\"\ncommand = \"/bin/printf\"\nargs = [\"<%s>\"]\n");
    for word in odd.iter().filter(|word| **word != "--") {
        launch = launch.arg(*word);
    }
    launch.run().exit(0).stdout(&expected.replace("<-->", "")).quiet();
    let bytes = OsString::from_vec(b"\xff\xfe\x80".to_vec());
    let outcome = Launch::new("rootfs = \"{busybox}\"\ncommand = \"/bin/echo\"\n").arg(bytes).run().exit(0);
    outcome.check(outcome.bytes() == b"\xff\xfe\x80\n", "expected the three bytes");
}

fn words_after_the_file_are_more_arguments() {
    let toml = "rootfs = \"{busybox}\"\ncommand = \"/bin/echo\"\nargs = [\"one\"]\n";
    Launch::new(toml).arg("two").arg("three").run().exit(0).stdout("one two three\n").quiet();
}

fn words_after_two_dashes_replace_the_command() {
    let toml = "rootfs = \"{busybox}\"\ncommand = \"/bin/echo\"\nargs = [\"one\"]\n";
    Launch::new(toml).arg("--").arg("printf").arg("%s").arg("other").run().exit(0).stdout("other").quiet();
    let without = "rootfs = \"{busybox}\"\n";
    Launch::new(without).arg("--").arg("/bin/echo").arg("ran").run().exit(0).stdout("ran\n").quiet();
    Launch::new(without).run().exit(125).stderr_contains("command");
}

fn the_file_can_be_a_script() {
    let toml = "#!/usr/bin/env launch\nrootfs = \"{busybox}\"\ncommand = \"/bin/echo\"\nargs = [\"one\"]\n";
    let as_a_script = "chmod 755 container.toml; PATH=$(dirname \"$1\"):$PATH exec ./container.toml two -n";
    Launch::new(toml).through(["sh", "-c", as_a_script, "sh"]).run().exit(0).stdout("one two -n\n").quiet();
}

fn starts_in_its_working_directory() {
    Launch::sh("pwd").run().exit(0).stdout("/\n");
    Launch::sh_with("pwd", "cwd = \"/usr/bin\"").run().exit(0).stdout("/usr/bin\n");
}

fn a_missing_working_directory_is_shown_at_its_key() {
    for &by in everyone() {
        for cwd in ["/nonesuch", "/etc/passwd"] {
            Launch::sh_with("pwd", &format!("cwd = \"{cwd}\""))
                .by(by)
                .run()
                .exit(125)
                .stdout("")
                .stderr_contains("container.toml:4")
                .stderr_contains(cwd);
        }
    }
}

fn stdin_arrives_and_ends() {
    for &by in everyone() {
        Launch::sh("cat; echo end").by(by).stdin("one\ntwo\n").run().exit(0).stdout("one\ntwo\nend\n").quiet();
        Launch::sh("cat; echo end").by(by).run().exit(0).stdout("end\n").quiet();
    }
}

fn large_streams_arrive_whole() {
    let megabytes: Vec<u8> = (0..4_u32 << 20).map(|n| (n.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    let outcome = Launch::sh("cat").stdin(&megabytes).run().exit(0).quiet();
    outcome.check(outcome.bytes() == megabytes, "expected the same four megabytes");
    let outcome = Launch::sh("head -c 4194304 /dev/zero; head -c 1048576 /dev/zero >&2").run().exit(0);
    outcome.check(outcome.bytes().len() == 4 << 20 && outcome.err().len() == 1 << 20, "expected 4 and 1 megabytes");
}

fn inherits_nothing_but_its_streams() {
    for &by in everyone() {
        // The shell's glob opens the folder itself, as 3.
        let leaking = ["sh", "-c", "exec 7</etc/passwd 9>/dev/null; exec \"$@\"", "sh"];
        Launch::sh("cd /proc/self/fd; echo *").by(by).through(leaking).run().exit(0).stdout("0 1 2 3\n").quiet();
    }
}
