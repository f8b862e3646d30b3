//! The examples of `launch explain CODE`: the wrong one has that mistake, the right one has none.

use crate::support::made_up::made_up;
use crate::support::place::{fresh_dir, project};
use crate::support::runner::tests;
use launch::diagnostics::{CODES, Code, Severity, Style, render};
use launch::pipeline::{Loaded, load};
use std::fs;

tests![wrong_examples_are_wrong, right_examples_are_right, codes_are_documented];

/// Mistakes that no file shows by itself: they need another machine, a run, or a file of an odd kind or size.
const WITHOUT_EXAMPLE: &[Code] = &[
    Code::ArgumentTooLong,
    Code::CommandFailed,
    Code::ControlCharacter,
    Code::EmptyFile,
    Code::EnvironmentTooLarge,
    Code::ExtendsCycle,
    Code::ExtendsTooDeep,
    Code::FileTooLarge,
    Code::FileUnreadable,
    Code::LimitDiffers,
    Code::MapTooLong,
    Code::MissingKey,
    Code::NotUtf8,
    Code::ProfileUnknown,
    Code::RootfsLink,
    Code::SeccompTooLong,
    Code::SetInvalid,
    Code::StepFailed,
];

fn wrong_examples_are_wrong() {
    let mut missed = Vec::new();
    for code in CODES.iter().filter(|code| !code.wrong().is_empty()) {
        let loaded = answered(*code, code.wrong());
        if !loaded.problems.contains(*code) {
            missed.push(format!("## {code}\n{}\n{}", code.wrong(), picture(&loaded)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn right_examples_are_right() {
    let mut wrong = Vec::new();
    for code in CODES.iter().filter(|code| !code.right().is_empty()) {
        let loaded = answered(*code, code.right());
        if loaded.problems.iter().any(|problem| problem.severity == Severity::Error || problem.code == *code) {
            wrong.push(format!("## {code}\n{}\n{}", code.right(), picture(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn codes_are_documented() {
    for code in CODES {
        let text = code.explanation();
        assert!(code.why().len() > 20 && code.why().ends_with('.'), "{text}");
        let example = !code.wrong().is_empty() && !code.right().is_empty();
        assert_eq!(example, !WITHOUT_EXAMPLE.contains(code), "{code}: an example, or a line in WITHOUT_EXAMPLE");
        let file = project("tests/invalid").join(format!("{code}.toml"));
        assert!(!example || file.exists(), "{}: a wrong file, for its picture", file.display());
    }
}

fn answered(code: Code, example: &str) -> Loaded {
    let dir = fresh_dir(None);
    let file = dir.join("container.toml");
    fs::write(&file, whole(code, example)).unwrap();
    let mut loaded = load(&file, Vec::new(), None);
    loaded.plan(&made_up(code, &dir));
    loaded
}

/// The example with the command and the root that it leaves out.
fn whole(code: Code, example: &str) -> String {
    let says = |key: &str| example.lines().any(|line| line.starts_with(key));
    let command = if says("command") || code == Code::CommandMissing { "" } else { "command = \"/bin/sh\"\n" };
    let rootfs =
        if says("rootfs") || says("[rootfs]") || code == Code::RootfsMissing { "" } else { "rootfs = \"alpine\"\n" };
    format!("{command}{rootfs}{example}\n")
}

fn picture(loaded: &Loaded) -> String {
    render(&loaded.problems, &loaded.tree, &loaded.sources, Style::default())
}
