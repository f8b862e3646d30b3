//! Groups of system calls, as in `deny = ["@reboot"]`: the names and members that systemd.exec(5) documents for
//! `SystemCallFilter=`, so that who knows those need not learn others. Never what is done with them.
//!
//! Calls that neither x86_64 nor aarch64 has are left out; calls newer than that manual stand where their kin stand.

mod members;

use super::Arch;
use super::table::Numbers;

/// A group.
#[derive(Debug)]
pub struct Group {
    /// With the at sign.
    pub name: &'static str,
    /// One sentence on what the members do.
    pub about: &'static str,
    /// Names of calls, and of groups (with the at sign) that are part of this one.
    pub members: &'static [&'static str],
}

/// Finds a group by its name with the at sign.
pub fn group(name: &str) -> Option<&'static Group> {
    members::GROUPS.iter().find(|group| group.name == name)
}

/// Lists every group, sorted by name.
pub fn groups() -> impl Iterator<Item = &'static Group> {
    members::GROUPS.iter()
}

impl Group {
    /// Names every call in the group and in the groups that are part of it; a call may come twice.
    pub fn calls(&self) -> Vec<&'static str> {
        if self.name == "@known" {
            return super::table::names().collect();
        }
        let nested = |member: &&'static str| group(member).map_or_else(|| vec![*member], Self::calls);
        self.members.iter().flat_map(nested).collect()
    }

    pub(super) fn numbers(&self, arch: Arch) -> Numbers {
        let numbers = self.calls().into_iter().filter_map(|name| super::number_of(arch, name));
        numbers.fold(Numbers::EMPTY, Numbers::with)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::table;
    use super::*;

    #[test]
    fn every_member_exists() {
        for group in groups() {
            for member in group.members {
                assert!(
                    super::group(member).is_some() || table::names().any(|name| name == *member),
                    "{}: {member} is neither a call nor a group",
                    group.name
                );
            }
            assert!(group.name == "@known" || !group.calls().is_empty(), "{} is empty", group.name);
        }
    }

    #[test]
    fn names_are_sorted_and_stand_once() {
        let names: Vec<_> = groups().map(|group| group.name).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        for group in groups() {
            assert_eq!(group.members.len(), group.members.iter().collect::<BTreeSet<_>>().len(), "{}", group.name);
        }
    }

    #[test]
    fn groups_hold_the_groups_that_are_part_of_them() {
        let privileged = group("@privileged").unwrap().calls();
        assert!(
            ["init_module", "reboot", "swapon", "chown", "iopl", "settimeofday", "bpf"]
                .iter()
                .all(|c| privileged.contains(c))
        );
        assert_eq!(group("@known").unwrap().calls().len(), 383);
        assert!(group("@system-service").unwrap().calls().len() > 200);
        assert!(group("@nonsense").is_none());
    }

    #[test]
    fn numbers_are_those_of_the_architecture() {
        let file_system = group("@file-system").unwrap();
        assert!(file_system.numbers(Arch::X86_64).iter().any(|number| number == 2), "open");
        assert!(file_system.numbers(Arch::Aarch64).iter().all(|number| number != 2), "io_submit on aarch64");
        assert!(file_system.numbers(Arch::Aarch64).iter().any(|number| number == 56), "openat");
    }
}
