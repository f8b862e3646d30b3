//! The container's cgroup: made below our own, limited, read back, watched, removed.
//!
//! Creating, placing, watching and removing are ours: libcgroups waits 10 ms where a process is moved by its parent, makes a
//! group in every mounted hierarchy, and ignores failures there. Measured on cgroup v1: 1.2 ms and 542 system calls before
//! its first limit is written, against 0.1 ms for all of ours.

mod dbus;
mod leftovers;
#[cfg(feature = "libcgroups")]
mod libcgroups;
mod limits;
mod place;
mod remove;
mod systemd;
mod usage;

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::failure::{Failure, FailureKind};
use crate::plan::host::{CgroupFacts, CgroupVersion};
use crate::plan::{Action, Plan};

pub use leftovers::{Leftover, collect};
pub(super) use systemd::is_there as systemd_is_there;
pub use usage::{Hit, Pressure, Usage};

/// The cgroup of one container.
#[derive(Debug)]
pub(super) struct Cgroup {
    version: CgroupVersion,
    /// Controller and directory; one entry on v2.
    directories: Vec<(String, PathBuf)>,
    tasks: Vec<File>,
    directory: Option<File>,
    /// Where launch itself was moved to; taken back in the end.
    seat: Option<place::Seat>,
}

impl Cgroup {
    /// Makes the cgroup of a plan; `None` where the plan has none.
    pub(super) fn create(plan: &Plan, facts: &CgroupFacts) -> Result<Option<Cgroup>, Failure> {
        let found = plan.numbered().find_map(|(number, step)| {
            if let Action::CreateCgroup(step) = &step.action { Some((number, step)) } else { None }
        });
        let Some((number, step)) = found else { return Ok(None) };
        let mut cgroup =
            Cgroup { version: step.version, directories: Vec::new(), tasks: Vec::new(), directory: None, seat: None };
        cgroup.make(step, facts).map_err(|failure| failure.of_step(number))?;
        cgroup.limit_all(plan)?;
        cgroup.open().map_err(|failure| failure.of_step(number))?;
        if step.delegate {
            cgroup.give_away(plan).map_err(|failure| failure.of_step(number))?;
        }
        Ok(Some(cgroup))
    }

    fn path_of(&self, controller: &str) -> Option<&Path> {
        let v2 = self.version == CgroupVersion::V2;
        self.directories.iter().find(|(known, _)| v2 || known == controller).map(|(_, path)| path.as_path())
    }

    /// Opens what the process is placed by: its directory on v2, `tasks` on v1.
    fn open(&mut self) -> Result<(), Failure> {
        for (_, directory) in &self.directories {
            if self.version == CgroupVersion::V2 {
                self.directory = Some(File::open(directory).map_err(|error| failed(call("open", directory), &error))?);
            } else {
                let path = directory.join("tasks");
                let opened = File::options().write(true).open(&path);
                self.tasks.push(opened.map_err(|error| failed(call("open", &path), &error))?);
            }
        }
        Ok(())
    }

    /// Descriptors of `tasks`, on v1.
    pub(super) fn tasks(&self) -> Vec<i32> {
        self.tasks.iter().map(AsRawFd::as_raw_fd).collect()
    }

    /// Descriptor of the directory, on v2, for CLONE_INTO_CGROUP.
    pub(super) fn directory(&self) -> Option<i32> {
        self.directory.as_ref().map(AsRawFd::as_raw_fd)
    }

    /// Kills every process in it.
    pub(super) fn kill(&self) {
        for (_, directory) in &self.directories {
            remove::kill_all(directory);
        }
    }

    /// Removes what dead launches left beside it; at a constant cost, while the container already runs.
    pub(super) fn sweep(&self) {
        leftovers::sweep(&self.directories);
    }
}

impl Drop for Cgroup {
    /// Removes the cgroup, with what the container made below it.
    fn drop(&mut self) {
        for (_, directory) in &self.directories {
            let _ = remove::tree(directory);
        }
        if let Some(seat) = self.seat.take() {
            seat.leave();
        }
    }
}

fn call(name: &str, path: &Path) -> String {
    format!("{name}({:?})", path.display().to_string())
}

fn failed(call: String, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Cgroup, call, Errno::from_io_error(error).unwrap_or(Errno::IO))
}

/// Writes a file of a cgroup with one write(2), which is how the kernel takes it.
fn write(path: &Path, value: &str) -> Result<(), Failure> {
    std::fs::write(path, value)
        .map_err(|error| failed(format!("write({:?}, {value:?})", path.display().to_string()), &error))
}
