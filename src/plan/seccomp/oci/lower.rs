//! A document becomes the profile of one machine: terms evaluated, names resolved, rules ordered. Never fails.

use super::super::table::{self, Numbers, SPAN};
use super::super::{Action, Arch, Compare, Condition, Errno, Profile, Rule, Verdict, Width, additions};
use super::document::{self, Argument, Document, Terms};
use super::{Loaded, Surroundings, Warning};

pub(super) fn lower(document: &Document, surroundings: &Surroundings<'_>) -> Loaded {
    let arch = surroundings.arch;
    let mut warnings = other_abis(document, arch);
    let mut by_number: Vec<Vec<Rule>> = vec![Vec::new(); SPAN];
    for (index, rule) in document.rules.iter().enumerate() {
        let counts = counts(rule, surroundings);
        for name in &rule.names {
            match table::number_of(arch, name) {
                Some(number) if counts => by_number[usize::from(number)].extend(alternatives(rule, name)),
                None if !table::is_known(name) => warnings.push(unknown(name, index)),
                _ => {}
            }
        }
    }
    let mut profile = Profile::new(arch, document.default, for_newer_calls(document.default));
    for (number, rules) in (0..).zip(by_number).filter(|(_, rules)| !rules.is_empty()) {
        profile.set(&Numbers::EMPTY.with(number), strictest_first(rules, document.default));
    }
    (profile.log, profile.spec_allow) = (document.log, document.spec_allow);
    Loaded { profile, warnings }
}

/// Evaluates `includes` (all of the capabilities, one of the architectures) and `excludes` (any of either).
fn counts(rule: &document::Rule, surroundings: &Surroundings<'_>) -> bool {
    let keeps = |capability: &String| surroundings.capabilities.contains(&capability.as_str());
    let runs_on = |arches: &[String]| arches.iter().any(|arch| arch == surroundings.arch.go_name());
    let reached = |terms: &Terms| terms.min_kernel.map(|minimum| surroundings.kernel >= minimum.0);
    let (includes, excludes) = (&rule.includes, &rule.excludes);
    includes.caps.iter().all(keeps)
        && (includes.arches.is_empty() || runs_on(&includes.arches))
        && reached(includes).unwrap_or(true)
        && !excludes.caps.iter().any(keeps)
        && !runs_on(&excludes.arches)
        && !reached(excludes).unwrap_or(false)
}

/// Gives one rule with all conditions, or one rule for each when two look at the same argument.
fn alternatives(rule: &document::Rule, name: &str) -> Vec<Rule> {
    let conditions: Vec<Condition> = rule.conditions.iter().filter_map(|argument| condition(name, *argument)).collect();
    let repeated = (1..conditions.len()).any(|at| {
        let argument = conditions[at].argument();
        conditions[..at].iter().any(|earlier| earlier.argument() == argument)
    });
    let sets =
        if repeated { conditions.into_iter().map(|condition| vec![condition]).collect() } else { vec![conditions] };
    sets.into_iter().map(|conditions| Rule { conditions, action: rule.action }).collect()
}

fn condition(name: &str, argument: Argument) -> Option<Condition> {
    let fits = match argument.compare {
        Compare::Equal(value)
        | Compare::NotEqual(value)
        | Compare::Less(value)
        | Compare::LessOrEqual(value)
        | Compare::Greater(value)
        | Compare::GreaterOrEqual(value) => u32::try_from(value).is_ok(),
        Compare::MaskedEqual { mask, value } => u32::try_from(mask | value).is_ok(),
    };
    let width = if fits && is_cut(name, argument.index) { Width::Low32 } else { Width::All64 };
    Condition::new(argument.index, width, argument.compare)
}

/// Tells whether the kernel takes the argument as an `int`, of the calls whose arguments profiles look at.
fn is_cut(name: &str, argument: u8) -> bool {
    match name {
        "socket" | "socketpair" => argument < 3,
        "personality" | "clone" | "prctl" | "bpf" | "keyctl" => argument == 0,
        "ioctl" | "fcntl" | "futex" => argument == 1,
        _ => false,
    }
}

/// Orders the rules of a call so that the first to match is the strictest; what follows an unconditional one never matches.
fn strictest_first(mut rules: Vec<Rule>, default: Action) -> Verdict {
    rules.sort_by_key(|rule| std::cmp::Reverse(rule.action));
    let certain = rules.iter().position(|rule| rule.conditions.is_empty());
    let otherwise = certain.map_or(default, |at| rules[at].action);
    rules.truncate(certain.unwrap_or(rules.len()));
    Verdict { rules, otherwise, guarded: false }
}

fn for_newer_calls(default: Action) -> Action {
    if default == Action::Errno(Errno::EPERM) { Action::Errno(Errno::ENOSYS) } else { default }
}

/// Warns of ABIs that the machine could run; those of other machines stand in a profile that several share.
fn other_abis(document: &Document, arch: Arch) -> Vec<Warning> {
    let beside: &[&str] = match arch {
        Arch::X86_64 => &["SCMP_ARCH_X86", "SCMP_ARCH_X32"],
        Arch::Aarch64 => &["SCMP_ARCH_ARM"],
    };
    let listed = document.architectures.iter().filter(|listed| beside.contains(&listed.0.as_str()));
    listed.map(|listed| Warning::OtherAbi { architecture: listed.0.clone() }).collect()
}

fn unknown(name: &str, rule: usize) -> Warning {
    Warning::UnknownSyscall { name: name.to_owned(), rule, suggestion: additions::suggestion(name) }
}
