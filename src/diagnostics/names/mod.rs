//! What other tools call things, and which key it is here.
//!
//! Facts from their documentation, looked up only when a key is not known. Never accepted as keys.

mod bubblewrap;
mod docker;
mod hakoniwa;
mod lxc;
mod nsjail;
mod oci;
mod quadlet;
mod slurm;
mod systemd;
mod tables;
mod words;

use super::suggest::normal;

pub(super) use words::meant;

/// Names of one thing in another tool, and what to write here.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer {
    /// Its names there; case, `-` and `_` do not count.
    pub(super) names: &'static [&'static str],
    /// What to write here.
    pub(super) instead: Instead,
}

/// What to write here for what another tool calls by another name.
#[derive(Debug, Clone, Copy)]
pub(super) enum Instead {
    /// The same thing under this dotted key; the user's value can be taken over.
    Same(&'static str, &'static str),
    /// A like thing under this dotted key, in other units or another form; an example of the value.
    Like(&'static str, &'static str),
    /// Lines of their own, below that table.
    Lines(&'static str, &'static str),
    /// Nothing to write: why, and what else to do.
    Nothing(&'static str),
}

/// The same thing, value and all.
const fn same(names: &'static [&'static str], here: &'static str, example: &'static str) -> Peer {
    Peer { names, instead: Instead::Same(here, example) }
}

/// A like thing, the value in another form.
const fn like(names: &'static [&'static str], here: &'static str, example: &'static str) -> Peer {
    Peer { names, instead: Instead::Like(here, example) }
}

/// A thing that takes lines of its own.
const fn lines(names: &'static [&'static str], here: &'static str, lines: &'static str) -> Peer {
    Peer { names, instead: Instead::Lines(here, lines) }
}

/// A thing that is not here.
const fn nothing(names: &'static [&'static str], why: &'static str) -> Peer {
    Peer { names, instead: Instead::Nothing(why) }
}

/// The origin of names that mean something in one table only.
pub(super) const TABLE: &str = "other tools";

/// All tools, the best known first: where two use one name, the first is named.
const TOOLS: [(&str, &[Peer]); 9] = [
    ("docker", docker::NAMES),
    ("an OCI config.json", oci::NAMES),
    ("systemd", systemd::NAMES),
    ("podman quadlet", quadlet::NAMES),
    ("bubblewrap", bubblewrap::NAMES),
    ("nsjail", nsjail::NAMES),
    ("hakoniwa", hakoniwa::NAMES),
    ("LXC", lxc::NAMES),
    ("slurm", slurm::NAMES),
];

/// Looks up a name that `table` (dotted, empty for the root) does not have: who calls it so, and what it is here.
pub(super) fn find(table: &str, name: &str) -> Option<(&'static str, &'static Peer)> {
    let spelt = name.trim_start_matches('-');
    let plain = normal(name);
    // Who spells it exactly so is named before who spells it nearly so.
    look(table, |known| known == spelt).or_else(|| look(table, |known| normal(known) == plain))
}

fn look(table: &str, is_it: impl Fn(&str) -> bool) -> Option<(&'static str, &'static Peer)> {
    let here = tables::NAMES.iter().filter(|(within, _)| *within == table).map(|(_, peers)| (TABLE, *peers));
    here.chain(TOOLS).find_map(|(who, peers)| {
        let found = peers.iter().find(|peer| peer.names.iter().any(|known| is_it(known)));
        found.map(|peer| (who, peer))
    })
}

/// Every name with the table that it is looked up in.
#[cfg(test)]
pub(super) fn all() -> impl Iterator<Item = (&'static str, &'static Peer)> {
    let tools = TOOLS.iter().flat_map(|(_, peers)| peers.iter().map(|peer| ("", peer)));
    tools.chain(tables::NAMES.iter().flat_map(|(table, peers)| peers.iter().map(|peer| (*table, peer))))
}

impl Instead {
    /// The dotted key or table that it is here.
    pub(super) fn here(self) -> Option<&'static str> {
        match self {
            Self::Same(here, _) | Self::Like(here, _) | Self::Lines(here, _) => Some(here),
            Self::Nothing(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{TOOLS, find, tables};

    #[test]
    fn known_names_lead_home() {
        for (table, name, here) in [
            ("", "mem_limit", "limits.memory"),
            ("", "MemoryMax", "limits.memory"),
            ("limits", "memory_limit", "limits.memory"),
            ("", "cgroup_mem_max", "limits.memory"),
            ("mounts", "destination", "mounts.target"),
            ("mounts", "dst", "mounts.target"),
            ("mounts", "src", "mounts.source"),
            ("", "ulimits", "rlimits"),
            ("", "noNewPrivileges", "security.no_new_privs"),
            ("", "--ro-bind", "mounts"),
        ] {
            let found = find(table, name).and_then(|(_, peer)| peer.instead.here());
            assert_eq!(found, Some(here), "{name} in [{table}]");
        }
    }

    #[test]
    fn there_are_enough_of_them() {
        let names = |peers: &[super::Peer]| peers.iter().map(|peer| peer.names.len()).sum::<usize>();
        let all: usize = TOOLS.iter().map(|(_, peers)| names(peers)).sum::<usize>()
            + tables::NAMES.iter().map(|(_, peers)| names(peers)).sum::<usize>();
        assert!(all >= 300, "{all}");
    }
}
