//! Who owns what is unpacked: the ids of the archive, translated by the map that the caller gives.
//!
//! It never guesses: an id outside of a written map is an error, and flattening to a single owner is counted.

use std::hash::{DefaultHasher, Hash, Hasher};

use rustix::fs::{Gid, Uid};

/// A stretch of ids: `size` ids from `inside` on are `outside` on, as in a line of uid_map, user_namespaces(7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
pub struct IdRange {
    /// The first id in the archive.
    pub inside: u32,
    /// The first id on the file system.
    pub outside: u32,
    /// How many.
    pub size: u32,
}

/// The owner of unpacked files.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Ownership {
    /// The ids of the archive as they are: as root, for a root that is mounted with an id map or without one.
    Identity,
    /// Everything belongs to the caller, the only id that a user without a subordinate range has.
    Caller,
    /// Ids are translated. An ordinary user needs the outside ids as subordinate ones, besides his own.
    Mapped {
        /// The ranges of user ids.
        users: Vec<IdRange>,
        /// The ranges of group ids.
        groups: Vec<IdRange>,
    },
}

impl Ownership {
    /// Names the map in the store: trees of one image with different owners are different trees.
    pub(in super::super) fn key(&self) -> String {
        match self {
            Self::Identity => "identity".to_owned(),
            Self::Caller => "caller".to_owned(),
            Self::Mapped { users, groups } => {
                // The keys of the hasher are fixed, and a collision would need a caller who attacks himself.
                let mut hasher = DefaultHasher::new();
                (users, groups).hash(&mut hasher);
                format!("mapped-{:016x}", hasher.finish())
            }
        }
    }

    /// Returns the ranges that this process may own files with in a user namespace only.
    pub(in super::super) fn needs_namespace(&self) -> Option<(&[IdRange], &[IdRange])> {
        match self {
            Self::Mapped { users, groups } if !rustix::process::geteuid().is_root() => Some((users, groups)),
            _ => None,
        }
    }

    /// Returns the same with the ids by which this process's user namespace knows those outside of it.
    pub(super) fn as_seen_here(&self) -> Self {
        match self {
            Self::Mapped { users, groups } => Self::Mapped {
                users: seen_by(users, &map_of_this_process("uid_map")),
                groups: seen_by(groups, &map_of_this_process("gid_map")),
            },
            other => other.clone(),
        }
    }

    /// Returns the owner on the file system, `None` for the caller; the error is the id that the map does not have.
    pub(super) fn translate(&self, uid: u64, gid: u64) -> Result<Option<(Uid, Gid)>, u64> {
        let (uid, gid) = match self {
            Self::Caller => return Ok(None),
            Self::Identity => (narrow(uid)?, narrow(gid)?),
            Self::Mapped { users, groups } => (look_up(users, uid)?, look_up(groups, gid)?),
        };
        Ok(Some((Uid::from_raw(uid), Gid::from_raw(gid))))
    }

    /// Returns the id on the file system that is root inside: the owner of file capabilities.
    pub(super) fn root(&self) -> Option<u32> {
        match self {
            Self::Mapped { users, .. } => look_up(users, 0).ok(),
            Self::Identity | Self::Caller => None,
        }
    }
}

/// The last id, (uid_t) -1, means "leave it" to chown(2): it is nobody's.
fn narrow(id: u64) -> Result<u32, u64> {
    u32::try_from(id).ok().filter(|id| *id != u32::MAX).ok_or(id)
}

/// Reads one of the maps of user_namespaces(7). Without /proc nothing is translated, as outside of any namespace.
fn map_of_this_process(name: &str) -> Vec<IdRange> {
    let text = std::fs::read_to_string(format!("/proc/self/{name}")).unwrap_or_default();
    let range = |line: &str| {
        let mut numbers = line.split_whitespace().map(|word| word.parse().ok());
        let mut next = || numbers.next().flatten();
        Some(IdRange { inside: next()?, outside: next()?, size: next()? })
    };
    let ranges: Vec<_> = text.lines().filter_map(range).collect();
    if ranges.is_empty() { vec![IdRange { inside: 0, outside: 0, size: u32::MAX }] } else { ranges }
}

/// Joins two maps: from the archive to the outside, and from there to what this namespace calls it.
fn seen_by(ranges: &[IdRange], here: &[IdRange]) -> Vec<IdRange> {
    let mut joined = Vec::new();
    for range in ranges {
        for own in here {
            let first = range.outside.max(own.outside);
            let end = |range: &IdRange| u64::from(range.outside) + u64::from(range.size);
            let size = end(range).min(end(own)).saturating_sub(u64::from(first));
            if let Ok(size @ 1..) = u32::try_from(size) {
                let inside = range.inside + (first - range.outside);
                joined.push(IdRange { inside, outside: own.inside + (first - own.outside), size });
            }
        }
    }
    joined
}

fn look_up(ranges: &[IdRange], id: u64) -> Result<u32, u64> {
    let narrow = narrow(id)?;
    let found = ranges.iter().find_map(|range| {
        let place = narrow.checked_sub(range.inside).filter(|place| *place < range.size)?;
        range.outside.checked_add(place)
    });
    found.ok_or(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_joined() {
        let range = |inside, outside, size| IdRange { inside, outside, size };
        let here = [range(0, 1000, 1), range(1, 100_000, 65_536)];
        // Root inside is the caller, then the subordinate ids; and the caller in the middle of them.
        let auto = [range(0, 1000, 1), range(1, 100_000, 65_535)];
        assert_eq!(seen_by(&auto, &here), [range(0, 0, 1), range(1, 1, 65_535)]);
        let keep = [range(0, 100_000, 1000), range(1000, 1000, 1), range(1001, 101_000, 9)];
        assert_eq!(seen_by(&keep, &here), [range(0, 1, 1000), range(1000, 0, 1), range(1001, 1001, 9)]);
        assert_eq!(seen_by(&[range(0, 5, 10)], &[range(0, 0, u32::MAX)]), [range(0, 5, 10)]);
        assert_eq!(seen_by(&[range(0, 5, 10)], &here), []);
    }

    #[test]
    fn ids_are_translated_or_refused() {
        let range = |inside, outside, size| IdRange { inside, outside, size };
        let map = Ownership::Mapped {
            users: vec![range(0, 1000, 1), range(1, 100_000, 10)],
            groups: vec![range(0, 500, 100)],
        };
        let raw = |uid, gid| map.translate(uid, gid).map(|owner| owner.map(|(uid, gid)| (uid.as_raw(), gid.as_raw())));
        assert_eq!(raw(0, 99), Ok(Some((1000, 599))));
        assert_eq!(raw(10, 0), Ok(Some((100_009, 500))));
        assert_eq!(raw(11, 0), Err(11));
        assert_eq!(raw(0, 100), Err(100));
        assert_eq!(Ownership::Identity.translate(u64::from(u32::MAX), 0), Err(u64::from(u32::MAX)));
        assert_eq!(Ownership::Caller.translate(1 << 40, 0), Ok(None));
    }
}
