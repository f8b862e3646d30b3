//! The container's cgroup: made below our own, limited, read back, watched, removed.
//!
//! Creating, placing, watching and removing are ours: libcgroups waits 10 ms where a process is moved by its parent, makes a
//! group in every mounted hierarchy, and ignores failures there.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::failure::{Failure, FailureKind};
use crate::plan::cgroup::CgroupStep;
use crate::plan::host::{CgroupFacts, CgroupVersion};
use crate::plan::limits::Limit;
use crate::plan::{Action, Plan};

/// The cgroup of one container.
#[derive(Debug)]
pub(super) struct Cgroup {
    version: CgroupVersion,
    /// Controller and directory; one entry on v2.
    directories: Vec<(String, PathBuf)>,
    tasks: Vec<File>,
    directory: Option<File>,
}

/// A limit that was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hit {
    /// The kernel killed for lack of memory: how often, and the most memory that was used, in bytes.
    Memory {
        /// Processes killed.
        kills: u64,
        /// Bytes.
        peak: u64,
    },
    /// A process could not be made: how often.
    Pids {
        /// Refusals.
        times: u64,
    },
}

/// What was used.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Limits that were hit, with the step that set each.
    pub hits: Vec<(usize, Hit)>,
}

impl Cgroup {
    /// Makes the cgroup of a plan; `None` where the plan has none.
    pub(super) fn create(plan: &Plan, facts: &CgroupFacts) -> Result<Option<Cgroup>, Failure> {
        let found = plan.numbered().find_map(|(number, step)| {
            if let Action::CreateCgroup(step) = &step.action { Some((number, step)) } else { None }
        });
        let Some((number, step)) = found else { return Ok(None) };
        let mut cgroup = Cgroup { version: step.version, directories: Vec::new(), tasks: Vec::new(), directory: None };
        cgroup.make(step, facts).map_err(|failure| failure.of_step(number))?;
        for (number, step) in plan.numbered() {
            if let Action::SetLimit(limit) = &step.action {
                cgroup.limit(limit).map_err(|failure| failure.of_step(number))?;
            }
        }
        cgroup.open().map_err(|failure| failure.of_step(number))?;
        Ok(Some(cgroup))
    }

    fn make(&mut self, step: &CgroupStep, facts: &CgroupFacts) -> Result<(), Failure> {
        let name = format!("{}-{}", step.prefix, std::process::id());
        if self.version == CgroupVersion::V2 {
            let own = facts.unified.clone().unwrap_or_default();
            enable(&own, &step.controllers)?;
            return self.make_directory(String::new(), own.join(name));
        }
        for controller in &step.controllers {
            let own = facts.controllers.get(controller).map(|fact| fact.own.clone()).unwrap_or_default();
            self.make_directory(controller.clone(), own.join(&name))?;
        }
        Ok(())
    }

    /// A directory that is there already is a dead launch's with the same process id: nobody lives in it.
    fn make_directory(&mut self, controller: String, path: PathBuf) -> Result<(), Failure> {
        let made = std::fs::create_dir(&path).or_else(|error| {
            if error.kind() != io::ErrorKind::AlreadyExists {
                return Err(error);
            }
            remove_tree(&path)?;
            std::fs::create_dir(&path)
        });
        made.map_err(|error| failed(format!("mkdir({:?})", path.display().to_string()), &error))?;
        self.directories.push((controller, path));
        Ok(())
    }

    fn path_of(&self, controller: &str) -> Option<&Path> {
        let v2 = self.version == CgroupVersion::V2;
        self.directories.iter().find(|(known, _)| v2 || known == controller).map(|(_, path)| path.as_path())
    }

    /// Writes the files of a limit, and reads each back: what the kernel keeps is what counts.
    fn limit(&self, limit: &Limit) -> Result<(), Failure> {
        for write in &limit.writes {
            let Some(directory) = self.path_of(write.controller) else { continue };
            let path = directory.join(write.file);
            let call = || format!("write({:?}, {:?})", path.display().to_string(), write.value);
            std::fs::write(&path, &write.value).map_err(|error| failed(call(), &error))?;
            let kept = std::fs::read_to_string(&path).map_err(|error| failed(call(), &error))?;
            if kept.trim_end() != write.value {
                let call = format!("{}: the kernel keeps {:?}", call(), kept.trim_end());
                return Err(Failure::new(FailureKind::Differs, call, Errno::INVAL));
            }
        }
        Ok(())
    }

    /// Opens what the process is placed by: its directory on v2, `tasks` on v1.
    fn open(&mut self) -> Result<(), Failure> {
        for (_, directory) in &self.directories {
            if self.version == CgroupVersion::V2 {
                let opened = File::open(directory)
                    .map_err(|error| failed(format!("open({:?})", directory.display().to_string()), &error))?;
                self.directory = Some(opened);
            } else {
                let path = directory.join("tasks");
                let opened = File::options()
                    .write(true)
                    .open(&path)
                    .map_err(|error| failed(format!("open({:?})", path.display().to_string()), &error))?;
                self.tasks.push(opened);
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
            kill_all(directory);
        }
    }

    /// Says which limits were hit.
    pub(super) fn usage(&self, plan: &Plan) -> Usage {
        let mut usage = Usage::default();
        for (number, step) in plan.numbered() {
            let Action::SetLimit(limit) = &step.action else { continue };
            let hit = match limit.resource {
                crate::plan::limits::Resource::Pids(_) => self.pids_hit(),
                crate::plan::limits::Resource::Memory(_) => self.memory_hit(),
                _ => None,
            };
            usage.hits.extend(hit.map(|hit| (number, hit)));
        }
        usage
    }

    fn pids_hit(&self) -> Option<Hit> {
        let times = counter(&self.path_of("pids")?.join("pids.events"), "max")?;
        (times > 0).then_some(Hit::Pids { times })
    }

    fn memory_hit(&self) -> Option<Hit> {
        let directory = self.path_of("memory")?;
        let (events, peak) = if self.version == CgroupVersion::V2 {
            ("memory.events", "memory.peak")
        } else {
            ("memory.oom_control", "memory.max_usage_in_bytes")
        };
        let kills = counter(&directory.join(events), "oom_kill")?;
        let peak =
            std::fs::read_to_string(directory.join(peak)).ok().and_then(|text| text.trim().parse().ok()).unwrap_or(0);
        (kills > 0).then_some(Hit::Memory { kills, peak })
    }
}

impl Drop for Cgroup {
    /// Removes the cgroup, with what the container made below it.
    fn drop(&mut self) {
        for (_, directory) in &self.directories {
            let _ = remove_tree(directory);
        }
    }
}

/// Reads a line `NAME NUMBER` of a file.
fn counter(path: &Path, name: &str) -> Option<u64> {
    let text = std::fs::read_to_string(path).ok()?;
    text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok())
}

/// Enables controllers for the children of a cgroup (cgroup-v2.rst, "Enabling and Disabling").
fn enable(own: &Path, controllers: &[String]) -> Result<(), Failure> {
    let file = own.join("cgroup.subtree_control");
    let text = std::fs::read_to_string(&file)
        .map_err(|error| failed(format!("read({:?})", file.display().to_string()), &error))?;
    let enabled: Vec<&str> = text.split_whitespace().collect();
    for controller in controllers.iter().filter(|controller| !enabled.contains(&controller.as_str())) {
        let value = format!("+{controller}");
        std::fs::write(&file, &value)
            .map_err(|error| failed(format!("write({:?}, {value:?})", file.display().to_string()), &error))?;
    }
    Ok(())
}

/// Removes a cgroup and those below it, killing what still lives there.
fn remove_tree(path: &Path) -> io::Result<()> {
    const TRIES: u32 = 200;
    for attempt in 0..TRIES {
        match std::fs::remove_dir(path) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBUSY | libc::ENOTEMPTY)) => {
                for entry in
                    std::fs::read_dir(path)?.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                {
                    remove_tree(&entry.path())?;
                }
                kill_all(path);
                std::thread::sleep(std::time::Duration::from_micros(u64::from(100 * attempt.min(50))));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => return other,
        }
    }
    std::fs::remove_dir(path)
}

fn kill_all(path: &Path) {
    if std::fs::write(path.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let pids = std::fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    for pid in pids.lines().filter_map(|line| line.parse().ok()).filter(|pid: &i32| *pid > 0) {
        let _ = super::sys::kill(pid, libc::SIGKILL);
    }
}

fn failed(call: String, error: &io::Error) -> Failure {
    Failure::new(FailureKind::Cgroup, call, Errno::from_io_error(error).unwrap_or(Errno::IO))
}
