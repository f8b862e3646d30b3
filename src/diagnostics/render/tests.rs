//! The pictures and the forms for machines.

use serde_json::Value as Json;

use super::super::{Code, Diagnostics, Problem, Style, github, json, render, sarif, sarif_of_all};
use crate::config::{At, Sources, Span, Table, parse};

/// A file with two mistakes, one of them with a label in a base file.
fn example() -> (Diagnostics, Table, Sources) {
    let mut sources = Sources::default();
    let text = "command = \"/bin/sh\"\n\n[limits]\nmemory = \"50MiB\"\n\n[[mounts]]\ntarget = \"/dätä\"\n\n# far\n# away\n# lines\n\n[network]\nmode = \"host\"\n";
    let id = sources.add("container.toml", text);
    let base = sources.add("base, 100%.toml", "# base\n[limits]\nmemory_high = \"1GiB\"\n");
    let (tree, errors) = parse(&sources, id);
    assert!(errors.is_empty());
    let mut problems = Diagnostics::default();
    problems.push(
        Problem::warning(Code::InvalidValue, "the name is not ASCII")
            .within(At::Field("mounts", 0, "target"), 2..4, "here")
            .key(At::Key("network.mode"), "far from here"),
    );
    problems.push(
        Problem::error(Code::OutOfRange, "`limits.memory_high` is not below `limits.memory`")
            .value(At::Key("limits.memory"), "the hard limit is 52428800 bytes")
            .span(Span::new(base, 30..36), "1073741824 bytes")
            .help("write less:\nmemory_high = \"40MiB\""),
    );
    problems.push(
        Problem::error(Code::MissingKey, "no root file system")
            .key(At::Key("rootfs"), "")
            .help("name one: rootfs = \"alpine\""),
    );
    problems.push(Problem::error(Code::MissingKey, "no command").key(At::Key("command"), ""));
    (problems, tree, sources)
}

#[test]
fn the_picture() {
    let (problems, tree, sources) = example();
    let picture = render(&problems, &tree, &sources, Style::default());
    let expected = "\
error[missing_key]: no root file system
   ╭─[container.toml]
   ╰─
  help: name one: rootfs = \"alpine\"

error[out_of_range]: `limits.memory_high` is not below `limits.memory`
   ╭─[container.toml:4:10]
 3 │ [limits]
 4 │ memory = \"50MiB\"
   ·          ───┬───
   ·             ╰── the hard limit is 52428800 bytes
 5 │
   ╰────
   ╭─[base, 100%.toml:3:15]
 2 │ [limits]
 3 │ memory_high = \"1GiB\"
   ·               ───┬──
   ·                  ╰── 1073741824 bytes
   ╰────
  help: write less:
        memory_high = \"40MiB\"

warning[invalid_value]: the name is not ASCII
   ╭─[container.toml:7:13]
 6 │ [[mounts]]
 7 │ target = \"/dätä\"
   ·             ┬
   ·             ╰── here
 8 │
   ╰────
    ╭─[container.toml:14:1]
 13 │ [network]
 14 │ mode = \"host\"
    · ──┬─
    ·   ╰── far from here
    ╰────

container.toml: 2 errors, 1 warning
";
    assert_eq!(picture, expected, "\n{picture}");
}

#[test]
fn ascii_and_colour() {
    let (problems, tree, sources) = example();
    let ascii = render(&problems, &tree, &sources, Style { unicode: false, ..Style::default() });
    assert!(ascii.replace("dätä", "").is_ascii(), "{ascii}");
    let colour = render(&problems, &tree, &sources, Style { color: true, ..Style::default() });
    assert!(colour.contains("\u{1b}[1;31merror[missing_key]\u{1b}[0m"), "{colour}");
    let plain = render(&problems, &tree, &sources, Style::default());
    assert!(!plain.contains('\u{1b}'));
}

#[test]
fn json_is_what_it_says() {
    let (problems, tree, sources) = example();
    let report: Json = serde_json::from_str(&json(&problems, &tree, &sources)).unwrap();
    assert_eq!((&report["version"], &report["errors"], &report["warnings"]), (&1.into(), &2.into(), &1.into()));
    let second = &report["problems"][1];
    assert_eq!(second["code"], "out_of_range");
    assert_eq!(second["labels"][0]["key"], "limits.memory");
    assert_eq!(second["labels"][0]["primary"], true);
    assert_eq!(second["labels"][0]["start"], serde_json::json!({ "line": 4, "column": 10, "offset": 39 }));
    assert_eq!(second["labels"][1]["file"], "base, 100%.toml");
    assert!(report["problems"][0]["labels"][0].get("start").is_none());
}

#[test]
fn github_commands_are_escaped() {
    let (problems, tree, sources) = example();
    let text = github(&problems, &tree, &sources);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 3, "{text}");
    assert_eq!(
        lines[0],
        "::error file=container.toml,title=missing_key::no root file system%0Ahelp: name one: rootfs = \"alpine\""
    );
    assert_eq!(
        lines[1],
        "::error file=container.toml,line=4,endLine=4,col=10,endColumn=16,title=out_of_range::`limits.memory_high` is not below `limits.memory`%0Abase, 100%25.toml:3: 1073741824 bytes%0Ahelp: write less:%0Amemory_high = \"40MiB\""
    );
    let mut only = Diagnostics::default();
    only.push(Problem::error(Code::Syntax, "x").span(Span::new(1, 0..1), ""));
    assert!(
        github(&only, &tree, &sources).starts_with("::error file=base%2C 100%25.toml,line=1"),
        "{}",
        github(&only, &tree, &sources)
    );
}

#[test]
fn sarif_has_what_the_standard_asks_for() {
    let (problems, tree, sources) = example();
    let log: Json = serde_json::from_str(&sarif(&problems, &tree, &sources)).unwrap();
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    for result in run["results"].as_array().unwrap() {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert!(result["message"]["text"].is_string() && result["level"].is_string());
    }
    let second = &run["results"][1];
    assert_eq!(second["locations"][0]["physicalLocation"]["region"]["startLine"], 4);
    assert_eq!(second["relatedLocations"][0]["physicalLocation"]["artifactLocation"]["uri"], "base%2C%20100%25.toml");
}

#[test]
fn several_files_are_one_sarif_log() {
    let (problems, tree, sources) = example();
    let one: Json = serde_json::from_str(&sarif(&problems, &tree, &sources)).unwrap();
    let both = sarif_of_all([(&problems, &tree, &sources), (&problems, &tree, &sources)]);
    let both: Json = serde_json::from_str(&both).unwrap();
    let results = |log: &Json| log["runs"][0]["results"].as_array().unwrap().len();
    assert_eq!(results(&both), 2 * results(&one));
    assert_eq!(both["runs"][0]["tool"], one["runs"][0]["tool"]);
}

#[test]
fn odd_places_are_drawn_without_harm() {
    let text = "a = \"\t\u{9b}x\"\r\nb = [\n  1,\n  2,\n]\nlong = \"".to_owned() + &"ä尺\u{202e}".repeat(3000) + "\"\n";
    let mut sources = Sources::default();
    let id = sources.add("a\u{1b}[31m.toml", text.as_str());
    let (tree, _) = parse(&sources, id);
    for start in (0..text.len() + 3).step_by(97).chain(0..60).chain(text.len() - 20..text.len() + 3) {
        for length in [0, 1, 5, 100, 100_000] {
            let mut problems = Diagnostics::default();
            problems
                .push(Problem::error(Code::Syntax, "odd").span(Span::new(id, start..start + length), "la\nbel\u{7}"));
            let picture = render(&problems, &tree, &sources, Style { width: 1, ..Style::default() });
            let raw = picture.chars().any(|c| c != '\n' && super::safe::acts(c));
            assert!(!raw && picture.lines().count() < 30, "{start} {length}\n{picture}");
        }
    }
}
