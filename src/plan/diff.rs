//! What changes between two plans, for reviews: does it widen or narrow what the container may do? Pure.

use std::collections::BTreeMap;

use super::lifecycle::LifecyclePlan;
use super::limits::Resource;
use super::mounts::{MountStep, Placed};
use super::rootfs::Writes;
use super::{Action, Origin, Plan};
use crate::config::At;

/// What a change means for the host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// The container may do more, or use more.
    Widens,
    /// It may do less, or use less.
    Narrows,
    /// Neither, as far as can be told.
    Neutral,
}

/// One change.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// What it means.
    pub effect: Effect,
    /// What changes, as `memory`.
    pub subject: String,
    /// Before; none where it is new.
    pub before: Option<(String, Origin)>,
    /// After; none where it is gone.
    pub after: Option<(String, Origin)>,
}

/// How two values of a subject compare.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measure {
    /// More is wider; without it there is no bound.
    Bound(f64),
    /// To have it is wider.
    Grant,
    /// To have it is narrower.
    Guard,
    /// Neither.
    Plain,
}

#[derive(Debug, Clone)]
struct Fact {
    text: String,
    measure: Measure,
    origin: Origin,
}

/// The changes from one plan to another, what widens first.
pub fn diff(before: &Plan, after: &Plan) -> Vec<Change> {
    let (old, new) = (facts(before), facts(after));
    let mut subjects: Vec<&String> = old.keys().chain(new.keys()).collect();
    subjects.sort();
    subjects.dedup();
    let mut changes: Vec<Change> =
        subjects.into_iter().filter_map(|subject| change(subject, old.get(subject), new.get(subject))).collect();
    changes.sort_by(|a, b| (a.effect, &a.subject).cmp(&(b.effect, &b.subject)));
    changes
}

fn change(subject: &str, old: Option<&Fact>, new: Option<&Fact>) -> Option<Change> {
    let effect = match (old, new) {
        (Some(old), Some(new)) if old.text == new.text => return None,
        (Some(old), Some(new)) => match (old.measure, new.measure) {
            (Measure::Bound(old), Measure::Bound(new)) if new > old => Effect::Widens,
            (Measure::Bound(old), Measure::Bound(new)) if new < old => Effect::Narrows,
            _ => Effect::Neutral,
        },
        (None, Some(new)) => one_sided(new.measure, Effect::Widens, Effect::Narrows),
        (Some(old), None) => one_sided(old.measure, Effect::Narrows, Effect::Widens),
        (None, None) => return None,
    };
    let side = |fact: Option<&Fact>| fact.map(|fact| (fact.text.clone(), fact.origin.clone()));
    Some(Change { effect, subject: subject.to_owned(), before: side(old), after: side(new) })
}

fn one_sided(measure: Measure, grant: Effect, guard: Effect) -> Effect {
    match measure {
        Measure::Grant => grant,
        Measure::Guard | Measure::Bound(_) => guard,
        Measure::Plain => Effect::Neutral,
    }
}

/// What a plan comes to, by subject.
fn facts(plan: &Plan) -> BTreeMap<String, Fact> {
    let mut facts = BTreeMap::new();
    let mut add = |subject: String, text: String, measure: Measure, origin: &Origin| {
        facts.insert(subject, Fact { text, measure, origin: origin.clone() });
    };
    for reach in &plan.reach {
        add(format!("reach: {}", reach.what), reach.what.clone(), Measure::Grant, &reach.origin);
    }
    for step in &plan.steps {
        of_action(&step.action, &mut |subject, text, measure| add(subject, text, measure, &step.origin));
    }
    for (name, value) in &plan.env {
        let text = value.as_os_str().to_string_lossy().into_owned();
        add(format!("variable {name}"), text, Measure::Plain, &Origin::Written(At::Entry("env", name.clone())));
    }
    if let LifecyclePlan { timeout_ms: Some(timeout), .. } = &plan.lifecycle {
        let at = Origin::Written(At::Key("lifecycle.timeout"));
        add("timeout".to_owned(), format!("{timeout} ms"), Measure::Bound(number(*timeout)), &at);
    }
    facts
}

#[expect(clippy::cast_precision_loss, reason = "compared, never shown")]
fn number(value: u64) -> f64 {
    value as f64
}

fn of_action(action: &Action, add: &mut dyn FnMut(String, String, Measure)) {
    match action {
        Action::SetLimit(limit) => {
            let bound = match &limit.resource {
                Resource::Cpus { quota, period } => Measure::Bound(number(*quota) / number(*period)),
                Resource::Pids(value) | Resource::Memory(value) | Resource::Swap(value) => {
                    Measure::Bound(number(*value))
                }
                #[allow(unreachable_patterns, reason = "what is no plain amount cannot be ordered")]
                _ => Measure::Plain,
            };
            add(limit.key().to_owned(), limit.resource.to_string(), bound);
        }
        Action::SetRlimit { resource, hard, .. } => {
            let bound = hard.map_or(f64::INFINITY, number);
            add(format!("rlimit {resource}"), action.to_string(), Measure::Bound(bound));
        }
        Action::NewNamespace { namespace } => {
            add(format!("{} namespace", namespace.as_str()), "its own".to_owned(), Measure::Guard);
        }
        Action::SetCapabilities { keep, .. } => {
            for name in keep {
                add(format!("capability {name}"), "kept".to_owned(), Measure::Grant);
            }
        }
        Action::NoNewPrivs => add("no new privileges".to_owned(), "set".to_owned(), Measure::Guard),
        Action::Seccomp(step) => {
            add("system call filter".to_owned(), step.profile.clone(), Measure::Guard);
            for name in &step.allow {
                add(format!("system call {name}"), "allowed".to_owned(), Measure::Grant);
            }
            for name in &step.deny {
                add(format!("system call {name}"), "refused".to_owned(), Measure::Guard);
            }
        }
        Action::Mask { path } => add(format!("path {path}"), "covered".to_owned(), Measure::Guard),
        Action::Readonly { path } => add(format!("path {path}"), "read-only".to_owned(), Measure::Guard),
        Action::Landlock(_) => add("landlock".to_owned(), action.to_string(), Measure::Guard),
        Action::Mount(mount) => of_mount(mount, action, add),
        Action::BuildRoot(root) => {
            let rank = match root.writes {
                Writes::Refused | Writes::Sealed { .. } => 0.0,
                Writes::Overlay { .. } => 1.0,
                Writes::Reach => 2.0,
            };
            add("root".to_owned(), action.to_string(), Measure::Bound(rank));
        }
        Action::SetUser { uid, .. } => {
            let rank = if *uid == 0 { 1.0 } else { 0.0 };
            add("user".to_owned(), action.to_string(), Measure::Bound(rank));
        }
        Action::SetHostname { .. } | Action::SetCwd { .. } | Action::Exec { .. } | Action::SetUmask { .. } => {
            let subject = match action {
                Action::SetHostname { .. } => "host name",
                Action::SetCwd { .. } => "working directory",
                Action::SetUmask { .. } => "umask",
                _ => "command",
            };
            add(subject.to_owned(), action.to_string(), Measure::Plain);
        }
        Action::Sysctl { name, value } => add(format!("kernel parameter {name}"), value.clone(), Measure::Plain),
        _ => {}
    }
}

/// A path of the host is something that is given; how it may be used is a rank.
fn of_mount(mount: &MountStep, action: &Action, add: &mut dyn FnMut(String, String, Measure)) {
    let host = matches!(mount.what, Placed::Bind { .. } | Placed::Device { .. } | Placed::Overlay { .. });
    let measure = if host { Measure::Grant } else { Measure::Plain };
    let what = action.to_string();
    let place = what.split(", ").next().unwrap_or_default().to_owned();
    add(format!("mount {}", mount.target), place, measure);
    let flags = mount.flags;
    for (word, set) in
        [("read-only", flags.readonly), ("nosuid", flags.nosuid), ("nodev", flags.nodev), ("noexec", flags.noexec)]
    {
        if set && host {
            add(format!("mount {}: {word}", mount.target), word.to_owned(), Measure::Guard);
        }
    }
}
