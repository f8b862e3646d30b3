//! The rules of the tree that no lint can see: arrows between layers, the fence around `unsafe`, names, first lines.

use crate::support::place::project;
use crate::support::runner::tests;
use std::fs;
use std::path::{Path, PathBuf};

tests![
    arrows_go_one_way,
    unsafe_stays_behind_the_fence,
    each_file_says_what_lives_there,
    no_file_is_named_after_nothing,
    nothing_is_left_to_do,
    the_changelog_keeps_its_headings,
    the_tree_knows_no_machine_and_no_tool,
    both_licences_are_there,
];

/// From left to right; a layer may use what stands left of it.
const LAYERS: [&str; 6] = ["config", "diagnostics", "plan", "runtime", "pipeline", "cli"];

/// The files that may hold `unsafe`: the system calls that no safe wrapper has, the clone, and what runs after it.
const FENCE: &[&str] = &[
    "src/main.rs",
    "src/runtime/child.rs",
    "src/runtime/image/inside.rs",
    "src/runtime/init.rs",
    "src/runtime/spawn.rs",
    "src/runtime/sys/mod.rs",
];

fn arrows_go_one_way() {
    let mut wrong = Vec::new();
    for (file, text) in sources("src") {
        let Some(left) = LAYERS.iter().position(|layer| is_of_layer(&file, layer)) else { continue };
        for right in &LAYERS[left + 1..] {
            let uses =
                |line: &&str| !is_comment(line) && (names(line, "crate::", right) || names(line, "launch::", right));
            wrong.extend(text.lines().filter(uses).map(|line| format!("{}: {}", file.display(), line.trim())));
        }
    }
    assert!(wrong.is_empty(), "{} -> these lines point to the right:\n{}", LAYERS.join(" <- "), wrong.join("\n"));
}

fn unsafe_stays_behind_the_fence() {
    let opens = |text: &str| text.contains("allow(unsafe_code") || text.contains("expect(unsafe_code");
    let open: Vec<_> =
        sources("src").into_iter().filter(|(_, text)| opens(text)).map(|(file, _)| relative(&file)).collect();
    assert_eq!(open, FENCE, "a new file behind the fence is a decision: say so in FENCE");
}

fn each_file_says_what_lives_there() {
    for (file, text) in all_sources() {
        let first = text.lines().next().unwrap_or("");
        assert!(
            first.starts_with("//! ") && first.len() > 20,
            "{}: the first line says what lives here",
            file.display()
        );
    }
}

fn no_file_is_named_after_nothing() {
    for (file, _) in all_sources() {
        let stem = file.file_stem().unwrap().to_str().unwrap();
        let empty = ["util", "utils", "common", "helper", "helpers", "manager", "misc", "imp"];
        assert!(!empty.contains(&stem), "{}: a name that says nothing", file.display());
    }
}

fn nothing_is_left_to_do() {
    // Put together, so that this file does not find itself.
    let words =
        [concat!("to", "do!"), concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX"), concat!("dbg", "!(")];
    for (file, text) in all_sources() {
        for (number, line) in (1..).zip(text.lines()) {
            let found = words.iter().find(|word| line.contains(**word));
            assert!(found.is_none(), "{}:{number}: {found:?}", file.display());
        }
    }
}

/// Keep a changelog, 1.1.0: <https://keepachangelog.com/en/1.1.0/>.
fn the_changelog_keeps_its_headings() {
    let text = fs::read_to_string(project("CHANGELOG.md")).unwrap();
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("# Changelog"));
    let releases: Vec<_> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    assert_eq!(releases.first(), Some(&"[Unreleased]"));
    for release in &releases[1..] {
        let (version, date) = release.split_once(" - ").expect("a release reads `## [1.2.3] - 2026-01-31`");
        assert!(version.starts_with('[') && version.ends_with(']') && date.len() == 10, "{release}");
    }
    let kinds = ["Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"];
    for kind in text.lines().filter_map(|line| line.strip_prefix("### ")) {
        assert!(kinds.contains(&kind), "{kind:?} is none of {kinds:?}");
    }
}

fn the_tree_knows_no_machine_and_no_tool() {
    let words = [
        concat!("/wo", "rk/"),
        concat!("clau", "de"),
        concat!("anthro", "pic"),
        concat!("chat", "gpt"),
        concat!("copi", "lot"),
    ];
    for file in tree(&project("")) {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let lower = text.to_lowercase();
        let found = words.iter().find(|word| lower.contains(**word));
        assert!(found.is_none(), "{}: contains {found:?}", file.display());
    }
}

fn both_licences_are_there() {
    let manifest = fs::read_to_string(project("Cargo.toml")).unwrap();
    assert!(manifest.contains("license = \"MIT OR Apache-2.0\""));
    for (file, words) in
        [("LICENSE-MIT", "Permission is hereby granted"), ("LICENSE-APACHE", "Version 2.0, January 2004")]
    {
        assert!(fs::read_to_string(project(file)).unwrap().contains(words), "{file}");
    }
}

fn is_of_layer(file: &Path, layer: &str) -> bool {
    let below = file.strip_prefix(project("src")).unwrap();
    below.starts_with(layer) || below == Path::new(layer).with_extension("rs")
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// Whether `line` has `prefix` followed by the word `layer`, alone or in a list: `use crate::{cli, config}`.
fn names(line: &str, prefix: &str, layer: &str) -> bool {
    line.match_indices(prefix).any(|(at, _)| {
        let rest = &line[at + prefix.len()..];
        let list = rest.strip_prefix('{').and_then(|list| list.split_once('}')).map_or(rest, |(list, _)| list);
        let first_word =
            |item: &str| item.trim().split(|c: char| !c.is_alphanumeric() && c != '_').next() == Some(layer);
        if rest.starts_with('{') { list.split(',').any(first_word) } else { first_word(rest) }
    })
}

fn sources(below: &str) -> Vec<(PathBuf, String)> {
    let files = tree(&project(below)).into_iter().filter(|file| file.extension().is_some_and(|ext| ext == "rs"));
    files.map(|file| (file.clone(), fs::read_to_string(file).unwrap())).collect()
}

fn all_sources() -> Vec<(PathBuf, String)> {
    ["src", "tests", "benches", "fuzz"].iter().flat_map(|below| sources(below)).collect()
}

fn relative(file: &Path) -> String {
    file.strip_prefix(project("")).unwrap().to_str().unwrap().to_owned()
}

/// Every file below `dir`, sorted; without what git and cargo keep there.
fn tree(dir: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let Ok(entries) = fs::read_dir(dir) else { return files };
    for path in entries.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap();
        if path.is_dir() && name != "target" && name != ".git" {
            files.extend(tree(&path));
        } else if path.is_file() && name != ".git" {
            files.push(path);
        }
    }
    files.sort();
    files
}
