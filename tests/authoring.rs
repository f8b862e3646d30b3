//! What helps to write a file: explain, init, manual pages, completions; asked as people and shells do.

use crate::support::needs::{Need, needs};
use crate::support::place::{binary, fresh_dir};
use crate::support::runner::tests;
use std::path::Path;
use std::process::Command;

tests![
    a_key_is_explained_with_its_effect,
    what_is_near_a_key_is_offered,
    templates_pass_their_own_check,
    init_leaves_a_file_alone,
    editors_get_what_they_look_for,
    manual_pages_name_every_subcommand_and_key,
    shells_get_what_can_stand_next,
    every_origin_is_named,
    a_difference_says_what_it_means,
    a_difference_to_git_is_shown,
];

fn said(dir: &Path, words: &[&str]) -> (i32, String) {
    let output = Command::new(binary()).args(words).current_dir(dir).env("NO_COLOR", "1").output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8(text).unwrap())
}

fn a_key_is_explained_with_its_effect() {
    let dir = fresh_dir(None);
    let (code, text) = said(&dir, &["explain", "rlimits.nofile"]);
    assert_eq!(code, 0, "{text}");
    for part in ["Open file descriptors", "nofile = 1024", "here that is:\n    nofile 1024"] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    assert!(said(&dir, &["explain", "mounts[0].target"]).1.starts_with("mounts.target"));
    assert!(said(&dir, &["explain", "unknown_key"]).1.contains("Wrong:"));
}

fn what_is_near_a_key_is_offered() {
    let (code, text) = said(&fresh_dir(None), &["explain", "limits.memroy"]);
    assert_eq!(code, 125);
    assert!(text.contains("did you mean `limits.memory`"), "{text}");
}

fn templates_pass_their_own_check() {
    for template in ["shell", "build", "judge", "service", "agent", "slurm"] {
        let dir = fresh_dir(None);
        let (code, text) = said(&dir, &["-q", "init", "--template", template]);
        assert_eq!((code, text.as_str()), (0, ""), "{template}");
        let (code, text) = said(&dir, &["check", "--host", "none"]);
        assert_eq!((code, text.as_str()), (0, ""), "{template}");
    }
}

fn init_leaves_a_file_alone() {
    let dir = fresh_dir(None);
    std::fs::write(dir.join("container.toml"), "mine").unwrap();
    let (code, text) = said(&dir, &["init"]);
    assert_eq!(code, 125, "{text}");
    assert_eq!(std::fs::read_to_string(dir.join("container.toml")).unwrap(), "mine");
}

fn editors_get_what_they_look_for() {
    let dir = fresh_dir(None);
    assert_eq!(said(&dir, &["init", "--editor"]).0, 0);
    for file in [".taplo.toml", "tombi.toml"] {
        let text = std::fs::read_to_string(dir.join(file)).unwrap();
        let rules: toml::Table = toml::from_str(&text).unwrap();
        assert!(!rules.is_empty() && text.contains(".container.schema.json"), "{text}");
    }
    let schema = std::fs::read_to_string(dir.join(".container.schema.json")).unwrap();
    assert_eq!(schema, launch::config::schema_text());
}

fn manual_pages_name_every_subcommand_and_key() {
    let dir = fresh_dir(None);
    let (_, page) = said(&dir, &["man"]);
    for word in ["check", "explain", "NO_COLOR", "EXIT STATUS"] {
        assert!(page.contains(word), "{word}\n{page}");
    }
    let (_, page) = said(&dir, &["man", "container.toml"]);
    for key in launch::config::keys() {
        assert!(page.contains(&format!(".BR {}", key.name().replace('-', "\\-"))), "{}", key.path);
    }
    let odd = page.lines().find(|line| {
        line.starts_with(['.', '\''])
            && !line.starts_with(".SH ")
            && ![".TH", ".TP", ".BR", ".br", ".PP"].iter().any(|request| line.starts_with(request))
    });
    assert_eq!(odd, None, "a line that man(7) takes for a request");
}

fn shells_get_what_can_stand_next() {
    let dir = fresh_dir(None);
    std::fs::write(dir.join("job.toml"), "[profiles.fast]\nname = \"x\"\n").unwrap();
    for (words, expected) in [
        (vec!["che"], "check"),
        (vec!["jo"], "job.toml"),
        (vec!["--set", "limits.mem"], "limits.memory="),
        (vec!["job.toml", "--profile", ""], "fast"),
        (vec!["explain", "unknown_k"], "unknown_key"),
        (vec!["check", "--format", "g"], "github"),
        (vec!["plan", "--ori"], "--origin"),
        (vec!["man", ""], "container.toml"),
    ] {
        let all: Vec<&str> = ["completions", "bash", "--next", "--"].into_iter().chain(words.clone()).collect();
        let (code, text) = said(&dir, &all);
        assert!(code == 0 && text.lines().any(|line| line == expected), "{words:?}: {text}");
    }
    for shell in ["bash", "zsh", "fish"] {
        assert!(said(&dir, &["completions", shell]).1.contains("--next"));
    }
}

fn every_origin_is_named() {
    let dir = fresh_dir(None);
    std::fs::write(dir.join("base.toml"), "hostname = \"base\"\n").unwrap();
    std::fs::write(
        dir.join("container.toml"),
        "extends = [\"base.toml\"]\ncommand = \"/bin/sh\"\nhostname = \"top\"\n[rootfs]\nhost = true\n",
    )
    .unwrap();
    let (code, text) = said(&dir, &["--set", "limits.pids=9", "plan", "--origin", "--host", "none"]);
    assert_eq!(code, 0, "{text}");
    for (value, place) in [("hostname = \"top\"", "container.toml:3 over base.toml:1"), ("limits.pids = 9", "--set")] {
        assert!(text.lines().any(|line| line.starts_with(value) && line.ends_with(place)), "{value}\n{text}");
    }
}

fn a_difference_says_what_it_means() {
    let dir = fresh_dir(None);
    let file = |name: &str, text: &str| {
        let text = format!("command = \"/bin/sh\"\nrootfs = \"alpine\"\n{text}");
        std::fs::write(dir.join(name), text).unwrap();
    };
    file(
        "a.toml",
        "hostname = \"a\"\n[limits]\nmemory = \"64MiB\"\npids = 64\n[[mounts]]\ntarget = \"/d\"\nsource = \"d\"\n",
    );
    file(
        "b.toml",
        "hostname = \"b\"\n[limits]\nmemory = \"128MiB\"\npids = 32\n[[mounts]]\ntarget = \"/d\"\nsource = \"d\"\nreadonly = false\n[security]\ncapabilities = [\"CAP_NET_RAW\"]\n",
    );
    let (code, text) = said(&dir, &["diff", "--host", "none", "--fail-on", "widen", "a.toml", "b.toml"]);
    assert_eq!(code, 1, "{text}");
    for (begin, end) in [
        ("widens   limits.memory: 64 MiB", "[a.toml:5 -> b.toml:5]"),
        ("widens   capability CAP_NET_RAW", "[b.toml:12]"),
        ("widens   mount /d: read-only", ""),
        ("narrows  limits.pids", "[a.toml:6 -> b.toml:6]"),
        ("neutral  host name", "[a.toml:3 -> b.toml:3]"),
    ] {
        assert!(text.lines().any(|line| line.starts_with(begin) && line.ends_with(end)), "{begin}\n{text}");
    }
    assert_eq!(said(&dir, &["diff", "--host", "none", "--fail-on", "widen", "b.toml", "b.toml"]).0, 0);
    assert_eq!(said(&dir, &["diff", "a.toml"]).0, 125);
}

fn a_difference_to_git_is_shown() {
    needs(&[Need::Tool("git")]);
    let dir = fresh_dir(None);
    let file = |pids: u32| {
        let text = format!("command = \"/bin/sh\"\nrootfs = \"alpine\"\n[limits]\npids = {pids}\n");
        std::fs::write(dir.join("container.toml"), text).unwrap();
    };
    file(10);
    for words in [
        &["init", "-q"][..],
        &["add", "container.toml"],
        &["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "one"],
    ] {
        assert!(Command::new("git").args(words).current_dir(&dir).status().unwrap().success());
    }
    file(20);
    let (code, text) = said(&dir, &["diff", "--host", "none", "--against", "HEAD"]);
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("[HEAD:container.toml:4 -> container.toml:4]"), "{text}");
}
