//! What people mean by what is not TOML.

use super::super::{Diagnostics, syntax};
use crate::config::{Sources, parse};

fn first(text: &str) -> (String, String) {
    let mut sources = Sources::default();
    let id = sources.add("container.toml", text);
    let (_, errors) = parse(&sources, id);
    let mut problems = Diagnostics::default();
    syntax(&errors, &sources, &mut problems);
    let problem = problems.into_iter().next().unwrap_or_else(|| panic!("no mistake in {text:?}"));
    (problem.message, problem.help.unwrap_or_default())
}

#[test]
fn the_usual_slips_are_understood() {
    for (text, message, help) in [
        ("command = /bin/sh", "a string needs quotes", "write `command = \"/bin/sh\"`"),
        ("command: /bin/sh", "a key and its value are joined by `=`", "write `command = \"/bin/sh\"`"),
        ("a = True", "a boolean is `true` or `false`", "write `a = true`"),
        ("a = no", "a boolean is `true` or `false`", "write `a = false`"),
        ("a = null", "TOML has no null", "take the line out"),
        ("a = “x”", "these are not the quotes of TOML", "write `a = \"x\"`"),
        ("a = 10s", "a string needs quotes", "write `a = \"10s\"`"),
        ("umask = 0022", "a number does not begin with 0", "`umask = \"0022\"`"),
        ("a = \"C:\\path\"", "a backslash in double quotes begins an escape", "single quotes"),
        ("a = \"x\nb = 1", "the string is not closed", "three quotes"),
        ("a = [\"x\",\n\"y\"\nb = 1", "the array above is not closed", "`]`"),
        ("a = [\"x\" \"y\"]", "a comma is missing", "separate"),
        ("a = [1,,2]", "one comma too many", "take it out"),
        ("[limits\npids = 1", "the header is not closed", "write `[limits]`"),
        ("[[mounts]\ntarget = \"x\"", "the header is not closed", "write `[[mounts]]`"),
        ("[limits]]", "one `]` too many", "take it out"),
        ("a = 1,", "no `,` at the end of a line", "take it out"),
        ("a = \"x\";", "no `;` at the end of a line", "take it out"),
        ("a == 1", "one `=` too many", "one `=`"),
        ("a =", "`a` has no value", "write a value"),
        ("// hello\na = 1", "a comment begins with `#`", "write `# hello`"),
        ("; hello\na = 1", "a comment begins with `#`", "write `# hello`"),
        ("export A=1", "variables are not exported here", "A = \"1\""),
        ("{ \"command\": 1 }", "the file is JSON, not TOML", "command = "),
        ("---\ncommand: x", "the file is YAML, not TOML", "command = "),
        ("FROM alpine\nRUN x", "the file is a Dockerfile, not TOML", "rootfs"),
        ("#!/bin/sh\necho hello", "the file is a script, not TOML", "script.sh"),
        ("command", "a key needs a value", "key = value"),
        ("é = 1", "a key with such characters needs quotes", "\"é\""),
        ("a = 1\na.b = 2", "`a` is not a table", "[table]"),
        ("a = 0x", "this is not TOML: invalid integer", ""),
        ("a = 99999999999999999999", "99999999999999999999 does not fit into 64 bits", "9223372036854775807"),
    ] {
        let (said, advised) = first(text);
        assert!(said.starts_with(message), "{text:?}: {said}");
        assert!(advised.contains(help), "{text:?}: {advised}");
    }
}

#[test]
fn both_places_of_a_repeated_key_are_named() {
    for (text, first) in [
        ("a = 1\nb = 2\na = 3", 0),
        ("a = 1\nb = { a = 2 }\na = 3", 0),
        ("a = 1\nx.a = 2\na = 3", 0),
        ("a = 1\nx.a = 2\nx.a = 3", 8),
        ("[x]\na = 1\n[y]\na = 2\na = 3", 14),
        ("b = { a = 1, a = 2 }", 6),
        ("[x]\na = 1\n[y]\n[x]\nb = 1", 1),
        ("[[m]]\nt = 1\n[[m]]\nt = 2\nt = 3", 18),
    ] {
        let mut sources = Sources::default();
        let id = sources.add("x.toml", text);
        let (_, errors) = parse(&sources, id);
        let found: Vec<_> = errors
            .iter()
            .filter_map(|error| match error {
                crate::config::SyntaxError::Duplicate { first, .. } => Some(first.map(|span| span.start)),
                _ => None,
            })
            .collect();
        assert_eq!(found, [Some(first)], "{text:?}: {errors:?}");
    }
}

#[test]
fn what_stands_behind_a_slip_is_not_judged() {
    let mut sources = Sources::default();
    let id = sources.add("x.toml", "a = 1\n[x]\nb = \nc = 2\n[y]\nd = 3\n");
    let (tree, _) = parse(&sources, id);
    let names: Vec<&str> = tree.entries.iter().map(|entry| entry.name.as_str()).collect();
    assert_eq!(names, ["a", "x", "y"]);
    let x = tree.get("x").map(|entry| &entry.node.value);
    assert_eq!(x, Some(&crate::config::Value::Table(crate::config::Table::default())));
}
