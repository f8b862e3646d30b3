//! Where the cgroup is made: its directory or directories, and the controllers that it needs.

use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};

use super::{Cgroup, call, failed, systemd, write};
use crate::plan::cgroup::{CgroupStep, Place};
use crate::plan::host::{CgroupFacts, CgroupVersion};
use crate::plan::{Action, Plan};
use crate::runtime::failure::Failure;

/// A cgroup that launch moved itself to, so that the one it was in may give controllers on.
#[derive(Debug)]
pub(super) struct Seat {
    leaf: PathBuf,
    /// Where it came from and what was enabled there; `None` where that is gone with the scope.
    back: Option<(PathBuf, Vec<String>)>,
}

impl Seat {
    /// Moves this process into a new leaf: a domain that holds processes gives no controllers on.
    fn take(below: &Path, name: &str, returns: bool) -> Result<Seat, Failure> {
        let leaf = below.join(name);
        std::fs::create_dir(&leaf).map_err(|error| failed(call("mkdir", &leaf), &error))?;
        let mut seat = Seat { leaf, back: None };
        if let Err(failure) = write(&seat.leaf.join("cgroup.procs"), "0") {
            seat.leave();
            return Err(failure);
        }
        if returns {
            seat.back = Some((below.to_owned(), Vec::new()));
        }
        Ok(seat)
    }

    fn enabled(&mut self, controllers: Vec<String>) {
        if let Some((_, enabled)) = &mut self.back {
            *enabled = controllers;
        }
    }

    /// Goes back, in the opposite order; what cannot be undone is removed with the cgroup above.
    pub(super) fn leave(self) {
        if let Some((own, enabled)) = &self.back {
            for controller in enabled {
                let _ = std::fs::write(own.join("cgroup.subtree_control"), format!("-{controller}"));
            }
            let _ = std::fs::write(own.join("cgroup.procs"), "0");
        }
        let _ = std::fs::remove_dir(&self.leaf);
    }
}

impl Cgroup {
    /// Makes the directories.
    pub(super) fn make(&mut self, step: &CgroupStep, facts: &CgroupFacts) -> Result<(), Failure> {
        let name = format!("{}-{}", step.prefix, own_number());
        if self.version == CgroupVersion::V2 {
            return self.make_v2(step, facts, &name);
        }
        for controller in &step.controllers {
            let Some(fact) = facts.controllers.get(controller) else { continue };
            let parent = match &step.parent {
                Some(parent) => fact.mount.join(parent.trim_start_matches('/')),
                None => fact.own.clone(),
            };
            self.make_directory(controller.clone(), &parent, &name)?;
        }
        Ok(())
    }

    fn make_v2(&mut self, step: &CgroupStep, facts: &CgroupFacts, name: &str) -> Result<(), Failure> {
        let own = facts.unified.clone().unwrap_or_default();
        let parent = match step.place {
            Place::Below => own,
            Place::Named => Path::new(MOUNT).join(step.parent.as_deref().unwrap_or_default().trim_start_matches('/')),
            Place::Beside => own.parent().map(Path::to_owned).unwrap_or_default(),
            Place::Leaf => {
                self.seat = Some(Seat::take(&own, &format!("{name}.supervisor"), true)?);
                own
            }
            Place::Scope => {
                let scope = systemd::scope(name, step.parent.as_deref())?;
                self.seat = Some(Seat::take(&scope, "supervisor", false)?);
                scope
            }
        };
        let enabled = enable(&parent, &step.controllers)?;
        if let Some(seat) = &mut self.seat {
            seat.enabled(enabled);
        }
        self.make_directory(String::new(), &parent, name)
    }

    /// A name that is taken belongs to a launch of another pid namespace, or to a dead one: it stays as it is.
    fn make_directory(&mut self, controller: String, parent: &Path, name: &str) -> Result<(), Failure> {
        let mut path = parent.join(name);
        for attempt in 1..=TRIES {
            match std::fs::create_dir(&path) {
                Ok(()) => break,
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && attempt < TRIES => {
                    path = parent.join(format!("{name}.{attempt}"));
                }
                Err(error) => return Err(failed(call("mkdir", &path), &error)),
            }
        }
        self.directories.push((controller, path));
        Ok(())
    }

    /// Gives the cgroup to root of the container (cgroup-v2.rst, "Delegation Containment").
    pub(super) fn give_away(&self, plan: &Plan) -> Result<(), Failure> {
        let map = plan.steps.iter().find_map(|step| match &step.action {
            Action::MapIds { uid, gid, .. } => Some((outside(uid)?, outside(gid)?)),
            _ => None,
        });
        let Some((uid, gid)) = map else { return Ok(()) };
        for (_, directory) in &self.directories {
            for file in ["", "cgroup.procs", "cgroup.threads", "cgroup.subtree_control"] {
                let path = if file.is_empty() { directory.clone() } else { directory.join(file) };
                chown(&path, Some(uid), Some(gid)).map_err(|error| failed(call("chown", &path), &error))?;
            }
        }
        Ok(())
    }
}

const MOUNT: &str = "/sys/fs/cgroup";
/// Names that are tried.
const TRIES: u32 = 16;

/// The id outside of root inside.
fn outside(ranges: &[crate::plan::userns::IdRange]) -> Option<u32> {
    ranges.iter().find(|range| range.container == 0).map(|range| range.host)
}

/// This process's id, and its pid namespace where that is not the first: ids mean nothing in another.
pub(super) fn own_number() -> String {
    let pid = std::process::id();
    match pid_namespace() {
        Some(FIRST_PID_NAMESPACE) | None => pid.to_string(),
        Some(namespace) => format!("{pid}.ns{namespace}"),
    }
}

/// PROC_PID_INIT_INO (linux/proc_ns.h).
const FIRST_PID_NAMESPACE: u64 = 0xEFFF_FFFC;

/// The number of this process's pid namespace, as in `pid:[4026531836]`.
pub(super) fn pid_namespace() -> Option<u64> {
    let link = std::fs::read_link("/proc/self/ns/pid").ok()?;
    link.to_str()?.strip_prefix("pid:[")?.strip_suffix(']')?.parse().ok()
}

/// Enables controllers for the children of a cgroup (cgroup-v2.rst, "Enabling and Disabling"); returns those that were not.
fn enable(parent: &Path, controllers: &[String]) -> Result<Vec<String>, Failure> {
    let file = parent.join("cgroup.subtree_control");
    let text = std::fs::read_to_string(&file).map_err(|error| failed(call("read", &file), &error))?;
    let enabled: Vec<&str> = text.split_whitespace().collect();
    let mut new = Vec::new();
    for controller in controllers.iter().filter(|controller| !enabled.contains(&controller.as_str())) {
        write(&file, &format!("+{controller}"))?;
        new.push(controller.clone());
    }
    Ok(new)
}
