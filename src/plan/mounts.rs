//! `[[mounts]]` and the mounts that are always there: what is placed where.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Serialize;

use super::host::{CgroupVersion, PathFact};
use super::namespaces::Spaces;
use super::rootfs::{DEFAULT_TMPFS, MountPoint, PointKind, RootSource, RootStep, Writes};
use super::userns::Users;
use super::{Action, Lowering, Origin, Phase, Step, limits, size};
use crate::config::{At, Mount, MountType, Propagation};
use crate::diagnostics::{Code, Problem};

/// What is mounted without being asked for.
pub(super) const BUILTIN_TARGETS: [&str; 4] = ["/proc", "/dev", "/tmp", "/run"];

/// One thing placed inside the root.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct MountStep {
    /// Path inside the root as written; links on the way are resolved inside the root when it is placed.
    pub target: String,
    /// What is placed.
    pub what: Placed,
    /// How it may be used.
    pub flags: MountFlags,
    /// True where a missing mount point is made.
    pub create: bool,
}

/// What is placed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Placed {
    /// A directory or file of the host.
    Bind {
        /// Absolute path on the host.
        source: PathBuf,
        /// True for a directory.
        directory: bool,
        /// With what is mounted below it.
        recursive: bool,
        /// With owners as on disk (an idmapped mount).
        idmapped: bool,
        /// Propagation; private where absent.
        propagation: Option<&'static str>,
    },
    /// An empty file system in memory.
    Tmpfs {
        /// Bytes.
        size: u64,
        /// Permissions of its root.
        mode: u32,
    },
    /// Directories laid over each other.
    Overlay {
        /// The uppermost first.
        lower: Vec<PathBuf>,
        /// Takes the writes; memory where absent.
        upper: Option<(PathBuf, PathBuf)>,
        /// Bytes in memory, without `upper`.
        size: u64,
    },
    /// proc(5) of the container's pid namespace.
    Proc,
    /// sysfs(5) of the container's network namespace.
    Sysfs,
    /// Pseudo terminals.
    Devpts,
    /// POSIX message queues.
    Mqueue,
    /// The container's own cgroup.
    Cgroup,
    /// A minimal /dev: null zero full random urandom tty, ptmx, pts, shm, mqueue, fd, stdin, stdout, stderr.
    Dev {
        /// True with message queues of the container's own.
        mqueue: bool,
    },
    /// A device node of the host.
    Device {
        /// Path on the host.
        source: PathBuf,
        /// Major and minor number, checked again when it is placed.
        number: (u32, u32),
    },
    /// A file with a text.
    File {
        /// The text.
        content: String,
        /// Permissions.
        mode: u32,
    },
    /// A symbolic link.
    Symlink {
        /// Its text.
        text: String,
    },
    /// An empty directory.
    Directory {
        /// Permissions.
        mode: u32,
    },
}

/// Flags of a mount (mount(2)).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[expect(missing_docs, reason = "the names are mount(8)'s")]
pub struct MountFlags {
    pub readonly: bool,
    pub nosuid: bool,
    pub nodev: bool,
    pub noexec: bool,
}

const KERNEL: MountFlags = MountFlags { readonly: false, nosuid: true, nodev: true, noexec: true };
const SCRATCH: MountFlags = MountFlags { readonly: false, nosuid: true, nodev: true, noexec: false };

/// Places all mounts and builds the root that can take them.
pub(super) fn lower(lowering: &mut Lowering, root: Option<&RootStep>, users: &Users, spaces: Spaces) {
    let mut placed = builtins(lowering, spaces);
    for index in 0..lowering.config.mounts.len() {
        if let Some(step) = one(lowering, index, users) {
            placed.push((Origin::Written(At::Field("mounts", index, "target")), step));
        }
    }
    let Some(root) = root else { return };
    let missing = points(lowering, &placed, root);
    emit_root(lowering, root, missing);
    lowering.steps.extend(placed.into_iter().map(|(origin, step)| Step {
        phase: Phase::Mounts,
        action: Action::Mount(step),
        origin,
    }));
}

fn emit_root(lowering: &mut Lowering, root: &RootStep, missing: Vec<MountPoint>) {
    let mut root = root.clone();
    let in_memory = matches!(root.source, RootSource::Host { .. });
    if !missing.is_empty() && root.writes == Writes::Refused && !in_memory {
        let names: Vec<&str> = missing.iter().map(|point| point.path.as_str()).collect();
        lowering.note(format!(
            "the root has no {}: a sealed overlay under it provides the mount point, the directory is not written to",
            names.join(", ")
        ));
        root.writes = Writes::Sealed { missing };
    }
    let readonly = in_memory && root.writes == Writes::Refused;
    let at = match (&lowering.config.rootfs, &root.source) {
        (Some(rootfs), _) if rootfs.shorthand => "rootfs",
        (_, RootSource::Host { .. }) => "rootfs.host",
        _ => "rootfs.path",
    };
    lowering.written(At::Key(at), Phase::Root, Action::BuildRoot(root));
    lowering.default(Phase::Enter, Action::EnterRoot { readonly });
}

/// The mounts that are always there unless the file replaces them.
fn builtins(lowering: &Lowering, spaces: Spaces) -> Vec<(Origin, MountStep)> {
    let replaced = |target: &str| {
        lowering.config.mounts.iter().any(|mount| mount.target.as_deref().map(normal).as_deref() == Some(target))
    };
    // A fresh proc of a pid namespace that is not ours would need privileges over it.
    let proc = if spaces.pid { Placed::Proc } else { host_bind("/proc") };
    let all = [
        ("/proc", proc, KERNEL),
        (
            "/dev",
            Placed::Dev { mqueue: spaces.ipc },
            MountFlags { readonly: false, nosuid: true, nodev: false, noexec: true },
        ),
        ("/tmp", Placed::Tmpfs { size: DEFAULT_TMPFS, mode: 0o1777 }, SCRATCH),
        ("/run", Placed::Tmpfs { size: DEFAULT_TMPFS, mode: 0o755 }, SCRATCH),
    ];
    let wanted = all.into_iter().filter(|(target, _, _)| !replaced(target));
    wanted
        .map(|(target, what, flags)| {
            (Origin::Default, MountStep { target: target.to_owned(), what, flags, create: true })
        })
        .collect()
}

fn host_bind(path: &str) -> Placed {
    Placed::Bind { source: path.into(), directory: true, recursive: true, idmapped: false, propagation: None }
}

/// Returns a path without `.`, `//` and a trailing slash.
fn normal(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    format!("/{}", parts.join("/"))
}

/// Plans one `[[mounts]]`; `None` where it is wrong or left out.
fn one(lowering: &mut Lowering, index: usize, users: &Users) -> Option<MountStep> {
    let mount = &lowering.config.mounts[index];
    let target = target(lowering, index, mount)?;
    unused_keys(lowering, index, mount);
    let what = placed(lowering, index, mount, users)?;
    let bind = matches!(mount.kind, MountType::Bind);
    let plain = matches!(
        mount.kind,
        MountType::Bind | MountType::Tmpfs | MountType::Overlay | MountType::File | MountType::Dir | MountType::Symlink
    );
    let flags = MountFlags {
        readonly: mount.readonly.unwrap_or(bind || matches!(mount.kind, MountType::Cgroup | MountType::Sysfs)),
        nosuid: mount.nosuid.unwrap_or(true),
        nodev: mount.nodev.unwrap_or(true),
        noexec: mount.noexec.unwrap_or(!plain),
    };
    Some(MountStep { target, what, flags, create: mount.create.unwrap_or(true) })
}

fn target(lowering: &mut Lowering, index: usize, mount: &Mount) -> Option<String> {
    let at = At::Field("mounts", index, "target");
    let Some(target) = mount.target.as_deref() else {
        lowering.problem(
            Problem::error(Code::MountTargetMissing, "this mount has no target")
                .key(At::Item("mounts", index), "placed nowhere")
                .help("write `target = \"/PATH\"`, a path inside the root"),
        );
        return None;
    };
    let wrong = if !target.starts_with('/') {
        Some((
            format!("the target `{target}` is not absolute"),
            format!("write target = \"/{}\"", target.trim_start_matches("./")),
        ))
    } else if target.contains('\0') {
        lowering.problem(super::process::nul(at));
        return None;
    } else if target.split('/').any(|part| part == "..") {
        Some((format!("the target `{target}` holds `..`"), format!("write target = \"{}\"", normal(target))))
    } else if normal(target) == "/" {
        Some(("the root itself cannot be a mount target".to_owned(), "name the root with `rootfs`".to_owned()))
    } else {
        None
    };
    if let Some((message, help)) = wrong {
        lowering.problem(
            Problem::error(Code::MountTargetInvalid, message).value(at, "an absolute path inside the root").help(help),
        );
        return None;
    }
    let normal = normal(target);
    let same = |other: &Mount| other.target.as_deref().map(self::normal).as_deref() == Some(normal.as_str());
    if let Some(earlier) = lowering.config.mounts[..index].iter().position(same) {
        lowering.problem(
            Problem::error(Code::MountTargetTwice, format!("two mounts have the target `{normal}`"))
                .value(At::Field("mounts", earlier, "target"), "hidden by the second")
                .value(at, "the same target")
                .help("remove one of them, or change its target"),
        );
        return None;
    }
    Some(normal)
}

/// Which keys mean something for which types.
fn unused_keys(lowering: &mut Lowering, index: usize, mount: &Mount) {
    use MountType::{Bind, Dir, File, Overlay, Symlink, Tmpfs};
    let keys: [(&'static str, bool, &[MountType]); 10] = [
        ("source", mount.source.is_some(), &[Bind, Symlink]),
        ("recursive", mount.recursive.is_some(), &[Bind]),
        ("propagation", mount.propagation.is_some(), &[Bind]),
        ("optional", mount.optional.is_some(), &[Bind]),
        ("idmap", mount.idmap.is_some(), &[Bind]),
        ("size", mount.size.is_some(), &[Tmpfs, Overlay]),
        ("mode", mount.mode.is_some(), &[Tmpfs, File, Dir]),
        ("content", mount.content.is_some(), &[File]),
        ("lower", !mount.lower.is_empty(), &[Overlay]),
        ("upper", mount.upper.is_some() || mount.work.is_some(), &[Overlay]),
    ];
    for (key, there, types) in keys {
        if !there || types.contains(&mount.kind) {
            continue;
        }
        let kind = format!("{:?}", mount.kind).to_lowercase();
        let for_types: Vec<String> = types.iter().map(|kind| format!("\"{kind:?}\"").to_lowercase()).collect();
        let at = At::Field("mounts", index, if key == "upper" && mount.upper.is_none() { "work" } else { key });
        lowering.problem(
            Problem::error(Code::MountKeyUnused, format!("`{key}` means nothing for a mount of type \"{kind}\""))
                .key(at, format!("only for {}", for_types.join(" and ")))
                .value(At::Field("mounts", index, "type"), format!("the type is \"{kind}\""))
                .help(format!("remove `{key}`, or write type = {}", for_types.first().map_or("", String::as_str))),
        );
    }
}

fn placed(lowering: &mut Lowering, index: usize, mount: &Mount, users: &Users) -> Option<Placed> {
    Some(match mount.kind {
        MountType::Bind => return bind(lowering, index, mount, users),
        MountType::Tmpfs => {
            Placed::Tmpfs { size: tmpfs_size(lowering, index, mount), mode: mode(lowering, index, mount, 0o755) }
        }
        MountType::Overlay => return overlay(lowering, index, mount),
        MountType::Proc => Placed::Proc,
        MountType::Sysfs => Placed::Sysfs,
        MountType::Devpts => Placed::Devpts,
        MountType::Mqueue => Placed::Mqueue,
        MountType::Cgroup => return cgroup(lowering, index),
        MountType::File => {
            let Some(content) = mount.content.clone() else {
                lowering.problem(
                    Problem::error(Code::MountContentMissing, "a mount of type \"file\" has no content")
                        .key(At::Item("mounts", index), "no `content`")
                        .help("write `content = \"…\"`, or `type = \"bind\"` with a `source` for a file of the host"),
                );
                return None;
            };
            Placed::File { content, mode: mode(lowering, index, mount, 0o644) }
        }
        MountType::Symlink => Placed::Symlink { text: source(lowering, index, mount)?.to_owned() },
        MountType::Dir => Placed::Directory { mode: mode(lowering, index, mount, 0o755) },
    })
}

/// The container's own cgroup can be shown where it is one of v2, which its namespace makes the root of.
fn cgroup(lowering: &mut Lowering, index: usize) -> Option<Placed> {
    let version = lowering.host.cgroup.version;
    if version == CgroupVersion::V2 {
        return Some(Placed::Cgroup);
    }
    lowering.problem(
        Problem::error(Code::CgroupMountV1, "a mount of type \"cgroup\" needs cgroup v2")
            .value(At::Field("mounts", index, "type"), format!("this host has cgroup {}", version.as_str()))
            .help("remove the mount, or boot with systemd.unified_cgroup_hierarchy=1"),
    );
    None
}

fn source<'a>(lowering: &mut Lowering, index: usize, mount: &'a Mount) -> Option<&'a str> {
    let kind = if mount.kind == MountType::Symlink { "symlink" } else { "bind" };
    match mount.source.as_deref() {
        Some("") | None => {
            lowering.problem(
                Problem::error(Code::MountSourceMissing, format!("a mount of type \"{kind}\" has no source"))
                    .key(At::Item("mounts", index), "no `source`")
                    .help("write `source = \"PATH\"`, or another `type`: \"tmpfs\" for an empty directory"),
            );
            None
        }
        Some(text) if text.contains('\0') => {
            lowering.problem(super::process::nul(At::Field("mounts", index, "source")));
            None
        }
        Some(text) => Some(text),
    }
}

fn bind(lowering: &mut Lowering, index: usize, mount: &Mount, users: &Users) -> Option<Placed> {
    let written = source(lowering, index, mount)?;
    let at = At::Field("mounts", index, "source");
    let path = lowering.absolute(written);
    let directory = match lowering.path_fact(&path) {
        PathFact::Directory => true,
        PathFact::File | PathFact::CharDevice(..) | PathFact::BlockDevice(..) => false,
        PathFact::Missing if mount.optional == Some(true) => {
            lowering.note(format!("`{}` does not exist: the optional mount is left out", path.display()));
            return None;
        }
        PathFact::Missing => {
            lowering.problem(
                Problem::error(Code::MountSourceNotFound, format!("the source `{written}` does not exist"))
                    .value(at, path.display().to_string())
                    .help("correct the path (relative paths start at this file), make it, or write `optional = true`"),
            );
            return None;
        }
        PathFact::Unreadable(reason) => {
            lowering.problem(
                Problem::error(
                    Code::MountSourceUnreadable,
                    format!("the source `{written}` cannot be looked at: {reason}"),
                )
                .value(at, path.display().to_string())
                .help("make it reachable for the caller"),
            );
            return None;
        }
    };
    let idmapped = match mount.idmap {
        Some(true) if !users.private => {
            lowering.problem(
                Problem::error(Code::IdmapWithoutUserns, "`idmap` needs a user namespace")
                    .key(At::Field("mounts", index, "idmap"), "maps owners into the user namespace")
                    .value(At::Key("userns.mode"), "there is none")
                    .help("remove `idmap`, or `mode = \"host\"` from [userns]"),
            );
            return None;
        }
        Some(true) if lowering.host.uid != 0 => {
            lowering.problem(
                Problem::error(
                    Code::IdmapUnprivileged,
                    "`idmap` needs root: the kernel lets only the owner of a file system map it",
                )
                .value(At::Field("mounts", index, "idmap"), format!("the caller is user {}", lowering.host.uid))
                .help("remove the key: with [userns] mode = \"keep-id\" the caller's files keep their owner"),
            );
            return None;
        }
        written => written.unwrap_or(users.idmapped),
    };
    let propagation = mount.propagation.map(|propagation| match propagation {
        Propagation::Private => "private",
        Propagation::Slave => "slave",
        Propagation::Shared => "shared",
    });
    if mount.propagation == Some(Propagation::Shared) && users.private {
        lowering.problem(
            Problem::error(Code::SharedInUserns, "`propagation = \"shared\"` needs the host's user namespace")
                .value(At::Field("mounts", index, "propagation"), "mounts inside would appear on the host")
                .help("write \"slave\", or [userns] mode = \"host\""),
        );
    }
    Some(Placed::Bind { source: path, directory, recursive: mount.recursive.unwrap_or(true), idmapped, propagation })
}

fn overlay(lowering: &mut Lowering, index: usize, mount: &Mount) -> Option<Placed> {
    if mount.lower.is_empty() {
        lowering.problem(
            Problem::error(Code::OverlayLowerMissing, "an overlay has no lower directory")
                .key(At::Item("mounts", index), "no `lower`")
                .help("write `lower = [\"DIRECTORY\"]`, the uppermost first"),
        );
        return None;
    }
    if mount.upper.is_some() != mount.work.is_some() {
        let (there, missing) = if mount.upper.is_some() { ("upper", "work") } else { ("work", "upper") };
        lowering.problem(
            Problem::error(Code::OverlayHalf, format!("an overlay with `{there}` needs `{missing}` too"))
                .key(At::Field("mounts", index, there), format!("without `{missing}`"))
                .help(format!(
                    "write `{missing}` (both on one file system), or leave both out: writes are then kept in memory"
                )),
        );
        return None;
    }
    let mut missing = false;
    for (item, written) in mount.lower.iter().enumerate() {
        missing |= !overlay_directory(lowering, At::FieldItem("mounts", index, "lower", item), written);
    }
    for (key, written) in [("upper", &mount.upper), ("work", &mount.work)] {
        if let Some(written) = written {
            missing |= !overlay_directory(lowering, At::Field("mounts", index, key), written);
        }
    }
    if missing {
        return None;
    }
    let lower = mount.lower.iter().map(|path| lowering.absolute(path)).collect();
    let upper = mount
        .upper
        .as_deref()
        .zip(mount.work.as_deref())
        .map(|(upper, work)| (lowering.absolute(upper), lowering.absolute(work)));
    Some(Placed::Overlay { lower, upper, size: tmpfs_size(lowering, index, mount) })
}

fn overlay_directory(lowering: &mut Lowering, at: At, written: &str) -> bool {
    let path = lowering.absolute(written);
    if *lowering.path_fact(&path) == PathFact::Directory {
        return true;
    }
    lowering.problem(
        Problem::error(Code::MountSourceNotFound, format!("`{written}` is not a directory"))
            .value(at, path.display().to_string())
            .help("make it, or correct the path; relative paths start at this file"),
    );
    false
}

fn tmpfs_size(lowering: &mut Lowering, index: usize, mount: &Mount) -> u64 {
    let Some(value) = &mount.size else { return DEFAULT_TMPFS };
    let at = At::Field("mounts", index, "size");
    match limits::sized(lowering, at.clone(), value) {
        // The kernel takes 0 for "no limit".
        Some(0) => {
            lowering.problem(
                Problem::error(Code::TmpfsSizeZero, "a tmpfs of 0 bytes would be unlimited")
                    .value(at, "0 is no limit for the kernel (tmpfs(5))")
                    .help("write a size as \"64MiB\""),
            );
            DEFAULT_TMPFS
        }
        Some(bytes) => bytes,
        None => DEFAULT_TMPFS,
    }
}

fn mode(lowering: &mut Lowering, index: usize, mount: &Mount, default: u32) -> u32 {
    let Some(text) = &mount.mode else { return default };
    size::octal(text, 0o7777).unwrap_or_else(|wrong| {
        lowering.problem(
            Problem::error(Code::ModeInvalid, wrong.message)
                .value(At::Field("mounts", index, "mode"), "0000 to 7777")
                .help(wrong.help),
        );
        default
    })
}

/// Returns the mount points that the root lacks, and records what cannot be mounted on.
fn points(lowering: &mut Lowering, placed: &[(Origin, MountStep)], root: &RootStep) -> Vec<MountPoint> {
    let mut missing: Vec<MountPoint> = Vec::new();
    let mut covered: Vec<String> = Vec::new();
    for (origin, step) in placed {
        let fact = lowering.host.root.targets.get(&step.target);
        let resolved = fact.map_or_else(|| step.target.clone(), |fact| fact.resolved.clone());
        let below_mount =
            covered.iter().any(|mount| resolved.strip_prefix(mount.as_str()).is_some_and(|rest| rest.starts_with('/')));
        let is_mount = !matches!(step.what, Placed::Symlink { .. } | Placed::Directory { .. });
        if let (Some(fact), RootSource::Directory { .. }, false) = (fact, &root.source, below_mount) {
            let kind = point_kind(&step.what);
            if fact.kind == PathFact::Missing {
                refuse_missing(lowering, origin, step, root);
                missing.push(MountPoint { path: resolved.clone(), kind });
            } else {
                check_point(lowering, origin, step, fact, &kind);
            }
        }
        if is_mount {
            covered.push(resolved);
        }
    }
    missing
}

fn point_kind(what: &Placed) -> PointKind {
    match what {
        Placed::Symlink { text } => PointKind::Symlink(text.clone()),
        Placed::Bind { directory: false, .. } | Placed::File { .. } | Placed::Device { .. } => PointKind::File,
        _ => PointKind::Directory,
    }
}

/// `create = false`: a missing mount point is a mistake.
fn refuse_missing(lowering: &mut Lowering, origin: &Origin, step: &MountStep, root: &RootStep) {
    if let (false, Origin::Written(at)) = (step.create, origin) {
        lowering.problem(
            Problem::error(Code::MountPointMissing, format!("the root has no `{}`", step.target))
                .value(at.clone(), "not there, and `create` is false")
                .help("make it in the root, or remove `create = false`"),
        );
    } else if root.writes == Writes::Reach {
        lowering.note(format!("`{}` is made in the root's directory: its mode is \"readwrite\"", step.target));
    }
}

/// Checks that what is there can be mounted on.
fn check_point(
    lowering: &mut Lowering,
    origin: &Origin,
    step: &MountStep,
    fact: &super::host::TargetFact,
    kind: &PointKind,
) {
    let at = match origin {
        Origin::Written(at) => at.clone(),
        Origin::Default => At::Key("rootfs"),
    };
    if *origin == Origin::Default
        && matches!(step.what, Placed::Proc | Placed::Dev { .. })
        && fact.resolved != step.target
    {
        lowering.problem(
            Problem::error(Code::RootfsLink, format!("`{}` of the root is a link to `{}`", step.target, fact.resolved))
                .value(at, "its root would be mounted over something else")
                .help(format!("make `{}` a directory in the root", step.target)),
        );
        return;
    }
    let directory = fact.kind == PathFact::Directory;
    let wrong = match kind {
        PointKind::Directory => (!directory).then_some(("is not a directory", "a directory")),
        PointKind::File => directory.then_some(("is a directory", "a file")),
        PointKind::Symlink(_) => Some(("exists in the root", "a link")),
    };
    if let Some((is, placed)) = wrong {
        lowering.problem(
            Problem::error(Code::MountPointKind, format!("`{}` {is}, and {placed} is placed there", fact.resolved))
                .value(at, format!("{placed} cannot be placed on it"))
                .help("choose another target, or change what is in the root"),
        );
    }
}
