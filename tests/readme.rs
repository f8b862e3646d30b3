//! What README.md shows is true: its files pass `launch check`, its console blocks are run. tests/README.md has the convention.

use crate::support::place::{self, project};
use crate::support::process::Process;
use crate::support::runner::tests;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

tests![the_files_are_what_they_claim, the_console_blocks_say_what_happens, the_marked_commands_are_there];

/// A fenced block: what stands after the fence, and its lines.
struct Block {
    info: String,
    text: String,
}

impl Block {
    fn is(&self, language: &str) -> bool {
        self.info.split(' ').next() == Some(language)
    }

    /// The value of `file=NAME`.
    fn file(&self) -> Option<&str> {
        self.info.split(' ').find_map(|word| word.strip_prefix("file="))
    }

    fn is_wrong(&self) -> bool {
        self.info.split(' ').any(|word| word == "wrong")
    }
}

fn the_files_are_what_they_claim() {
    let dir = place::fresh_dir(None);
    for block in blocks().iter().filter(|block| block.is("toml")) {
        let name = block.file().unwrap_or("container.toml");
        fs::write(dir.join(name), &block.text).unwrap();
        let (code, output) = shell(&dir, &format!("launch check --host none {name}"));
        assert_eq!(code == 0, !block.is_wrong(), "{}\n{}\n{output}", block.info, block.text);
    }
}

fn the_console_blocks_say_what_happens() {
    let dir = place::fresh_dir(None);
    for block in blocks() {
        if block.is("toml") {
            fs::write(dir.join(block.file().unwrap_or("container.toml")), &block.text).unwrap();
        } else if block.is("console") {
            for session in sessions(&block.text) {
                session.run(&dir);
            }
        }
    }
}

/// .ci/run takes its commands from here.
fn the_marked_commands_are_there() {
    let readme = readme();
    for mark in ["<!-- command: example -->", "<!-- command: test -->"] {
        let after = readme.split_once(mark).unwrap_or_else(|| panic!("README.md lost {mark}")).1;
        assert!(after.trim_start().starts_with("```sh\n"), "after {mark} comes a sh block");
    }
}

/// One `$ command` of a console block with the lines that it prints; `...` stands for any lines.
struct Session {
    command: String,
    exit: i32,
    expected: String,
}

impl Session {
    fn run(&self, dir: &Path) {
        let (code, output) = shell(dir, &self.command);
        let matches = matches(&self.expected.lines().collect::<Vec<_>>(), &output.lines().collect::<Vec<_>>());
        assert!(matches, "$ {}\n--- README.md\n{}--- printed\n{output}---", self.command, self.expected);
        assert_eq!(code, self.exit, "$ {}\n{output}", self.command);
    }
}

fn sessions(block: &str) -> Vec<Session> {
    let mut sessions: Vec<Session> = Vec::new();
    for line in block.lines() {
        if let Some(command) = line.strip_prefix("$ ") {
            let (command, exit) = match command.split_once("# exit ") {
                Some((command, exit)) => (command.trim_end(), exit.trim().parse().expect("`# exit N`")),
                None => (command, 0),
            };
            sessions.push(Session { command: command.to_owned(), exit, expected: String::new() });
        } else {
            let session = sessions.last_mut().expect("a console block begins with `$ `");
            session.expected += &format!("{line}\n");
        }
    }
    sessions
}

/// Whether `lines` are those of `pattern`, in which `...` stands for any number of lines.
fn matches(pattern: &[&str], lines: &[&str]) -> bool {
    match pattern {
        [] => lines.is_empty(),
        ["...", rest @ ..] => (0..=lines.len()).any(|skip| matches(rest, &lines[skip..])),
        [first, rest @ ..] => {
            lines.first().is_some_and(|line| line.trim_end() == first.trim_end()) && matches(rest, &lines[1..])
        }
    }
}

/// Runs a command line where `launch` is on PATH; both streams together, as a reader sees them.
fn shell(dir: &Path, line: &str) -> (i32, String) {
    let mut command = Command::new("sh");
    let path = format!("{}:{}", place::binary().parent().unwrap().display(), std::env::var("PATH").unwrap());
    command.args(["-c", &format!("exec 2>&1\n{line}")]).current_dir(dir).env("PATH", path).env("NO_COLOR", "1");
    let ended = Process::start(&mut command, None, Duration::from_secs(60)).wait();
    let code = ended.status.and_then(|status| status.code()).unwrap_or(-1);
    (code, String::from_utf8_lossy(&ended.stdout).into_owned())
}

fn readme() -> String {
    fs::read_to_string(project("README.md")).unwrap()
}

fn blocks() -> Vec<Block> {
    let mut blocks = Vec::new();
    let readme = readme();
    let mut lines = readme.lines();
    while let Some(line) = lines.next() {
        let Some(info) = line.strip_prefix("```") else { continue };
        let text = lines.by_ref().take_while(|line| !line.starts_with("```")).map(|line| format!("{line}\n")).collect();
        blocks.push(Block { info: info.to_owned(), text });
    }
    blocks
}
