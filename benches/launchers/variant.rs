//! One launcher doing the job of one group: its name and its command line.

use std::path::{Path, PathBuf};

use crate::arguments::Arguments;
use crate::place::Place;
use crate::verify::Proof;
use crate::{Result, ours, peers};

/// The three jobs of equal isolation.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    /// pid, mnt, uts and ipc namespaces, own root, /proc.
    Sandbox,
    /// The sandbox with a user namespace of 65536 ids and limits on pids and memory.
    Container,
    /// The container with net and cgroup namespaces, /dev, /sys or masks, a small bounding set.
    Full,
}

impl Group {
    pub(crate) const ALL: [Self; 3] = [Self::Sandbox, Self::Container, Self::Full];

    pub(crate) fn letter(self) -> char {
        match self {
            Self::Sandbox => 'a',
            Self::Container => 'b',
            Self::Full => 'c',
        }
    }

    pub(crate) fn title(self) -> &'static str {
        match self {
            Self::Sandbox => "(a) sandbox: pid, mnt, uts, ipc namespaces, own root, /proc",
            Self::Container => "(b) container: (a) + user namespace of 65536 ids + pids and memory limits",
            Self::Full => "(c) full: (b) + net and cgroup namespaces, /dev, masks or /sys, bounding set",
        }
    }
}

/// What the container runs.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Job {
    /// Ends at once: what is timed.
    True,
    /// Prints the host name.
    Hostname,
    /// Stays, so that it can be looked at from outside.
    Sleep,
    /// Ends by its first system call: what is counted.
    Nop,
}

impl Job {
    pub(crate) const ALL: [Self; 4] = [Self::True, Self::Hostname, Self::Sleep, Self::Nop];

    pub(crate) fn argv(self) -> &'static [&'static str] {
        match self {
            Self::True => &["/bin/true"],
            Self::Hostname => &["/bin/cat", "/proc/sys/kernel/hostname"],
            Self::Sleep => &["/bin/sleep", "3600"],
            Self::Nop => &["/bin/nop"],
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::True => "true",
            Self::Hostname => "hostname",
            Self::Sleep => "sleep",
            Self::Nop => "nop",
        }
    }
}

/// Whether a variant can be measured.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum State {
    Ready,
    /// Not on this machine.
    Missing,
    /// Does not do its job here; the text says what it said.
    Failed(String),
}

/// A command line as a function of the job and of the slot (of those that run at the same time).
pub(crate) type CommandLine = Box<dyn Fn(Job, usize) -> Vec<String>>;

pub(crate) struct Variant {
    pub(crate) name: String,
    pub(crate) group: Group,
    /// The measure of its group.
    pub(crate) floor: bool,
    pub(crate) command_line: CommandLine,
    /// Runs where no cgroup2 is mounted beside the v1 hierarchies: crun refuses such a host.
    pub(crate) hide_unified: bool,
    /// What it does less or more than its group says; less is not held against it in the verification.
    pub(crate) note: &'static str,
    /// The map of its user namespace is of one id only.
    pub(crate) single_id: bool,
    pub(crate) state: State,
    pub(crate) proof: Option<Proof>,
}

impl Variant {
    pub(crate) fn new(name: impl Into<String>, group: Group, command_line: CommandLine) -> Self {
        Self {
            name: name.into(),
            group,
            floor: false,
            command_line,
            hide_unified: false,
            note: "",
            single_id: false,
            state: State::Ready,
            proof: None,
        }
    }

    /// A variant whose program, followed by `options`, takes the job at its end.
    pub(crate) fn options(name: impl Into<String>, group: Group, program: &Path, options: &[&str]) -> Self {
        let head: Vec<String> =
            std::iter::once(program.display().to_string()).chain(options.iter().map(ToString::to_string)).collect();
        Self::new(
            name,
            group,
            Box::new(move |job, _| head.iter().cloned().chain(job.argv().iter().map(ToString::to_string)).collect()),
        )
    }

    pub(crate) fn with_note(mut self, note: &'static str) -> Self {
        self.note = note;
        self
    }

    pub(crate) fn missing(name: &str, group: Group) -> Self {
        let mut variant = Self::new(name, group, Box::new(|_, _| Vec::new()));
        variant.state = State::Missing;
        variant
    }

    pub(crate) fn title(&self) -> String {
        format!("{} ({})", self.name, self.group.letter())
    }
}

/// All variants of this machine that the arguments ask for.
pub(crate) fn all(place: &Place, arguments: &Arguments) -> Result<Vec<Variant>> {
    let mut variants = peers::floors(place);
    variants.extend(ours::variants(place, arguments)?);
    variants.extend(peers::variants(place)?);
    variants.retain(|v| arguments.groups.contains(v.group.letter()));
    if let Some(text) = &arguments.only {
        variants.retain(|v| v.floor || v.name.contains(text.as_str()));
    }
    variants.sort_by_key(|v| v.group);
    Ok(variants)
}

/// Finds a program in PATH or among those that cargo installed.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let cargo = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cargo/bin"));
    std::env::split_paths(&path).chain(cargo).map(|dir| dir.join(program)).find(|file| file.is_file())
}
