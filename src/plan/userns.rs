//! `[userns]`: the user namespace and its maps.

use std::fmt::Write as _;

use schemars::JsonSchema;
use serde::Serialize;

use super::{Action, Lowering, Namespace, Phase};
use crate::config::{At, Config, IdMapping, UsernsMode};
use crate::diagnostics::{Code, Problem};

/// Ids of a container that has a range of its own.
pub const RANGE: u32 = 65536;

/// A range of ids, inside and outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub struct IdRange {
    /// First id inside.
    pub container: u32,
    /// First id outside.
    pub host: u32,
    /// How many.
    pub size: u32,
}

/// The maps that were chosen, and what follows from them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Users {
    /// User ids; empty without a user namespace.
    pub uid: Vec<IdRange>,
    /// Group ids.
    pub gid: Vec<IdRange>,
    /// True where a user namespace is made.
    pub private: bool,
    /// True where launch chose a range and files on disk keep their owners by idmapped mounts.
    pub idmapped: bool,
    /// True where setgroups(2) is refused inside.
    pub deny_setgroups: bool,
    /// User of a command where the file names none.
    pub default_uid: u32,
    /// Group of a command where the file names none.
    pub default_gid: u32,
}

impl Users {
    /// Says whether a user id exists inside.
    pub fn maps_uid(&self, id: u32) -> bool {
        !self.private || contains(&self.uid, id)
    }

    /// Says whether a group id exists inside.
    pub fn maps_gid(&self, id: u32) -> bool {
        !self.private || contains(&self.gid, id)
    }

    /// Returns the ids that exist inside, as `0..=65535`.
    pub fn describe(&self, users: bool) -> String {
        let mut text = String::new();
        for range in if users { &self.uid } else { &self.gid } {
            let last = range.container.saturating_add(range.size - 1);
            let separator = if text.is_empty() { "" } else { ", " };
            let _ = if range.size == 1 {
                write!(text, "{separator}{}", range.container)
            } else {
                write!(text, "{separator}{}..={last}", range.container)
            };
        }
        text
    }
}

fn contains(ranges: &[IdRange], id: u32) -> bool {
    ranges.iter().any(|range| id.checked_sub(range.container).is_some_and(|offset| offset < range.size))
}

/// Says whether the configuration leaves the choice of a range to launch.
pub(super) fn wants_range(config: &Config) -> bool {
    let userns = &config.userns;
    let written = !userns.uid_map.is_empty() || !userns.gid_map.is_empty();
    !written && matches!(userns.mode.unwrap_or_default(), UsernsMode::Auto | UsernsMode::KeepId)
}

/// Chooses the maps.
pub(super) fn lower(lowering: &mut Lowering) -> Users {
    let userns = &lowering.config.userns;
    let written_map = !userns.uid_map.is_empty() || !userns.gid_map.is_empty();
    let mode = userns.mode.unwrap_or_default();
    if written_map && let Some(mode) = userns.mode {
        lowering.problem(
            Problem::error(Code::UsernsTwoMaps, "`userns.mode` and written-out maps contradict each other")
                .value(At::Key("userns.mode"), format!("chooses the map: {mode:?}").to_lowercase())
                .key(
                    At::Key(if userns.uid_map.is_empty() { "userns.gid_map" } else { "userns.uid_map" }),
                    "writes it out",
                )
                .help("keep one of the two"),
        );
    }
    let users = match mode {
        _ if written_map => written(lowering),
        UsernsMode::Host => return host(lowering),
        UsernsMode::Single => single(lowering, 0, 0),
        UsernsMode::KeepId => keep_id(lowering),
        UsernsMode::Auto => auto(lowering),
    };
    emit(lowering, &users, written_map);
    users
}

fn emit(lowering: &mut Lowering, users: &Users, written_map: bool) {
    let at = if written_map { "userns.uid_map" } else { "userns.mode" };
    let written = written_map || lowering.config.userns.mode.is_some();
    lowering.step(written, at, Phase::Namespaces, Action::NewNamespace { namespace: Namespace::User });
    let helper = lowering.host.uid != 0 && (users.uid.len() > 1 || users.uid.iter().any(|range| range.size > 1));
    let action =
        Action::MapIds { uid: users.uid.clone(), gid: users.gid.clone(), helper, deny_setgroups: users.deny_setgroups };
    lowering.step(written, at, Phase::Ids, action);
}

fn host(lowering: &mut Lowering) -> Users {
    if lowering.host.uid != 0 {
        lowering.problem(
            Problem::error(
                Code::UsernsHostUnprivileged,
                "`userns.mode = \"host\"` needs root: the other namespaces cannot be made without a user namespace",
            )
            .value(At::Key("userns.mode"), format!("the caller is user {}", lowering.host.uid))
            .help("remove the key: the default \"auto\" works for ordinary users"),
        );
    }
    Users {
        uid: Vec::new(),
        gid: Vec::new(),
        private: false,
        idmapped: false,
        deny_setgroups: false,
        default_uid: 0,
        default_gid: 0,
    }
}

fn single(lowering: &Lowering, uid: u32, gid: u32) -> Users {
    let host = lowering.host;
    Users {
        uid: vec![IdRange { container: uid, host: host.uid, size: 1 }],
        gid: vec![IdRange { container: gid, host: host.gid, size: 1 }],
        private: true,
        idmapped: false,
        deny_setgroups: host.uid != 0,
        default_uid: uid,
        default_gid: gid,
    }
}

/// A range of launch's own as root; root as the caller and the subordinate range as a user; else the single id.
fn auto(lowering: &mut Lowering) -> Users {
    let host = lowering.host;
    if host.uid == 0 {
        return if let Some(first) = host.free_range {
            range(first)
        } else {
            if host.all_ids {
                no_range(lowering);
            } else {
                lowering.note("the ids of this container cannot be shared out: root inside is its root outside");
            }
            single(lowering, 0, 0)
        };
    }
    match subordinate(lowering) {
        Some((uid, gid)) => {
            let mut users = single(lowering, 0, 0);
            users.uid.push(IdRange { container: 1, host: uid.0, size: uid.1.min(RANGE - 1) });
            users.gid.push(IdRange { container: 1, host: gid.0, size: gid.1.min(RANGE - 1) });
            users.deny_setgroups = false;
            users
        }
        None => single(lowering, 0, 0),
    }
}

/// Root of the machine is never root inside without being asked for.
fn no_range(lowering: &mut Lowering) {
    lowering.problem(
        Problem::error(Code::UsernsNoRange, "no range of 65536 ids could be reserved for the container")
            .key(At::Key("userns.mode"), "the default \"auto\" gives each container of root its own ids")
            .help("end other containers, or write [userns] uid_map and gid_map; mode = \"single\" makes root inside the host's root"),
    );
}

fn range(first: u32) -> Users {
    let all = vec![IdRange { container: 0, host: first, size: RANGE }];
    Users {
        uid: all.clone(),
        gid: all,
        private: true,
        idmapped: true,
        deny_setgroups: false,
        default_uid: 0,
        default_gid: 0,
    }
}

/// The caller keeps his id; the ids around it come from his subordinate range where he has one.
fn keep_id(lowering: &mut Lowering) -> Users {
    let host = lowering.host;
    let mut users = single(lowering, host.uid, host.gid);
    let extra = if host.uid == 0 {
        host.free_range.map(|first| ((first, RANGE - 1), (first, RANGE - 1)))
    } else {
        subordinate(lowering)
    };
    if let Some((uid, gid)) = extra {
        users.uid = around(host.uid, uid);
        users.gid = around(host.gid, gid);
        users.deny_setgroups = false;
    }
    users
}

/// Maps `id` to itself, and the ids below and above it to the range.
fn around(id: u32, (first, size): (u32, u32)) -> Vec<IdRange> {
    let below = id.min(size);
    let above = (size - below).min(RANGE).min(u32::MAX - id.saturating_add(1));
    let ranges = [
        IdRange { container: 0, host: first, size: below },
        IdRange { container: id, host: id, size: 1 },
        IdRange { container: id.saturating_add(1), host: first + below, size: above },
    ];
    ranges.into_iter().filter(|range| range.size > 0).collect()
}

/// The ranges of subuid(5) that hold ids: anything may be written there.
fn usable(ranges: &[(u32, u32)]) -> impl Iterator<Item = (u32, u32)> {
    ranges.iter().copied().filter(|(first, count)| *count > 0 && first.checked_add(*count).is_some())
}

/// Returns the caller's subordinate ranges when they can be used, and says in a note why not.
fn subordinate(lowering: &mut Lowering) -> Option<((u32, u32), (u32, u32))> {
    let host = lowering.host;
    let (uid, gid) = (usable(&host.subuid).next(), usable(&host.subgid).next());
    match (uid, gid, &host.newidmap) {
        (Some(uid), Some(gid), Some(_)) => Some((uid, gid)),
        (Some(_), Some(_), None) => {
            lowering.note("newuidmap and newgidmap are not installed (package uidmap): only one id is mapped");
            None
        }
        _ => {
            lowering.note(format!(
                "user {} has no subordinate ids in /etc/subuid and /etc/subgid: only one id is mapped",
                host.uid
            ));
            None
        }
    }
}

/// Takes the maps that the file writes out.
fn written(lowering: &mut Lowering) -> Users {
    let config = &lowering.config.userns;
    let (uid_map, gid_map) = (&config.uid_map, &config.gid_map);
    if uid_map.is_empty() || gid_map.is_empty() {
        let (there, missing) =
            if uid_map.is_empty() { ("userns.gid_map", "uid_map") } else { ("userns.uid_map", "gid_map") };
        lowering.problem(
            Problem::error(Code::MapHalf, format!("`{there}` is written without `{missing}`"))
                .key(At::Key(there), "only half of the maps")
                .help(format!("write userns.{missing} too; the same ranges are usual")),
        );
    }
    let uid = ranges(lowering, "userns.uid_map", uid_map);
    let gid = ranges(lowering, "userns.gid_map", gid_map);
    check_allowed(lowering, "userns.uid_map", &uid, true);
    check_allowed(lowering, "userns.gid_map", &gid, false);
    let single = lowering.host.uid != 0 && gid.len() == 1 && gid.first().is_some_and(|range| range.size == 1);
    let default_uid = if contains(&uid, 0) { 0 } else { uid.first().map_or(0, |range| range.container) };
    let default_gid = if contains(&gid, 0) { 0 } else { gid.first().map_or(0, |range| range.container) };
    Users { uid, gid, private: true, idmapped: false, deny_setgroups: single, default_uid, default_gid }
}

fn ranges(lowering: &mut Lowering, list: &'static str, maps: &[IdMapping]) -> Vec<IdRange> {
    let mut ranges: Vec<IdRange> = Vec::with_capacity(maps.len());
    if maps.len() > 340 {
        lowering.problem(
            Problem::error(Code::MapTooLong, format!("{} ranges, the kernel takes 340", maps.len()))
                .key(At::Key(list), "too many ranges")
                .help("join neighbouring ranges (user_namespaces(7))"),
        );
    }
    for (index, map) in maps.iter().enumerate() {
        let (Some(container), Some(host)) = (map.container, map.host) else {
            let missing = if map.container.is_none() { "container" } else { "host" };
            lowering.problem(
                Problem::error(Code::MapIncomplete, format!("this range has no `{missing}`"))
                    .value(At::Item(list, index), "container, host and size make a range")
                    .help("write { container = 0, host = 100000, size = 65536 }"),
            );
            continue;
        };
        let size = map.size.unwrap_or(1);
        let fits = |first: u32| first.checked_add(size).is_some();
        if size == 0 || !fits(container) || !fits(host) {
            let wrong = if size == 0 {
                "size is 0".to_owned()
            } else {
                format!("{} + {size} is above 4294967295", container.max(host))
            };
            lowering.problem(
                Problem::error(Code::MapOutOfRange, format!("this range holds no ids: {wrong}"))
                    .value(At::Item(list, index), "ids are 0 to 4294967294")
                    .help("write a size of 1 or more that ends below 4294967295"),
            );
            continue;
        }
        let range = IdRange { container, host, size };
        check_overlap(lowering, list, index, range, &ranges);
        ranges.push(range);
    }
    ranges
}

fn check_overlap(lowering: &mut Lowering, list: &'static str, index: usize, range: IdRange, earlier: &[IdRange]) {
    let overlaps = |a: u32, b: u32, size: u32| {
        u64::from(a) < u64::from(b) + u64::from(size) && u64::from(b) < u64::from(a) + u64::from(range.size)
    };
    for (other, old) in earlier.iter().enumerate() {
        let side = if overlaps(range.container, old.container, old.size) {
            "inside"
        } else if overlaps(range.host, old.host, old.size) {
            "outside"
        } else {
            continue;
        };
        let show = |range: &IdRange| {
            let first = if side == "inside" { range.container } else { range.host };
            format!("{first}..={}", u64::from(first) + u64::from(range.size) - 1)
        };
        lowering.problem(
            Problem::error(Code::MapOverlap, format!("two ranges overlap {side}"))
                .value(At::Item(list, other), show(old))
                .value(At::Item(list, index), show(&range))
                .help("an id can be mapped once in each direction: shorten one of the ranges"),
        );
        return;
    }
}

/// Checks what the kernel and newuidmap(1) let the caller map.
fn check_allowed(lowering: &mut Lowering, list: &'static str, ranges: &[IdRange], users: bool) {
    let host = lowering.host;
    if host.uid == 0 {
        return;
    }
    let (own, subordinate, file) =
        if users { (host.uid, &host.subuid, "/etc/subuid") } else { (host.gid, &host.subgid, "/etc/subgid") };
    for (index, range) in ranges.iter().enumerate() {
        let is_own = range.size == 1 && range.host == own;
        let within = |(first, count): (u32, u32)| {
            range.host >= first && u64::from(range.host) + u64::from(range.size) <= u64::from(first) + u64::from(count)
        };
        if is_own || usable(subordinate).any(within) {
            continue;
        }
        let have = usable(subordinate)
            .next()
            .map_or_else(|| "none".to_owned(), |(first, count)| format!("{first}..={}", first + (count - 1)));
        lowering.problem(
            Problem::error(
                Code::MapNotAllowed,
                format!(
                    "the caller may not map {}..={}",
                    range.host,
                    u64::from(range.host) + u64::from(range.size) - 1
                ),
            )
            .value(At::Item(list, index), format!("outside the caller's subordinate ids: {have}"))
            .help(format!("map ids of {file}, or the caller's own id {own} with size = 1")),
        );
    }
    if (ranges.len() > 1 || ranges.iter().any(|range| range.size > 1)) && host.newidmap.is_none() {
        lowering.problem(
            Problem::error(
                Code::NewuidmapMissing,
                "newuidmap and newgidmap are needed to map more than the caller's own id",
            )
            .key(At::Key(list), "more than one id")
            .help("install them (Debian: apt install uidmap)"),
        );
    }
}
