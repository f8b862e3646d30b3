//! `user`, `groups`, `umask`: who the command is inside. Names come from the root's own files, never from the host's.

use super::userns::Users;
use super::{Action, Lowering, Phase, size};
use crate::config::{At, NumberOrText};
use crate::diagnostics::{Code, Problem};

/// The user of the command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// User id inside.
    pub uid: u32,
    /// Group id inside.
    pub gid: u32,
    /// Supplementary groups inside.
    pub groups: Vec<u32>,
    /// HOME.
    pub home: String,
    /// False where the kernel does not let us set groups (setgroups is denied in a single-id map).
    pub groups_allowed: bool,
}

/// Finds out who the command is.
pub(super) fn lower(lowering: &mut Lowering, users: &Users) -> Account {
    umask(lowering);
    let (uid, gid, home) = match &lowering.config.user {
        None => (users.default_uid, users.default_gid, None),
        Some(text) => user(lowering, text).unwrap_or((users.default_uid, users.default_gid, None)),
    };
    let groups = groups(lowering);
    let account = Account {
        uid,
        gid,
        home: home.unwrap_or_else(|| home_of(lowering, uid)),
        groups,
        groups_allowed: !users.deny_setgroups,
    };
    check_mapped(lowering, users, &account);
    account
}

/// Emits the step, in its place among the others.
pub(super) fn emit(lowering: &mut Lowering, account: &Account) {
    let groups = account.groups_allowed.then(|| account.groups.clone());
    let action = Action::SetUser { uid: account.uid, gid: account.gid, groups };
    let written = lowering.config.user.is_some();
    lowering.step(written, "user", Phase::Identity, action);
}

fn umask(lowering: &mut Lowering) {
    let written = lowering.config.umask.as_deref();
    match size::octal(written.unwrap_or("0022"), 0o777) {
        Ok(mask) => lowering.step(written.is_some(), "umask", Phase::Limits, Action::SetUmask { mask }),
        Err(wrong) => lowering.problem(
            Problem::error(Code::UmaskInvalid, wrong.message)
                .value(At::Key("umask"), "0000 to 0777")
                .help("write the mask in octal, as a string: umask = \"0022\""),
        ),
    }
}

/// Reads `uid[:gid]` or `name[:group]`.
fn user(lowering: &mut Lowering, text: &str) -> Option<(u32, u32, Option<String>)> {
    let (user, group) = match text.split_once(':') {
        Some((user, group)) => (user, Some(group)),
        None => (text, None),
    };
    let entry = passwd_entry(lowering, user);
    let uid = match (user.parse::<u32>(), &entry) {
        (Ok(uid), _) => uid,
        (Err(_), Some(entry)) => entry.uid,
        (Err(_), None) => {
            unknown_account(lowering, "user", user, "/etc/passwd", At::Key("user"));
            return None;
        }
    };
    let gid = match group {
        None => entry.as_ref().map_or(if user.parse::<u32>().is_ok() { uid } else { 0 }, |entry| entry.gid),
        Some(group) => {
            if let Some(gid) = group_id(lowering, group) {
                gid
            } else {
                unknown_account(lowering, "group", group, "/etc/group", At::Key("user"));
                return None;
            }
        }
    };
    if uid == u32::MAX || gid == u32::MAX {
        lowering.problem(
            Problem::error(Code::IdInvalid, format!("{} is no id: the kernel keeps it for \"unchanged\"", u32::MAX))
                .value(At::Key("user"), "-1 in 32 bits")
                .help("write an id from 0 to 4294967294"),
        );
        return None;
    }
    Some((uid, gid, entry.map(|entry| entry.home)))
}

fn groups(lowering: &mut Lowering) -> Vec<u32> {
    let mut ids = Vec::new();
    for (index, group) in lowering.config.groups.iter().enumerate() {
        let at = At::Item("groups", index);
        let id = match group {
            NumberOrText::Number(number) => u32::try_from(*number).ok().filter(|id| *id != u32::MAX),
            NumberOrText::Text(name) => group_id(lowering, name),
        };
        match id {
            Some(id) => ids.push(id),
            None => unknown_account(lowering, "group", &group.to_string(), "/etc/group", at),
        }
    }
    ids
}

/// One line of /etc/passwd (passwd(5)).
struct Passwd {
    uid: u32,
    gid: u32,
    home: String,
}

fn passwd_entry(lowering: &Lowering, user: &str) -> Option<Passwd> {
    let by_id = user.parse::<u32>().ok();
    lines(lowering.host.root.passwd.as_deref()).find_map(|fields| match fields.as_slice() {
        [name, _, uid, gid, _, home, ..] => {
            let uid: u32 = uid.parse().ok()?;
            let found = by_id.map_or(*name == user, |id| id == uid);
            let home = if home.starts_with('/') { (*home).to_owned() } else { "/".to_owned() };
            found.then_some(Passwd { uid, gid: gid.parse().ok()?, home })
        }
        _ => None,
    })
}

fn group_id(lowering: &Lowering, group: &str) -> Option<u32> {
    group.parse().ok().or_else(|| {
        lines(lowering.host.root.group.as_deref()).find_map(|fields| match fields.as_slice() {
            [name, _, gid, ..] if *name == group => gid.parse().ok(),
            _ => None,
        })
    })
}

fn lines(text: Option<&str>) -> impl Iterator<Item = Vec<&str>> {
    text.unwrap_or_default().lines().map(|line| line.split(':').collect())
}

fn home_of(lowering: &Lowering, uid: u32) -> String {
    let entry = passwd_entry(lowering, &uid.to_string());
    entry.map_or_else(|| if uid == 0 { "/root".to_owned() } else { "/".to_owned() }, |entry| entry.home)
}

/// Names that are compared with one that is not there: a hostile root has millions, or one of a megabyte.
const CANDIDATES: usize = 256;

fn unknown_account(lowering: &mut Lowering, what: &str, name: &str, file: &str, at: At) {
    let text = if what == "user" { &lowering.host.root.passwd } else { &lowering.host.root.group };
    let names: Vec<String> = lines(text.as_deref())
        .filter_map(|fields| fields.first().map(|name| (*name).to_owned()))
        .filter(|name| (1..=64).contains(&name.len()))
        .take(CANDIDATES)
        .collect();
    let near = crate::diagnostics::suggest(name, names.iter().map(String::as_str));
    let help = match (near, text.is_some()) {
        (Some(near), _) => format!("did you mean `{near}`? Or write the id as a number"),
        (None, true) => format!("add it to the root's {file}, or write the id as a number"),
        (None, false) => format!("the root has no readable {file}: write the id as a number, as \"1000:1000\""),
    };
    lowering.problem(
        Problem::error(Code::AccountUnknown, format!("the root has no {what} `{name}`"))
            .value(at, format!("not in its {file}"))
            .help(help),
    );
}

/// Checks that the ids exist in the user namespace.
fn check_mapped(lowering: &mut Lowering, users: &Users, account: &Account) {
    // A map without a usable range has a mistake of its own, which says it all.
    if users.private && (users.uid.is_empty() || users.gid.is_empty()) {
        return;
    }
    let mut missing = |what: &str, id: u32, at: At, map_key: &'static str| {
        let mut problem =
            Problem::error(Code::UserUnmapped, format!("{what} {id} is not mapped in the user namespace"))
                .value(at, "does not exist inside");
        if !lowering.config.userns.uid_map.is_empty() {
            problem = problem.value(At::Key(map_key), format!("maps {}", users.describe(map_key == "userns.uid_map")));
        }
        lowering.problems.push(problem.help(format!(
            "mapped are {}: choose one of these, or widen the map",
            users.describe(map_key == "userns.uid_map")
        )));
    };
    if !users.maps_uid(account.uid) {
        missing("user", account.uid, At::Key("user"), "userns.uid_map");
    } else if !users.maps_gid(account.gid) {
        missing("group", account.gid, At::Key("user"), "userns.gid_map");
    }
    for (index, group) in account.groups.iter().enumerate() {
        if !users.maps_gid(*group) {
            missing("group", *group, At::Item("groups", index), "userns.gid_map");
        }
    }
    if users.deny_setgroups && !account.groups.is_empty() {
        lowering.problem(
            Problem::error(Code::GroupsDenied, "supplementary groups cannot be set in this user namespace")
                .value(At::Key("groups"), "setgroups(2) is denied where a caller without privileges maps a single id")
                .help("give the caller subordinate ids (subuid(5)) so that mode = \"auto\" can map a range, or remove `groups`"),
        );
    }
}
