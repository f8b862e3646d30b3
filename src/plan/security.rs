//! `[security]` and `[seccomp]`: privileges, the system call filter, and what is hidden of the kernel's files.

use schemars::JsonSchema;
use serde::Serialize;

use super::accounts::Account;
use super::capabilities::{CAPABILITIES, DEFAULT, number};
use super::seccomp::{self, Additions, Arch, Errno, Preset, Profile, Program};
use super::userns::Users;
use super::{Action, Lowering, Phase};
use crate::config::{At, Keyring, MountType};
use crate::diagnostics::{Code, Problem};

/// Paths that nobody inside may see (the list that podman and runc use).
pub(super) const MASKED: &[&str] = &[
    "/proc/acpi",
    "/proc/asound",
    "/proc/interrupts",
    "/proc/kcore",
    "/proc/keys",
    "/proc/latency_stats",
    "/proc/sched_debug",
    "/proc/scsi",
    "/proc/timer_list",
    "/proc/timer_stats",
    "/sys/dev/block",
    "/sys/devices/virtual/powercap",
    "/sys/firmware",
    "/sys/fs/selinux",
];

/// Paths that nobody inside may write to (the same source).
pub(super) const READONLY: &[&str] = &["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"];

/// The system call filter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct SeccompStep {
    /// `default`, or the path of a profile.
    pub profile: String,
    /// What is allowed besides.
    pub allow: Vec<String>,
    /// What is refused besides.
    pub deny: Vec<String>,
    /// Instructions of the filter.
    pub instructions: usize,
    /// The filter itself, for seccomp(2).
    #[serde(skip)]
    #[schemars(skip)]
    pub program: Program,
}

/// Plans the privileges.
pub(super) fn lower(lowering: &mut Lowering, account: &Account, users: &Users) {
    let keep = names(lowering, "security.capabilities", &lowering.config.security.capabilities);
    let ambient = ambient(lowering, account, &keep);
    let written = !lowering.config.security.capabilities.is_empty() || lowering.config.security.ambient.is_some();
    lowering.step(
        written,
        "security.capabilities",
        Phase::Privileges,
        Action::SetCapabilities { keep: keep.clone(), ambient },
    );
    if lowering.config.security.no_new_privs.unwrap_or(true) {
        let written = lowering.config.security.no_new_privs.is_some();
        lowering.step(written, "security.no_new_privs", Phase::Privileges, Action::NoNewPrivs);
    }
    if lowering.config.security.keyring.unwrap_or_default() == Keyring::Private {
        let written = lowering.config.security.keyring.is_some();
        lowering.step(written, "security.keyring", Phase::Limits, Action::NewKeyring);
    }
    no_user_namespaces(lowering, users);
    hide(lowering);
    oom_score_adj(lowering);
    labels(lowering);
    filter(lowering, &keep);
}

/// No user namespace inside, whatever the filter lets through: the container's own allows none below it.
fn no_user_namespaces(lowering: &mut Lowering, users: &Users) {
    let nested = lowering.config.security.nested_userns;
    if nested.unwrap_or(false) || !users.private {
        return;
    }
    let action = Action::Sysctl { name: "user.max_user_namespaces".to_owned(), value: "0".to_owned() };
    lowering.step(nested.is_some(), "security.nested_userns", Phase::Sysctl, action);
}

/// Checks names of capabilities, and returns the known ones without repetition.
fn names(lowering: &mut Lowering, list: &'static str, written: &[String]) -> Vec<&'static str> {
    let mut set: u64 = 0;
    for (index, name) in written.iter().enumerate() {
        let at = At::Item(list, index);
        match (name.as_str(), number(name)) {
            ("@default", _) => set |= super::capabilities::mask(&DEFAULT),
            (_, Some(number)) if number > lowering.host.last_capability => lowering.problem(
                Problem::error(Code::CapabilityUnsupported, format!("this kernel has no `{name}`"))
                    .value(at, format!("the last capability here is number {}", lowering.host.last_capability))
                    .help("remove it, or run a newer kernel"),
            ),
            (_, Some(number)) => set |= 1 << number,
            (_, None) => {
                let upper = name.to_ascii_uppercase();
                let full = if upper.starts_with("CAP_") { upper } else { format!("CAP_{upper}") };
                let near = crate::diagnostics::suggest(&full, CAPABILITIES.iter().copied());
                let help = match (name.to_ascii_uppercase().as_str(), near) {
                    ("ALL", _) => {
                        "there is no \"all\" here: name the capabilities that the command needs, or write \"@default\""
                            .to_owned()
                    }
                    (_, Some(near)) => format!("did you mean \"{near}\"?"),
                    _ => "write names of capabilities(7), as \"CAP_NET_BIND_SERVICE\", or \"@default\"".to_owned(),
                };
                lowering.problem(
                    Problem::error(Code::CapabilityUnknown, format!("`{name}` is not a capability"))
                        .value(at, "unknown")
                        .help(help),
                );
            }
        }
    }
    CAPABILITIES.iter().enumerate().filter(|(number, _)| set >> number & 1 == 1).map(|(_, name)| *name).collect()
}

/// A user other than root keeps capabilities over exec only as ambient ones.
fn ambient(lowering: &mut Lowering, account: &Account, keep: &[&'static str]) -> Vec<&'static str> {
    let config = &lowering.config.security;
    let Some(written) = &config.ambient else {
        return if account.uid == 0 { Vec::new() } else { keep.to_vec() };
    };
    let ambient = names(lowering, "security.ambient", written);
    for (index, name) in written.iter().enumerate() {
        let missing = number(name).is_some_and(|number| !keep.contains(&CAPABILITIES[number as usize]));
        if missing {
            lowering.problem(
                Problem::error(Code::AmbientNotKept, format!("`{name}` is ambient but not kept"))
                    .value(At::Item("security.ambient", index), "not one of the capabilities")
                    .key(At::Key("security.capabilities"), "does not name it")
                    .help(format!("write capabilities = [\"{name}\"] too")),
            );
        }
    }
    ambient
}

/// Masks and read-only paths, in every proc(5) and sysfs that the file mounts.
fn hide(lowering: &mut Lowering) {
    let config = &lowering.config.security;
    if config.masked_paths.is_none() {
        elsewhere(lowering, MASKED, |path| Action::Mask { path });
    }
    if config.readonly_paths.is_none() {
        elsewhere(lowering, READONLY, |path| Action::Readonly { path });
    }
    paths(lowering, "security.masked_paths", config.masked_paths.as_deref(), MASKED, |path| Action::Mask { path });
    paths(lowering, "security.readonly_paths", config.readonly_paths.as_deref(), READONLY, |path| Action::Readonly {
        path,
    });
}

/// The defaults again, for kernel file systems at other places than /proc and /sys.
fn elsewhere(lowering: &mut Lowering, defaults: &[&str], action: fn(String) -> Action) {
    for mount in &lowering.config.mounts {
        let home = match mount.kind {
            MountType::Proc => "/proc",
            MountType::Sysfs => "/sys",
            _ => continue,
        };
        let Some(target) = mount.target.as_deref().filter(|target| target.trim_end_matches('/') != home) else {
            continue;
        };
        for rest in defaults.iter().filter_map(|path| path.strip_prefix(home)) {
            let path = format!("{}{rest}", target.trim_end_matches('/'));
            lowering.default(Phase::Hide, action(path));
        }
    }
}

fn paths(
    lowering: &mut Lowering,
    list: &'static str,
    written: Option<&[String]>,
    defaults: &[&str],
    action: fn(String) -> Action,
) {
    let Some(written) = written else {
        let sys =
            lowering.config.mounts.iter().any(|mount| mount.target.as_deref().is_some_and(|at| at.starts_with("/sys")));
        // Without a sysfs, /sys is a directory of the root and shows nothing of the kernel.
        for path in defaults.iter().filter(|path| sys || path.starts_with("/proc")) {
            lowering.default(Phase::Hide, action((*path).to_owned()));
        }
        return;
    };
    for (index, path) in written.iter().enumerate() {
        if !path.starts_with('/') || path.contains('\0') || path.split('/').any(|part| part == "..") {
            lowering.problem(
                Problem::error(Code::HiddenPathRelative, format!("`{path}` is not an absolute path inside the root"))
                    .value(At::Item(list, index), "starts with /, without `..`")
                    .help(format!("write \"/{}\"", path.trim_start_matches(['.', '/']))),
            );
            continue;
        }
        lowering.written(At::Item(list, index), Phase::Hide, action(path.clone()));
    }
}

fn oom_score_adj(lowering: &mut Lowering) {
    let Some(written) = lowering.config.security.oom_score_adj else { return };
    let at = At::Key("security.oom_score_adj");
    match i32::try_from(written).ok().filter(|value| (-1000..=1000).contains(value)) {
        Some(value) => lowering.written(at, Phase::Limits, Action::SetOomScoreAdj { value }),
        None => lowering.problem(
            Problem::error(Code::OomScoreOutOfRange, format!("{written} is no OOM score adjustment"))
                .value(at, "-1000 to 1000")
                .help("write a value from -1000 (never killed) to 1000 (killed first)"),
        ),
    }
}

fn labels(lowering: &mut Lowering) {
    let config = &lowering.config.security;
    for (module, key, label) in
        [("apparmor", "security.apparmor", &config.apparmor), ("selinux", "security.selinux", &config.selinux)]
    {
        let Some(label) = label else { continue };
        if !lowering.host.security_modules.iter().any(|active| active == module) {
            let named = if module == "apparmor" { "AppArmor" } else { "SELinux" };
            lowering.problem(
                Problem::error(Code::LabelUnavailable, format!("{named} is not active on this host"))
                    .key(At::Key(key), "required when written")
                    .help(format!("boot with lsm={module},…, or remove the key")),
            );
            continue;
        }
        if label.is_empty() || label.contains(['\0', '\n', ' ']) {
            lowering.problem(
                Problem::error(Code::LabelInvalid, format!("{label:?} is no {module} label"))
                    .value(At::Key(key), "one word")
                    .help("write the name of a loaded profile, or a label as user:role:type:level"),
            );
            continue;
        }
        lowering.written(At::Key(key), Phase::Seal, Action::SetLabel { module, label: label.clone() });
    }
}

/// Makes the system call filter.
fn filter(lowering: &mut Lowering, keep: &[&'static str]) {
    let config = &lowering.config.security;
    let additions = &lowering.config.seccomp;
    let Some(arch) = arch(&lowering.host.machine) else {
        no_arch(lowering);
        return;
    };
    let profile = match config.seccomp.as_deref() {
        Some("unconfined") => {
            if additions != &crate::config::Seccomp::default() {
                lowering.problem(
                    Problem::error(Code::SeccompUnconfined, "[seccomp] changes a filter that there is not")
                        .key(At::Key("seccomp"), "changes to the filter")
                        .value(At::Key("security.seccomp"), "no filter")
                        .help("write seccomp = \"default\", or remove [seccomp]"),
                );
            }
            return;
        }
        None | Some("default") => {
            seccomp::preset(&Preset { arch, capabilities: keep, nested_userns: config.nested_userns.unwrap_or(false) })
        }
        Some(path) => match file(lowering, path, keep, arch) {
            Some(profile) => profile,
            None => return,
        },
    };
    let Some(profile) = changed(lowering, profile) else { return };
    match seccomp::compile(&profile) {
        Ok(program) => {
            let step = SeccompStep {
                profile: config.seccomp.clone().unwrap_or_else(|| "default".to_owned()),
                allow: additions.allow.clone(),
                deny: additions.deny.clone(),
                instructions: program.instructions.len(),
                program,
            };
            lowering.step(config.seccomp.is_some(), "security.seccomp", Phase::Seal, Action::Seccomp(step));
        }
        Err(error) => lowering.problem(
            Problem::error(Code::SeccompTooLong, error.to_string())
                .key(At::Key("security.seccomp"), "the kernel takes 4096 instructions")
                .help("write fewer conditions on arguments"),
        ),
    }
}

/// A filter that is written is made, or nothing is started.
fn no_arch(lowering: &mut Lowering) {
    let machine = &lowering.host.machine;
    let text = format!("no system call filter can be made for the machine {machine}");
    let key = if lowering.config.security.seccomp.is_some() { "security.seccomp" } else { "seccomp" };
    let written = !matches!(lowering.config.security.seccomp.as_deref(), None | Some("unconfined"));
    if written || lowering.config.seccomp != crate::config::Seccomp::default() {
        lowering.problem(
            Problem::error(Code::SeccompMachine, text)
                .key(At::Key(key), "required when written")
                .help("known are x86_64 and aarch64; remove the key, and the container runs without a filter"),
        );
    } else {
        lowering.note(text);
    }
}

fn arch(machine: &str) -> Option<Arch> {
    match machine {
        "x86_64" => Some(Arch::X86_64),
        "aarch64" => Some(Arch::Aarch64),
        _ => None,
    }
}

/// Reads a profile in the form of the OCI runtime specification.
fn file(lowering: &mut Lowering, path: &str, keep: &[&'static str], arch: Arch) -> Option<Profile> {
    let at = At::Key("security.seccomp");
    let full = lowering.absolute(path);
    let text = match lowering.host.texts.get(&full) {
        Some(Ok(text)) => text,
        Some(Err(reason)) => {
            lowering.problem(
                Problem::error(
                    Code::SeccompUnreadable,
                    format!("the seccomp profile `{path}` cannot be read: {reason}"),
                )
                .value(at, full.display().to_string())
                .help("correct the path (relative paths start at this file), or write \"default\""),
            );
            return None;
        }
        None => return None,
    };
    let surroundings = seccomp::oci::Surroundings { arch, capabilities: keep, kernel: lowering.host.kernel };
    match seccomp::oci::parse(text, &surroundings) {
        Ok(loaded) => Some(loaded.profile),
        Err(error) => {
            lowering.problem(
                Problem::error(
                    Code::SeccompInvalid,
                    format!(
                        "the seccomp profile `{path}` is not valid at line {}, column {}: {}",
                        error.line, error.column, error.problem
                    ),
                )
                .value(at, "an OCI or podman profile in JSON")
                .help("see the seccomp section of the OCI runtime specification"),
            );
            None
        }
    }
}

/// Applies `[seccomp]`.
fn changed(lowering: &mut Lowering, mut profile: Profile) -> Option<Profile> {
    let config = &lowering.config.seccomp;
    let errno = match &config.errno {
        None => None,
        Some(written) => {
            if let Some(errno) = Errno::parse(&written.to_string()) {
                Some(errno)
            } else {
                let near = crate::diagnostics::suggest(&written.to_string(), Errno::names());
                let help = near.map_or_else(
                    || "write a name of errno(3), as \"ENOSYS\", or its number".to_owned(),
                    |near| format!("did you mean \"{near}\"?"),
                );
                lowering.problem(
                    Problem::error(Code::ErrnoUnknown, format!("`{written}` is not an error number"))
                        .value(At::Key("seccomp.errno"), "unknown")
                        .help(help),
                );
                None
            }
        }
    };
    if config.allow.is_empty() && config.deny.is_empty() && config.log.is_empty() && errno.is_none() {
        return Some(profile);
    }
    let additions = Additions { allow: &config.allow, deny: &config.deny, errno, log: &config.log };
    let Err(unknown) = profile.add(&additions) else { return Some(profile) };
    for name in unknown {
        let list = match name.list {
            seccomp::List::Allow => "seccomp.allow",
            seccomp::List::Deny => "seccomp.deny",
            seccomp::List::Log => "seccomp.log",
        };
        let help = name.suggestion.map_or_else(
            || "write a system call of syscalls(2), or a group as \"@mount\"".to_owned(),
            |near| format!("did you mean \"{near}\"?"),
        );
        lowering.problem(
            Problem::error(Code::SyscallUnknown, format!("`{}` is not a system call", name.name))
                .value(At::Item(list, name.index), "unknown")
                .help(help),
        );
    }
    None
}
