//! Problems that only follow from another one, which is told: these are not.
//!
//! Where a value was left out for its shape, the typed values have a default that nobody wrote.

use super::super::{Code, Diagnostics, Label, Place, Problem};
use crate::config::{At, Table};

/// Says whether a problem would not be there without a mistake of shape.
pub(super) fn only_follows(problem: &Problem, problems: &Diagnostics, tree: &Table) -> bool {
    let Some(Label { place: Place::Key(at) | Place::Value(at) | Place::Within(at, _), .. }) = problem.labels.first()
    else {
        return false;
    };
    let found = tree.nearest(at, problems.left_out()).map(|found| found.value);
    found.is_some_and(|span| problems.left_out().contains(&span))
        || lacks_what_is_there(problem.code, at, problems, tree)
}

/// Says whether a key is missing that is there under another name, or with a value that was left out.
fn lacks_what_is_there(code: Code, at: &At, problems: &Diagnostics, tree: &Table) -> bool {
    let key = match (code, at) {
        (Code::MissingKey, at) => at.clone(),
        (Code::CommandMissing, _) => At::Key("command"),
        (Code::RootfsMissing, _) => At::Key("rootfs"),
        (Code::MountTargetMissing, At::Item(list, index)) => At::Field(list, *index, "target"),
        (Code::DevicePathMissing, At::Item(list, index)) => At::Field(list, *index, "path"),
        _ => return false,
    };
    let name = key.to_string();
    let is_it = |meant: &String| meant.strip_prefix(&name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    tree.find(&key).is_some() || problems.iter().any(|problem| problem.meant.iter().any(is_it))
}
