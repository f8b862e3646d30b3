//! `launch explain KEY|CODE`: what a key means and what it does on this host, or why something is a mistake.

use std::path::Path;

use super::exit::ExitCode;

use super::args::ExplainWords;
use crate::config::{Key, is_list, keys};
use crate::diagnostics::{CODES, suggest};
use crate::pipeline::{EXIT_OWN, Overrides, load_text};
use crate::plan::Origin;

/// Prints the explanation.
pub(super) fn explain(words: &ExplainWords) -> ExitCode {
    if let Some(code) = CODES.iter().find(|code| code.as_str() == words.what) {
        print!("{}", code.explanation());
        return ExitCode::SUCCESS;
    }
    let keys = keys();
    let found = named(&keys, &words.what);
    for (number, key) in found.iter().enumerate() {
        if number > 0 {
            println!();
        }
        print!("{}", entry(key));
    }
    if !found.is_empty() {
        return ExitCode::SUCCESS;
    }
    let known = CODES.iter().map(|code| code.as_str()).chain(keys.iter().map(|key| key.path.as_str()));
    match suggest(&words.what, known) {
        Some(near) => eprintln!("launch: `{}` is no key and no code; did you mean `{near}`?", words.what),
        None => eprintln!("launch: `{}` is no key and no code; schema/REFERENCE.md has them all", words.what),
    }
    ExitCode::from(EXIT_OWN)
}

/// The key of that path, or else all of that name; `mounts[0].target` is `mounts.target`.
fn named<'k>(keys: &'k [Key], what: &str) -> Vec<&'k Key> {
    let mut path = what.trim_matches(['[', ']']).to_owned();
    while let Some((before, (_, after))) =
        path.split_once('[').and_then(|(before, rest)| Some((before, rest.split_once(']')?)))
    {
        path = format!("{before}{after}");
    }
    match keys.iter().find(|key| key.path == path) {
        Some(key) => vec![key],
        None => keys.iter().filter(|key| key.name() == path).collect(),
    }
}

fn entry(key: &Key) -> String {
    let mut text = format!("{} ({})\n\n  {}\n", key.path, key.kind, key.text);
    for (word, meaning) in key.words.iter().filter(|(_, meaning)| !meaning.is_empty()) {
        text += &format!("  {word:14} {meaning}\n");
    }
    if let Some(default) = &key.default {
        text += &format!("\n  default: {default}\n");
    }
    if let Some(line) = key.line() {
        let table = key.table();
        let header = match table {
            "" => String::new(),
            table if is_list(table) => format!("[[{table}]]\n"),
            table => format!("[{table}]\n"),
        };
        let example = format!("{header}{line}");
        text += &format!("\n  example:\n    {}\n", example.replace('\n', "\n    "));
        let here = effect(key, &example);
        if !here.is_empty() {
            text += &format!("\n  here that is:\n    {}\n", here.join("\n    "));
        }
    }
    text
}

/// The steps that the example asks for on this host.
fn effect(key: &Key, example: &str) -> Vec<String> {
    let command = if key.path == "command" { "" } else { "command = \"/bin/sh\"\n" };
    let root = if key.path.starts_with("rootfs") { "" } else { "\n[rootfs]\nhost = true\n" };
    let text = format!("{command}{example}{root}");
    let mut loaded = load_text(Path::new("example.toml"), text, &Overrides::default());
    let host = crate::runtime::probe(&loaded.questions());
    let Some(plan) = loaded.plan(&host) else { return Vec::new() };
    let asked = |origin: &Origin| matches!(origin, Origin::Written(at) if *at.to_string() == *key.path);
    plan.steps.iter().filter(|step| asked(&step.origin)).map(|step| step.action.to_string()).collect()
}
