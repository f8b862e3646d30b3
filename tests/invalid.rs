//! Wrong files and their answers: each `tests/invalid/CODE.toml` or `CODE.WHAT.toml` beside the whole picture, `.stderr`.
//!
//! The host is made up, so that the answers are the same on every machine.

use crate::support::golden::golden;
use crate::support::made_up::made_up;
use crate::support::place::project;
use crate::support::runner::{tests, trial};
use launch::diagnostics::{Code, Style, github, json, render, sarif};
use launch::pipeline::{Loaded, load};
use libtest_mimic::Trial;
use std::fs;
use std::path::{Path, PathBuf};

tests![every_form_tells_the_same, a_file_of_ten_megabytes_is_refused_at_once, what_is_no_file_is_named];

/// One trial for each wrong file.
pub(crate) fn trials() -> impl Iterator<Item = Trial> {
    files().into_iter().map(|file| {
        let name = format!("invalid::{}", file.file_stem().unwrap().display());
        trial(name, move || answer_is_golden(&file))
    })
}

/// None where the test binary runs alone, in the machines of tests/vm.
fn files() -> Vec<PathBuf> {
    let entries = fs::read_dir(project("tests/invalid")).into_iter().flatten().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> = entries.filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect();
    files.sort();
    files
}

fn answer_is_golden(file: &Path) {
    let code = code_of(file).unwrap_or_else(|| panic!("{}: not named after a code", file.display()));
    // Cargo runs tests in the project's folder. A path that is as long as its folder's would be wrapped elsewhere.
    let loaded = answered(file.strip_prefix(project("")).unwrap());
    assert!(loaded.problems.contains(code), "no {code} in\n{}", picture(&loaded));
    golden(&file.with_extension("stderr"), &picture(&loaded));
}

/// The code that a file is named after.
fn code_of(file: &Path) -> Option<Code> {
    Code::named(file.file_stem()?.to_str()?.split('.').next()?)
}

/// Reads and plans, as `launch check` does, for the made-up host.
pub(crate) fn answered(file: &Path) -> Loaded {
    let mut loaded = load(file, Vec::new(), None);
    // Any other code asks nothing special of the host.
    let folder = std::path::absolute(file.parent().unwrap()).unwrap();
    let host = made_up(code_of(file).unwrap_or(Code::Syntax), &folder);
    loaded.plan(&host);
    loaded
}

fn picture(loaded: &Loaded) -> String {
    let picture = render(&loaded.problems, &loaded.tree, &loaded.sources, Style::default());
    picture.replace(&format!("{}/", project("tests/invalid").display()), "").replace("tests/invalid/", "")
}

fn every_form_tells_the_same() {
    assert!(!files().is_empty());
    for file in files() {
        let Loaded { problems, tree, sources, .. } = answered(&file);
        let report: serde_json::Value = serde_json::from_str(&json(&problems, &tree, &sources)).unwrap();
        let told = report["problems"].as_array().unwrap().len();
        let lines = github(&problems, &tree, &sources).lines().count();
        let log: serde_json::Value = serde_json::from_str(&sarif(&problems, &tree, &sources)).unwrap();
        let results = log["runs"][0]["results"].as_array().unwrap().len();
        assert_eq!((told, told), (lines, results), "{}", file.display());
    }
}

fn a_file_of_ten_megabytes_is_refused_at_once() {
    let file = crate::support::place::fresh_dir(None).join("container.toml");
    fs::write(&file, vec![b'#'; 10 << 20]).unwrap();
    let start = std::time::Instant::now();
    assert!(answered(&file).problems.contains(Code::FileTooLarge));
    assert!(start.elapsed().as_secs() < 2, "{:?}", start.elapsed());
}

fn what_is_no_file_is_named() {
    let dir = crate::support::place::fresh_dir(None);
    for file in [dir.clone(), dir.join("missing.toml"), PathBuf::from("/dev/zero"), PathBuf::from("/dev/full")] {
        assert!(answered(&file).problems.contains(Code::FileUnreadable), "{}", file.display());
    }
}
