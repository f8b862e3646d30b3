//! Our own profile, `seccomp = "default"`: everything is refused but what is listed. Never reads a file.
//!
//! - Listed calls run. Calls that exist but are not listed fail with `EPERM`, as if a privilege were missing.
//! - Numbers newer than the table fail with `ENOSYS`, as on an older kernel: C libraries then use the call that came before.
//! - A capability that the container keeps opens the calls that exist for it; the kernel still checks it at each call.
//! - `nested_userns` opens what containers in the container need; without it no namespace can be made.

mod arguments;
mod lists;

use super::table::Numbers;
use super::{Action, Arch, Errno, Profile, Verdict};

/// What the default profile depends on.
#[derive(Debug, Clone, Copy)]
pub struct Preset<'a> {
    /// Whose system calls.
    pub arch: Arch,
    /// The capabilities that the container keeps, as in `"CAP_SYS_TIME"`.
    pub capabilities: &'a [&'a str],
    /// Whether processes may make user namespaces of their own, with all that is possible inside those.
    pub nested_userns: bool,
}

/// Makes the default profile: no name is looked up, the lists were resolved when this program was compiled.
pub fn preset(preset: &Preset<'_>) -> Profile {
    let refused = Action::Errno(Errno::EPERM);
    let mut profile = Profile::new(preset.arch, refused, Action::Errno(Errno::ENOSYS));
    profile.refusal = Some(Errno::EPERM);
    profile.set(&open_calls(preset), Verdict::plain(Action::Allow));
    for (numbers, verdict) in arguments::verdicts(preset, refused) {
        profile.set(numbers, verdict);
    }
    profile
}

impl Preset<'_> {
    fn keeps(&self, capability: &str) -> bool {
        self.capabilities.contains(&capability)
    }
}

/// The calls that run whatever their arguments are.
fn open_calls(preset: &Preset<'_>) -> Numbers {
    let mut open = ALWAYS[preset.arch.column()];
    for (capability, numbers) in &BY_CAPABILITY {
        if preset.keeps(capability) {
            open = open.union(&numbers[preset.arch.column()]);
        }
    }
    if preset.nested_userns {
        open = open.union(&NAMESPACES[preset.arch.column()]);
    }
    open
}

static ALWAYS: [Numbers; 2] = [always(Arch::X86_64), always(Arch::Aarch64)];
static NAMESPACES: [Numbers; 2] = by_arch(lists::NAMESPACES);

const fn always(arch: Arch) -> Numbers {
    let mut set = Numbers::EMPTY;
    let mut list = 0;
    while list < lists::ALWAYS.len() {
        set = set.union(&Numbers::of(arch, lists::ALWAYS[list]));
        list += 1;
    }
    set
}

const fn by_arch(names: &[&str]) -> [Numbers; 2] {
    [Numbers::of(Arch::X86_64, names), Numbers::of(Arch::Aarch64, names)]
}

static BY_CAPABILITY: [(&str, [Numbers; 2]); lists::BY_CAPABILITY.len()] = {
    let mut resolved = [("", [Numbers::EMPTY; 2]); lists::BY_CAPABILITY.len()];
    let mut at = 0;
    while at < resolved.len() {
        let (capability, names) = lists::BY_CAPABILITY[at];
        resolved[at] = (capability, by_arch(names));
        at += 1;
    }
    resolved
};

#[cfg(test)]
mod tests;
