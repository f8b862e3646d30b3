//! Keys and values that the format keeps for later versions: "known, not in this version", never "unknown".
//!
//! A feature that lands takes its line out here.

/// Names that no type has yet, and what to do until then.
const RESERVED: &[(&str, &str)] = &[
    ("expect", "check the result in a script, or in CI by the exit code"),
    ("secrets", "bind the file for now: [[mounts]] source = \"secret\", target = \"/run/secret\""),
    ("containers", "one file is one container: write a file for each and launch them side by side"),
    ("depends_on", "one file is one container: start them in order by a script or a service manager"),
    ("healthcheck", "run the check with `launch exec`"),
    ("restart", "run launch from a service manager, as systemd with Restart=on-failure"),
    ("detach", "launch stays in the foreground: use `systemd-run`, a service, or the shell's `&`"),
    ("hooks", "do it in the script that calls launch, before and after"),
];

/// Keys that the types have but that are not built, by their dotted path.
const UNBUILT: &[&str] = &[];

/// Words that are kept for later, by the dotted path of their key.
const RESERVED_WORDS: &[(&str, &str, &str)] = &[
    ("network.mode", "pasta", "start pasta yourself and name its namespace: mode = \"path:/run/netns/NAME\""),
    ("network.mode", "bridge", "make a network namespace with `ip netns` and name it: mode = \"path:/run/netns/NAME\""),
];

/// What to do instead of a key that is kept for later; `key` is dotted, without indexes.
pub(super) fn key(key: &str) -> Option<&'static str> {
    let waits = || UNBUILT.contains(&key).then_some("leave it out for now");
    RESERVED.iter().find(|(name, _)| *name == key).map(|(_, instead)| *instead).or_else(waits)
}

/// Says whether a key that the types have is not built; `matches` compares a dotted path.
pub(super) fn unbuilt(name: &str, matches: impl Fn(&str) -> bool) -> bool {
    UNBUILT.iter().any(|path| path.ends_with(name) && matches(path))
}

/// What to do instead of a word that is kept for later.
pub(super) fn word(key: &str, word: &str) -> Option<&'static str> {
    RESERVED_WORDS.iter().find(|(at, name, _)| *at == key && *name == word).map(|(_, _, instead)| *instead)
}
