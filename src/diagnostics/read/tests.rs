//! The reader against types of its own, drawn as people see it.

use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, any, proptest};
use schemars::JsonSchema;
use serde::Deserialize;

use super::super::names::{self, Instead};
use super::super::{Code, Diagnostics, Problem, Style, decode, github, json, read, render, sarif, syntax};
use super::known::Known;
use crate::config::{At, Config, Sources, Table, parse};

/// A small file format with the shapes that the real one has.
#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct File {
    /// Program to run. More about it.
    command: Option<String>,
    /// Arguments, as in `args = ["-c"]`.
    args: Vec<String>,
    /// Working directory.
    cwd: Option<String>,
    /// Host name inside.
    hostname: Option<String>,
    env: BTreeMap<String, String>,
    /// What it may use.
    limits: Limits,
    mounts: Vec<Mount>,
    rootfs: Rootfs,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Limits {
    /// Most processes at once, as in `pids = 64`.
    pids: Option<u32>,
    /// Most memory.
    memory: Option<String>,
    oom_group: Option<bool>,
}

#[derive(Debug, PartialEq, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct Mount {
    /// Where inside, as in `target = "/data"`.
    target: String,
    #[serde(default)]
    source: Option<String>,
    #[serde(default)]
    readonly: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
struct Rootfs {
    path: Option<String>,
    mode: Mode,
}

#[derive(Debug, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Mode {
    /// Writes are refused.
    #[default]
    Readonly,
    /// Writes go to memory.
    Overlay,
}

/// Reads a text: the typed file, the picture, and the codes in order of place.
fn look(text: &str) -> (File, String, Vec<String>) {
    let mut sources = Sources::default();
    let id = sources.add("container.toml", text);
    let (tree, errors) = parse(&sources, id);
    let mut problems = Diagnostics::default();
    syntax(&errors, &sources, &mut problems);
    let file: File = read(&tree, &mut problems);
    let picture = render(&problems, &tree, &sources, Style::default());
    let codes = picture.lines().filter_map(|line| Some(line.strip_prefix("error[")?.split_once(']')?.0.to_owned()));
    let codes = codes.collect();
    (file, picture, codes)
}

/// One mistake: its code, what its message and its help say.
#[track_caller]
fn one(text: &str, code: &str, message: &str, help: &str) {
    let (_, picture, codes) = look(text);
    assert_eq!(codes, [code], "{picture}");
    assert!(picture.contains(message), "{message:?} is not in\n{picture}");
    assert!(picture.contains(help), "{help:?} is not in\n{picture}");
}

#[test]
fn a_right_file_is_read_in_silence() {
    let (file, picture, _) = look(
        "command = \"/bin/sh\"\nargs = [\"-c\"]\n[env]\nA = \"1\"\n[limits]\npids = 5\n[[mounts]]\ntarget = \"/a\"\n[rootfs]\nmode = \"overlay\"\n",
    );
    assert_eq!(picture, "");
    assert_eq!(file.limits.pids, Some(5));
    assert_eq!(file.mounts[0].target, "/a");
    assert_eq!(file.rootfs.mode, Mode::Overlay);
    assert_eq!(file.env["A"], "1");
}

#[test]
fn every_mistake_is_named_and_the_rest_is_read() {
    let text = "hostnam = \"box\"\nargs = \"-l\"\ncwd = \"/srv\"\n[limits]\npids = \"64\"\nmemory = \"1K\"\n[[mounts]]\nsource = \"x\"\n[[mounts]]\ntarget = \"/b\"\nreadonly = 1\n";
    let (file, picture, codes) = look(text);
    assert_eq!(codes, ["unknown_key", "wrong_type", "wrong_type", "missing_key", "wrong_type"], "{picture}");
    assert_eq!(file.cwd.as_deref(), Some("/srv"));
    assert_eq!(file.limits.memory.as_deref(), Some("1K"));
    assert_eq!(file.mounts.len(), 1);
    assert!(picture.ends_with("container.toml: 5 errors\n"), "{picture}");
}

#[test]
fn keys_of_other_tools_lead_home() {
    one("mem_limit = \"512m\"", "unknown_key", "the name in docker", "[limits]\n        memory = \"512m\"");
    one("MemoryMax = \"1G\"", "unknown_key", "the name in systemd", "[limits]\n        memory = \"1G\"");
    one("working_dir = \"/x\"", "unknown_key", "`working_dir`", "cwd = \"/x\"");
    one("ExecStart = \"/bin/x\"", "unknown_key", "systemd", "command = \"/bin/x\"");
    one("[limits]\npids_limit = 5", "unknown_key", "in [limits]", "here it is `pids`:\n        pids = 5");
    one("[[mounts]]\ntarget = \"/a\"\nsrc = \"b\"", "unknown_key", "in [[mounts]]", "source = \"b\"");
    one("privileged = true", "unknown_key", "`privileged`", "there is no such switch");
    one(
        "[process]\ncwd = \"/\"\nnoNewPrivileges = true",
        "unknown_key",
        "here it is `security.no_new_privs`",
        "top of the file",
    );
}

#[test]
fn misplaced_misspelt_and_reserved_keys_are_told_apart() {
    one("memory = \"5M\"", "misplaced_key", "`memory` belongs in [limits]", "[limits]\n        memory = \"5M\"");
    one("[limits]\ncwd = \"/\"", "misplaced_key", "at the top of the file", "move it up");
    one("Hostname = \"x\"", "unknown_key", "did you mean `hostname`?", "write `hostname`: Host name inside.");
    one("zzz = 1", "unknown_key", "not a key of this file", "takes command, args");
    one("restart = \"always\"", "reserved_key", "`restart` is known, not in this version", "Restart=on-failure");
}

#[test]
fn corrected_lines_are_made_from_what_is_written() {
    one("args = \"x\"", "wrong_type", "takes an array of strings, not a string", "`args = [\"x\"]`");
    one("[limits]\npids = \"8\"", "wrong_type", "takes an integer, not a string", "`pids = 8`");
    one("[limits]\noom_group = \"yes\"", "wrong_type", "true or false", "`oom_group = true`");
    one("cwd = 5", "wrong_type", "not an integer", "`cwd = \"5\"`");
    one("cwd = [\"/x\"]", "wrong_type", "not an array", "`cwd = \"/x\"`");
    one("args = [\"a\", 5]", "wrong_type", "`args[1]` takes a string", "`\"5\"`");
    one("command = [\"/bin/sh\", \"-c\"]", "wrong_type", "`command`", "args = [\"-c\"]");
    one("env = [\"A=1\"]", "wrong_type", "takes a table, not an array", "[env]\n        A = \"1\"");
    one("mounts = [\"a:/b:ro\"]", "wrong_type", "`mounts[0]`", "target = \"/b\"");
    one("[mounts]\ntarget = \"/b\"", "wrong_type", "takes an array of tables, not a table", "[[mounts]]");
    one("[[limits]]\npids = 1", "wrong_type", "`limits` takes a table", "one bracket, once: [limits]");
    one("limits = 5", "wrong_type", "takes a table, not an integer", "[limits]");
}

#[test]
fn values_are_checked_against_their_words_and_bounds() {
    one(
        "[rootfs]\nmode = \"ro\"",
        "unknown_value",
        "takes \"readonly\" or \"overlay\"",
        "write \"readonly\": Writes are refused.",
    );
    one("[rootfs]\nmode = \"overlya\"", "unknown_value", "cannot be \"overlya\"", "write \"overlay\"");
    one("[limits]\npids = -1", "out_of_range", "from 0 to 4294967295", "write an integer");
    one("[limits]\npids = 5000000000", "out_of_range", "`limits.pids` is 5000000000", "write an integer");
    one("[[mounts]]\nsource = \"x\"", "missing_key", "[[mounts]] lacks `target`", "Where inside");
}

#[test]
fn what_only_follows_from_a_mistake_is_not_told() {
    let text = "command = 5\nargs = [1, \"a\", \"b\"]\n";
    let mut sources = Sources::default();
    let id = sources.add("container.toml", text);
    let (tree, _) = parse(&sources, id);
    let mut problems = Diagnostics::default();
    let file: File = read(&tree, &mut problems);
    assert_eq!((file.command, file.args), (None, vec!["a".to_owned(), "b".to_owned()]));
    problems.push(Problem::error(Code::EmptyFile, "there is no command").key(At::Key("command"), ""));
    problems.push(Problem::error(Code::InvalidValue, "not b").value(At::Item("args", 1), "it is this"));
    let picture = render(&problems, &tree, &sources, Style::default());
    assert!(!picture.contains("there is no command"), "{picture}");
    let columns = |line: &str, mark: &str| line.find(mark).map(|at| line[..at].chars().count());
    let written = picture.lines().rev().find_map(|line| columns(line, "\"b\""));
    let marked = picture.lines().find(|line| line.contains("it is this")).and_then(|line| columns(line, "╰"));
    assert_eq!(written.map(|at| at + 1), marked, "{picture}");
}

#[test]
fn names_of_the_user_are_shown_escaped() {
    let (_, picture, _) =
        look("\"\\u001b[31mred\" = 1\n[rootfs]\nmode = \"\\u0007\\u009b\"\n[limits]\n\"a\\nb\" = 1\n");
    let raw: Vec<char> = picture.chars().filter(|c| c.is_control() && *c != '\n').collect();
    assert_eq!(raw, [] as [char; 0], "{picture}");
}

#[test]
fn a_flood_of_mistakes_is_answered_quickly() {
    let start = std::time::Instant::now();
    for line in ["k% = 1\n", "a = 1\n", "[x%]\n", "args = [1]\n", "[[mounts]]\nzz = 1\n", "a = \n", "mounts.x% = 1\n"] {
        let text: String = (0..40_000).map(|number: u32| line.replace('%', &number.to_string())).collect();
        let (_, picture, codes) = look(&text);
        assert!(!codes.is_empty() && picture.len() < 200_000, "{line}: {}", picture.len());
    }
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

/// Everything from bytes to the four renderings, as `launch check` does it.
fn check(bytes: Vec<u8>) -> usize {
    let mut sources = Sources::default();
    let mut problems = Diagnostics::default();
    let tree = match decode(bytes) {
        Ok(text) => {
            let id = sources.add("container.toml", text);
            let (tree, errors) = parse(&sources, id);
            syntax(&errors, &sources, &mut problems);
            let _: File = read(&tree, &mut problems);
            tree
        }
        Err(problem) => {
            sources.add("container.toml", "");
            problems.push(problem);
            Table::default()
        }
    };
    let picture = render(&problems, &tree, &sources, Style { width: 60, ..Style::default() });
    assert!(picture.chars().all(|c| c == '\n' || !c.is_control()), "{picture}");
    let report: serde_json::Value = serde_json::from_str(&json(&problems, &tree, &sources)).unwrap();
    assert!(github(&problems, &tree, &sources).lines().count() <= problems.len());
    assert!(!sarif(&problems, &tree, &sources).is_empty());
    report["problems"].as_array().unwrap().len()
}

const VALID: &str = "command = \"/bin/sh\"\nargs = [\"-c\", \"x\"]\n[env]\nA = \"1\"\n\"b c\" = '''\nd'''\n[limits]\npids = 5\nmemory = \"1K\"\n[[mounts]]\ntarget = \"/a\"\n[[mounts]]\ntarget = \"/b\"\nsource = \"\\u00e4\"\n[rootfs]\nmode = \"overlay\"\n";

#[test]
fn the_seed_of_the_damage_is_right() {
    assert_eq!(check(VALID.as_bytes().to_vec()), 0);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        check(bytes);
    }

    #[test]
    fn any_text_is_answered(text in "[-a-z0-9\"'\\[\\]{}=.,#\\\\ \n\té“_]{0,200}") {
        check(text.into_bytes());
    }

    #[test]
    fn a_damaged_file_is_answered(edits in proptest::collection::vec((0..VALID.len(), any::<u8>(), 0..3usize), 1..8)) {
        let mut bytes = VALID.as_bytes().to_vec();
        for (at, byte, how) in edits {
            let at = at.min(bytes.len().saturating_sub(1));
            match how {
                0 => bytes[at] = byte,
                1 => {
                    bytes.remove(at);
                }
                _ => bytes.insert(at, byte),
            }
        }
        check(bytes);
    }

    #[test]
    fn odd_types_are_answered(
        key in "(command|args|env|limits|mounts|rootfs|limits.pids|mounts.target|x)",
        value in "(1|-1|1.5|nan|true|\"s\"|\\[\\]|\\[1\\]|\\[\\[\"x\"\\]\\]|\\{\\}|\\{a=1\\}|\\[\\{target=\"x\"\\},5\\]|1979-05-27)",
    ) {
        check(format!("{key} = {value}\n").into_bytes());
    }
}

/// What another tool's name leads to is a key of the real format, and the line that is offered is right.
#[test]
fn every_line_that_is_offered_can_be_written() {
    let known = Known::of::<Config>();
    for (table, peer) in names::all() {
        let (here, lines) = match peer.instead {
            Instead::Same(here, example) | Instead::Like(here, example) => (here, format!("{here} = {example}\n")),
            Instead::Lines(here, lines) => (here, lines.to_owned()),
            Instead::Nothing(why) => {
                assert!(why.len() > 20, "{:?}", peer.names);
                continue;
            }
        };
        let schema = known.dotted(here);
        assert!(schema.is_some() || here.starts_with("sysctl"), "{:?} leads to {here}, which is no key", peer.names);
        // An element of an array of tables is written as a table of its own.
        let (home, _) = here.split_once('.').unwrap_or((here, ""));
        let text = match (known.is_list_of_tables(home), matches!(peer.instead, Instead::Lines(..))) {
            (true, true) => format!("[[{home}]]\n{lines}"),
            (true, false) if here != home => format!("[[{home}]]\n{}", &lines[home.len() + 1..]),
            (false, true) => format!("[{here}]\n{lines}"),
            _ if here.contains("_map.") => {
                format!("userns.uid_map = [{{ {} }}]", &lines["userns.uid_map.".len()..].trim())
            }
            _ => lines,
        };
        let mut sources = Sources::default();
        let id = sources.add("container.toml", text.as_str());
        let (tree, errors) = parse(&sources, id);
        let mut problems = Diagnostics::default();
        syntax(&errors, &sources, &mut problems);
        let _: Config = read(&tree, &mut problems);
        let picture = render(&problems, &tree, &sources, Style::default());
        assert!(picture.is_empty(), "{:?} in [{table}] offers\n{text}\n{picture}", peer.names);
    }
}

/// A name that is a key here would never be looked up.
#[test]
fn no_name_is_a_key_of_its_table() {
    let known = Known::of::<Config>();
    let keys = |table: &str, name: &str| known.tables_with(|key| key == name).iter().any(|home| home == table);
    let own: Vec<_> =
        names::all().flat_map(|(table, peer)| peer.names.iter().map(move |name| (table, *name))).collect();
    let useless: Vec<_> = own.into_iter().filter(|(table, name)| keys(table, name)).collect();
    assert!(useless.is_empty(), "{useless:?}");
}
