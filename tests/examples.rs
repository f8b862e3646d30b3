//! Every file of examples/ passes `launch check`; those whose `# test:` line says how are run. tests/README.md has the words.

use crate::support::builder::{Launch, with_places};
use crate::support::needs::{Need, needs};
use crate::support::place::project;
use crate::support::runner::trial;
use libtest_mimic::Trial;
use std::fs;
use std::path::{Path, PathBuf};

/// One trial for each example.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    files().into_iter().map(|file| {
        let name = format!("examples::{}", file.file_stem().unwrap().display());
        trial(name, move || run(&file))
    })
}

fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(project("examples")).into_iter().flatten().flatten().map(|entry| entry.path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    files.sort();
    files
}

fn run(file: &Path) {
    let text = fs::read_to_string(file).unwrap();
    let mut lines = text.lines();
    let first = lines.next().unwrap_or("");
    assert!(
        first.starts_with("#:schema ") || first.starts_with("#!"),
        "its first line names the schema, or is a shebang"
    );
    let words: Vec<_> =
        text.lines().filter_map(|line| line.strip_prefix("# test: ")).flat_map(|line| line.split("; ")).collect();
    assert!(!words.is_empty(), "a line `# test: …` says what comes of it");
    // In its own place, so that relative paths are what they say.
    let launch = || Launch::in_place(file);
    launch().option("check").option("--host").option("none").run().exit(0);
    if words != ["check"] {
        follow(launch(), &words);
    }
}

/// Runs the example as its words say.
fn follow(mut launch: Launch, words: &[&str]) {
    let mut expectations = Vec::new();
    for word in words {
        let (verb, rest) = word.split_once(' ').unwrap_or((word, ""));
        match verb {
            "as" if rest == "root" => needs(&[Need::Root]),
            "as" if rest == "user" => launch = launch.as_user(),
            "needs" => needs(&[Need::Controller(Box::leak(rest.to_owned().into_boxed_str()))]),
            "env" => launch = set(launch, rest),
            "arg" => launch = launch.arg(rest.trim_matches('"')),
            "profile" => launch = launch.option("--profile").option(rest),
            "exit" | "stdout" | "stderr" => expectations.push((verb, rest.trim_matches('"'))),
            _ => panic!("`# test:` does not know {word:?}"),
        }
    }
    let mut outcome = launch.run();
    for (verb, rest) in expectations {
        outcome = match verb {
            "exit" => outcome.exit(rest.parse().unwrap()),
            "stdout" => outcome.stdout_contains(rest),
            _ => outcome.stderr_contains(rest),
        };
    }
}

/// `env NAME=VALUE`, where VALUE may name a root.
fn set(launch: Launch, assignment: &str) -> Launch {
    let (name, value) = assignment.split_once('=').expect("`env NAME=VALUE`");
    let value = with_places(value);
    launch.env(name, value)
}
