//! What stands after `--` on the command line of the bench.

use crate::Result;

/// What to do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The tables of all launchers.
    Launchers,
    /// System calls and instructions of ours, against the committed baseline.
    Counts,
    /// The cost of ours with many live containers, mounts, variables and nested cgroups.
    Scale,
}

/// How much to measure, and of whom.
pub(crate) struct Arguments {
    pub(crate) mode: Mode,
    /// Launches of each variant, back to back.
    pub(crate) rounds: usize,
    /// Launches of each variant with a pause of 100 ms before each.
    pub(crate) cold_rounds: usize,
    /// Batches of eight at once.
    pub(crate) batches: usize,
    /// Containers alive while the memory is read.
    pub(crate) alive: usize,
    /// Part of a name: variants without it are left out, floors stay.
    pub(crate) only: Option<String>,
    /// Letters of the groups.
    pub(crate) groups: String,
    /// Prints the figures as JSON too.
    pub(crate) json: bool,
    /// The most containers alive at a time in the mode `scale`.
    pub(crate) live: usize,
    /// Further builds of launch, each a name and a path.
    pub(crate) builds: Vec<(String, String)>,
}

impl Arguments {
    /// Reads `key=value` words; `--bench`, which cargo adds, is passed over.
    pub(crate) fn parse(words: impl Iterator<Item = String>) -> Result<Self> {
        let mut a = Self {
            mode: Mode::Launchers,
            rounds: 120,
            cold_rounds: 20,
            batches: 3,
            alive: 20,
            only: None,
            groups: "abc".into(),
            json: false,
            live: 2000,
            builds: Vec::new(),
        };
        for word in words.filter(|w| w != "--bench") {
            match word.split_once('=') {
                Some(("rounds", n)) => a.rounds = count(&word, n)?,
                Some(("cold", n)) => a.cold_rounds = count(&word, n)?,
                Some(("live", n)) => a.live = count(&word, n)?,
                Some(("only", text)) => a.only = Some(text.into()),
                Some(("groups", letters)) => a.groups = letters.into(),
                Some(("launch", build)) => a.builds.push(named(&word, build)?),
                None if word == "counts" => a.mode = Mode::Counts,
                None if word == "scale" => a.mode = Mode::Scale,
                None if word == "json" => a.json = true,
                None if word == "quick" => (a.rounds, a.cold_rounds, a.batches, a.alive) = (20, 4, 1, 4),
                _ => {
                    return Err(format!(
                        "unknown argument {word:?}: write counts, scale, rounds=, cold=, only=, groups=, live=, launch=NAME:PATH, quick or json"
                    ));
                }
            }
        }
        Ok(a)
    }
}

fn count(word: &str, n: &str) -> Result<usize> {
    n.parse().ok().filter(|n| *n > 0).ok_or_else(|| format!("{word:?}: the value must be a number above 0"))
}

fn named(word: &str, build: &str) -> Result<(String, String)> {
    let (name, path) = build.split_once(':').ok_or_else(|| format!("{word:?}: write launch=NAME:PATH"))?;
    Ok((name.into(), path.into()))
}
