//! The `[seccomp]` table on top of a profile. Never a profile of its own.
//!
//! What wins, from weak to strong: the profile, groups in `allow`, groups in `deny`, calls named in `allow`, calls named in
//! `deny`. So `allow = ["@mount"], deny = ["umount2"]` and `deny = ["@network-io"], allow = ["socket"]` both mean what they
//! say. `log` comes last and opens nothing.

use super::table::Numbers;
use super::{Action, Arch, Errno, Profile, Verdict, group, groups, table};

/// What a file adds to its profile; each name is a system call or a group with its at sign.
#[derive(Debug, Clone, Copy, Default)]
pub struct Additions<'a> {
    /// Calls that run whatever their arguments are. A group opens what is refused outright, but leaves calls alone whose
    /// arguments the profile checks (and `clone3`, which cannot be checked): those take their own name.
    pub allow: &'a [String],
    /// Calls that are refused whatever their arguments are.
    pub deny: &'a [String],
    /// What `deny` answers, and the default profile instead of `EPERM`; `EPERM` when absent.
    pub errno: Option<Errno>,
    /// Calls whose every use is written to the audit log. Those that run still run, those that are refused still are; the
    /// kernel can log refusals only all or none, so one refused call in the list has all refusals logged.
    pub log: &'a [String],
}

/// The list that a name stands in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// `seccomp.allow`.
    Allow,
    /// `seccomp.deny`.
    Deny,
    /// `seccomp.log`.
    Log,
}

/// A name that no architecture has as a call, and no group has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    /// The list.
    pub list: List,
    /// The position in the list.
    pub index: usize,
    /// The name as written.
    pub name: String,
    /// The name that was probably meant.
    pub suggestion: Option<&'static str>,
}

impl Profile {
    /// Applies the additions; names that only other architectures have are nothing to allow, refuse or log here.
    ///
    /// # Errors
    /// When a name is unknown: then all unknown names, and the profile is as it was.
    pub fn add(&mut self, additions: &Additions<'_>) -> Result<(), Vec<UnknownName>> {
        let arch = self.arch();
        let mut unknown = Vec::new();
        let mut resolve = |list, names| Resolved::of(list, names, arch, &mut unknown);
        let allow = resolve(List::Allow, additions.allow);
        let deny = resolve(List::Deny, additions.deny);
        let log = resolve(List::Log, additions.log);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        if let Some(errno) = additions.errno {
            self.refuse_with(errno);
        }
        let refusal = Action::Errno(additions.errno.unwrap_or(Errno::EPERM));
        self.revise(&allow.groups, open_unless_guarded);
        self.revise(&deny.groups, |verdict| refuse_unless_hidden(verdict, refusal));
        self.revise(&allow.calls, |verdict| *verdict = Verdict::plain(Action::Allow));
        self.revise(&deny.calls, |verdict| refuse(verdict, refusal));
        self.watch(&log.groups.union(&log.calls));
        Ok(())
    }

    fn watch(&mut self, numbers: &Numbers) {
        let mut watched = numbers.iter().map(|number| self.verdict(u32::from(number)));
        let refuses = |verdict: &Verdict| verdict.actions().any(|action| !action.runs());
        self.log |= watched.any(refuses);
        self.revise(numbers, |verdict| {
            verdict.actions_mut().filter(|action| **action == Action::Allow).for_each(|action| *action = Action::Log);
        });
    }
}

fn open_unless_guarded(verdict: &mut Verdict) {
    if verdict.rules.is_empty() && !verdict.guarded && !verdict.otherwise.runs() {
        *verdict = Verdict::plain(Action::Allow);
    }
}

/// Leaves a call alone that the profile hides so that programs use another one: a C library that meets anything but `ENOSYS`
/// at clone3(2) does not try clone(2), which may well be allowed by name.
fn refuse_unless_hidden(verdict: &mut Verdict, refusal: Action) {
    let hidden = verdict.guarded && verdict.rules.is_empty();
    if !hidden {
        refuse(verdict, refusal);
    }
}

/// Refuses, unless the profile already does something stricter to every such call.
fn refuse(verdict: &mut Verdict, refusal: Action) {
    let stricter =
        verdict.rules.is_empty() && verdict.otherwise > refusal && !matches!(verdict.otherwise, Action::Errno(_));
    if !stricter {
        *verdict = Verdict::plain(refusal);
    }
}

/// A list of names as numbers.
struct Resolved {
    calls: Numbers,
    groups: Numbers,
}

impl Resolved {
    fn of(list: List, names: &[String], arch: Arch, unknown: &mut Vec<UnknownName>) -> Self {
        let mut resolved = Self { calls: Numbers::EMPTY, groups: Numbers::EMPTY };
        for (index, name) in names.iter().enumerate() {
            if let Some(group) = group(name) {
                resolved.groups = resolved.groups.union(&group.numbers(arch));
            } else if let Some(number) = table::number_of(arch, name) {
                resolved.calls = resolved.calls.with(number);
            } else if !table::is_known(name) {
                unknown.push(UnknownName { list, index, name: name.clone(), suggestion: suggestion(name) });
            }
        }
        resolved
    }
}

/// Finds the call or group whose name is most like this one, when one is like it at all.
pub(super) fn suggestion(name: &str) -> Option<&'static str> {
    let candidates = table::names().chain(groups().map(|group| group.name));
    let alike = candidates.map(|candidate| (strsim::damerau_levenshtein(name, candidate), candidate));
    let (distance, nearest) = alike.min_by_key(|(distance, _)| *distance)?;
    (distance <= 1 + name.len() / 5).then_some(nearest)
}

#[cfg(test)]
mod tests;
