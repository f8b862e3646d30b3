//! Steps in words: the lines of `launch plan`.

use std::fmt;

use super::cgroup::Place;
use super::limits::Resource;
use super::mounts::{MountFlags, MountStep, Placed};
use super::rootfs::{RootSource, RootStep, Writes};
use super::userns::IdRange;
use super::{Action, Phase};

impl Phase {
    /// Returns the heading of a phase.
    pub fn title(self) -> &'static str {
        match self {
            Phase::Cgroup => "cgroup",
            Phase::Namespaces => "namespaces",
            Phase::Ids => "ids",
            Phase::Propagation => "propagation",
            Phase::Names => "names",
            Phase::Root => "root",
            Phase::Mounts => "mounts",
            Phase::Sysctl => "kernel parameters",
            Phase::Hide => "hidden",
            Phase::Enter => "enter",
            Phase::Limits => "limits",
            Phase::Identity => "user",
            Phase::Directory => "directory",
            Phase::Privileges => "privileges",
            Phase::Seal => "seal",
            Phase::Exec => "command",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Action::CreateCgroup(step) => {
                let place = match step.place {
                    Place::Below | Place::Leaf => "below the caller's own",
                    Place::Beside => "beside the caller's own",
                    Place::Scope => "in a scope of systemd",
                    Place::Named => "in the one named",
                };
                write!(f, "make the cgroup {}-PID ({}, {place})", step.prefix, step.version.as_str())?;
                if step.controllers.is_empty() { Ok(()) } else { write!(f, " with {}", step.controllers.join(", ")) }
            }
            Action::SetLimit(limit) => {
                let files: Vec<String> =
                    limit.writes.iter().map(|write| format!("{} = {}", write.file, write.value)).collect();
                write!(f, "{}: {}", limit.resource, files.join(", "))
            }
            Action::NewNamespace { namespace } => write!(f, "a new {} namespace", namespace.as_str()),
            Action::JoinNamespace { namespace, path } => {
                write!(f, "the {} namespace at {}", namespace.as_str(), path.display())
            }
            Action::MapIds { uid, gid, helper, deny_setgroups } => {
                write!(f, "map users {}; groups {}", ranges(uid), ranges(gid))?;
                if *helper {
                    f.write_str(", by newuidmap and newgidmap")?;
                }
                if *deny_setgroups { f.write_str("; setgroups denied") } else { Ok(()) }
            }
            Action::MakePrivate => f.write_str("mount events do not travel to the host"),
            Action::SetHostname { name } => write!(f, "host name {name}"),
            Action::SetDomainname { name } => write!(f, "domain name {name}"),
            Action::LoopbackUp => f.write_str("loopback up, no other interface"),
            Action::SetTimeOffsets { monotonic, boottime } => {
                write!(f, "clocks: monotonic {monotonic:+} s, boottime {boottime:+} s")
            }
            Action::BuildRoot(root) => root_words(f, root),
            Action::Mount(mount) => mount_words(f, mount),
            Action::Sysctl { name, value } => write!(f, "{name} = {value}"),
            Action::Mask { path } => write!(f, "{path} covered"),
            Action::Readonly { path } => write!(f, "{path} read-only"),
            Action::OpenTerminal => f.write_str("open a terminal of the container's own"),
            Action::EnterRoot { readonly } => {
                f.write_str("pivot_root, the host's tree is detached")?;
                if *readonly { f.write_str(", root read-only") } else { Ok(()) }
            }
            Action::SetRlimit { resource, soft, hard } => {
                let show =
                    |value: &Option<u64>| value.map_or_else(|| "unlimited".to_owned(), |value| value.to_string());
                if soft == hard {
                    write!(f, "{resource} {}", show(soft))
                } else {
                    write!(f, "{resource} {} (hard {})", show(soft), show(hard))
                }
            }
            Action::SetOomScoreAdj { value } => write!(f, "OOM score adjustment {value}"),
            Action::NewKeyring => f.write_str("a fresh session keyring"),
            Action::SetUmask { mask } => write!(f, "umask {mask:04o}"),
            Action::SetUser { uid, gid, groups } => match groups.as_deref() {
                Some([]) => write!(f, "user {uid}, group {gid}, no other groups"),
                Some(groups) => write!(f, "user {uid}, group {gid}, groups {groups:?}"),
                None => write!(f, "user {uid}, group {gid}; the caller's other groups cannot be dropped here"),
            },
            Action::SetCwd { path } => write!(f, "working directory {path}"),
            Action::SetCapabilities { keep, ambient } => {
                if keep.is_empty() {
                    return f.write_str("no capabilities");
                }
                write!(f, "capabilities {}", keep.join(", "))?;
                if ambient.is_empty() { Ok(()) } else { write!(f, "; ambient {}", ambient.join(", ")) }
            }
            Action::NoNewPrivs => f.write_str("no new privileges by exec"),
            Action::Landlock(step) => {
                write!(f, "landlock: read {:?}, write {:?}, exec {:?}", step.read, step.write, step.exec)
            }
            Action::SetLabel { module, label } => write!(f, "{module} label {label}"),
            Action::Seccomp(step) => {
                write!(f, "system call filter {} ({} instructions)", step.profile, step.instructions)
            }
            Action::Exec { argv, .. } => {
                let words: Vec<String> = argv.iter().map(|word| quoted(&word.as_os_str().to_string_lossy())).collect();
                f.write_str(&words.join(" "))
            }
        }
    }
}

/// A word as a shell would take it back; control characters escaped.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) { word.to_owned() } else { format!("{word:?}") }
}

fn ranges(ranges: &[IdRange]) -> String {
    let one = |range: &IdRange| {
        if range.size == 1 {
            return format!("{} -> {}", range.container, range.host);
        }
        let last = |first: u32| u64::from(first) + u64::from(range.size) - 1;
        format!("{}..={} -> {}..={}", range.container, last(range.container), range.host, last(range.host))
    };
    ranges.iter().map(one).collect::<Vec<_>>().join(", ")
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Resource::Pids(count) => write!(f, "{count} processes"),
            Resource::MemoryHigh(bytes) => write!(f, "slower above {} of memory", bytes_words(*bytes)),
            Resource::MemoryLow(bytes) => write!(f, "{} of memory kept", bytes_words(*bytes)),
            Resource::OomGroup(true) => f.write_str("out of memory kills all"),
            Resource::OomGroup(false) => f.write_str("out of memory kills one"),
            Resource::CpuWeight(weight) => write!(f, "a share of processor time of {weight}"),
            Resource::Cpuset(list) => write!(f, "processors {list}"),
            Resource::CpusetMems(list) => write!(f, "memory nodes {list}"),
            Resource::Io(device) => write!(f, "io of {}", device.name),
            Resource::HugePages { page, bytes } => write!(f, "{} in huge pages of {page}", bytes_words(*bytes)),
            Resource::Unified { file, value } => write!(f, "{value} as {file}"),
            Resource::Memory(bytes) => write!(f, "{} of memory", bytes_words(*bytes)),
            Resource::Swap(bytes) => write!(f, "{} of swap", bytes_words(*bytes)),
            #[expect(clippy::cast_precision_loss, reason = "for people")]
            Resource::Cpus { quota, period } => write!(f, "{} processors", *quota as f64 / *period as f64),
        }
    }
}

/// Bytes in the largest unit that divides them.
pub(crate) fn bytes_words(bytes: u64) -> String {
    for (shift, unit) in [(40, "TiB"), (30, "GiB"), (20, "MiB"), (10, "KiB")] {
        if bytes != 0 && bytes.trailing_zeros() >= shift {
            return format!("{} {unit}", bytes >> shift);
        }
    }
    format!("{bytes} bytes")
}

fn root_words(f: &mut fmt::Formatter<'_>, root: &RootStep) -> fmt::Result {
    match &root.source {
        RootSource::Directory { path } => write!(f, "root from {}", path.display())?,
        RootSource::Host { .. } => f.write_str("root from the host's /usr and a few files of /etc")?,
    }
    match &root.writes {
        Writes::Refused => f.write_str(", read-only")?,
        Writes::Sealed { missing } => {
            let names: Vec<&str> = missing.iter().map(|point| point.path.as_str()).collect();
            write!(f, ", read-only, over a sealed overlay with {}", names.join(", "))?;
        }
        Writes::Overlay { size } => {
            write!(f, ", writes kept in memory (at most {}) and dropped at exit", bytes_words(*size))?;
        }
        Writes::Reach => f.write_str(", writable")?,
    }
    if root.idmapped { f.write_str(", owners kept by an idmapped mount") } else { Ok(()) }
}

fn mount_words(f: &mut fmt::Formatter<'_>, mount: &MountStep) -> fmt::Result {
    let target = &mount.target;
    match &mount.what {
        Placed::Bind { source, recursive, idmapped, .. } => {
            write!(f, "{target} from {}", source.display())?;
            if !recursive {
                f.write_str(", nothing below it")?;
            }
            if *idmapped {
                f.write_str(", owners kept")?;
            }
        }
        Placed::Tmpfs { size, mode } => {
            write!(f, "{target} in memory, at most {}, mode {mode:04o}", bytes_words(*size))?;
        }
        Placed::Overlay { lower, upper, .. } => {
            let lower: Vec<String> = lower.iter().map(|path| path.display().to_string()).collect();
            write!(f, "{target} laid over {}", lower.join(", "))?;
            match upper {
                Some((upper, _)) => write!(f, ", writes to {}", upper.display())?,
                None => f.write_str(", writes kept in memory")?,
            }
        }
        Placed::Proc => write!(f, "{target}, fresh")?,
        Placed::Sysfs => write!(f, "{target}, of the container's network")?,
        Placed::Devpts | Placed::Mqueue | Placed::Cgroup => write!(f, "{target}, the container's own")?,
        Placed::Dev { .. } => write!(f, "{target} with null zero full random urandom tty ptmx pts shm mqueue")?,
        Placed::Device { source, .. } => write!(f, "{target}, the device {}", source.display())?,
        Placed::File { content, mode } => write!(f, "{target}, a file of {} bytes, mode {mode:04o}", content.len())?,
        Placed::Symlink { text } => return write!(f, "{target} -> {text}"),
        Placed::Directory { mode } => return write!(f, "{target}, a directory, mode {mode:04o}"),
    }
    flag_words(f, mount.flags)
}

fn flag_words(f: &mut fmt::Formatter<'_>, flags: MountFlags) -> fmt::Result {
    let words =
        [("read-only", flags.readonly), ("nosuid", flags.nosuid), ("nodev", flags.nodev), ("noexec", flags.noexec)];
    for (word, set) in words {
        if set {
            write!(f, ", {word}")?;
        }
    }
    Ok(())
}
