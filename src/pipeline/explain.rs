//! Joins what happened to the key that asked for it: step -> origin -> problem.

use super::Loaded;
use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::{Action, Host, Origin, Plan, Step, signal_name};
use crate::runtime::{Exit, Failure, FailureKind, Hit, Outcome};

/// A failed step, at its key, with a hint for this host.
pub(super) fn failure(plan: &Plan, failure: &Failure, host: &Host) -> Problem {
    let step = failure.step.and_then(|number| plan.steps.get(number));
    let (code, message) = match failure.kind {
        FailureKind::Exec => (Code::CommandFailed, command_message(failure, step)),
        FailureKind::Differs => (Code::LimitDiffers, failure.call.clone()),
        _ => (Code::StepFailed, failure.to_string()),
    };
    let mut problem = Problem::error(code, message);
    match step.map(|step| &step.origin) {
        Some(Origin::Written(at)) => problem = problem.value(at.clone(), label(failure, step)),
        _ => {
            problem = problem.key(
                At::File,
                step.map_or_else(|| "while starting".to_owned(), |step| format!("while doing: {}", step.action)),
            );
        }
    }
    match hint(failure, step, host) {
        Some(hint) => problem.help(hint),
        None => problem,
    }
}

fn label(failure: &Failure, step: Option<&Step>) -> String {
    match failure.kind {
        FailureKind::Exec => failure.call.clone(),
        _ => step.map_or_else(String::new, |step| step.action.to_string()),
    }
}

fn command_message(failure: &Failure, step: Option<&Step>) -> String {
    let name = match step.map(|step| &step.action) {
        Some(Action::Exec { argv, .. }) => {
            argv.first().map(|name| name.as_os_str().to_string_lossy().into_owned()).unwrap_or_default()
        }
        _ => String::new(),
    };
    match failure.errno {
        libc::ENOENT | libc::ENOTDIR => format!("the command `{name}` is not in the root"),
        libc::EACCES => format!("the command `{name}` may not be executed"),
        libc::ENOEXEC => format!("the command `{name}` is no program for this machine"),
        libc::ELOOP => {
            format!("the command `{name}` is reached through a magic link of /proc, or through too many links")
        }
        _ => format!("the command `{name}` cannot be started: {}", failure.error()),
    }
}

/// What to do about it on this host.
fn hint(failure: &Failure, step: Option<&Step>, host: &Host) -> Option<String> {
    use libc::{EACCES, EAGAIN, EBUSY, EINVAL, ELOOP, ENOENT, ENOEXEC, ENOSPC, ENOSYS, EPERM};
    Some(match (failure.kind, failure.errno) {
        (FailureKind::Exec, ENOENT) => "check the path inside the root; a script's `#!` interpreter and a program's ELF interpreter must be there too".to_owned(),
        (FailureKind::Exec, EACCES) => "the file needs execute permission for the user inside, on a mount without noexec".to_owned(),
        (FailureKind::Exec, ENOEXEC) => format!("this machine runs {}; a script needs a first line as #!/bin/sh", host.machine),
        (FailureKind::Exec, ELOOP) => "the command and the interpreter of a script must be files of the root: links as /proc/self/exe would lead to launch itself".to_owned(),
        (FailureKind::Clone, EPERM) if host.uid != 0 => "user namespaces are off for ordinary users here: sysctl kernel.unprivileged_userns_clone=1, or kernel.apparmor_restrict_unprivileged_userns=0 (see `launch doctor`)".to_owned(),
        (FailureKind::Clone, EPERM) => "the caller may not make namespaces: in a container it needs CAP_SYS_ADMIN and a seccomp filter that allows clone3".to_owned(),
        (FailureKind::Clone, ENOSPC) => "the limit of namespaces is reached: sysctl user.max_user_namespaces (0 turns them off)".to_owned(),
        (FailureKind::Clone, EINVAL) => "this kernel was built without one of these namespaces".to_owned(),
        (FailureKind::Clone, EAGAIN) => "no more processes are allowed here: RLIMIT_NPROC, or the pids limit of the caller's own cgroup".to_owned(),
        (FailureKind::Clone, ENOSYS) => "clone3(2) needs Linux 5.5, or a seccomp filter that allows it".to_owned(),
        (FailureKind::Cgroup, EACCES | EPERM) => "the caller may not make cgroups here: run it in a delegated scope (systemd-run --user --scope -p Delegate=yes), or remove the limit".to_owned(),
        (FailureKind::Systemd, EACCES | EPERM) => "systemd does not let this user make scopes: ask for a session of your own (loginctl enable-linger), or write [cgroup] manager = \"cgroupfs\"".to_owned(),
        (FailureKind::Systemd, _) => "see `systemctl --failed` and `journalctl`; [cgroup] manager = \"cgroupfs\" goes without systemd".to_owned(),
        (FailureKind::Cgroup, ENOENT) => "this kernel has no such file in a cgroup: the controller, or what it needs (an io scheduler, swap), is not there; or the parent that was named is not".to_owned(),
        (FailureKind::Cgroup, libc::EROFS) => "the cgroup file system is read-only here, as in a container: mount it writable, or remove the limits".to_owned(),
        (FailureKind::Cgroup, libc::ENODEV) => "no such block device, or a partition: name the whole disk (lsblk)".to_owned(),
        (FailureKind::Cgroup, EBUSY) => "the caller's own cgroup holds processes, so its controllers cannot be given on (cgroups(7), no internal processes): run it in a scope of its own (systemd-run --scope)".to_owned(),
        (FailureKind::Maps, EPERM) => "the kernel refused the id map: see subuid(5) and user_namespaces(7)".to_owned(),
        (FailureKind::Mount, EINVAL) if mount(step) && idmapped(step) => "a file system there cannot be idmapped: write `idmap = false` on this mount (its owners are then shown as nobody), or [userns] mode = \"host\" or \"single\"".to_owned(),
        (FailureKind::Mount, EINVAL) if idmapped(step) => "the file system of this directory cannot be idmapped: move it to ext4, xfs, btrfs or tmpfs (Linux 6.3), or write [userns] mode = \"host\" or \"single\"".to_owned(),
        (FailureKind::Mount, EPERM) if failure.call.contains("proc") => "the caller's own /proc is partly covered (a container?): a fresh one would show more, so the kernel refuses it".to_owned(),
        (_, EINVAL) if failure.call.starts_with("pivot_root") => "the caller's own root is the first one of the kernel (an initramfs), whose place nothing can take: start from a root that was mounted (switch_root(8))".to_owned(),
        (_, ENOSYS) => format!("this kernel ({}.{}) lacks the call; launch needs Linux 5.14", host.kernel.0, host.kernel.1),
        _ => return None,
    })
}

fn mount(step: Option<&Step>) -> bool {
    matches!(step.map(|step| &step.action), Some(Action::Mount(_)))
}

fn idmapped(step: Option<&Step>) -> bool {
    match step.map(|step| &step.action) {
        Some(Action::BuildRoot(root)) => root.idmapped,
        Some(Action::Mount(mount)) => matches!(mount.what, crate::plan::mounts::Placed::Bind { idmapped: true, .. }),
        _ => false,
    }
}

/// Says why a run ended as it did, where a limit had a part in it.
pub(super) fn outcome(plan: &Plan, outcome: &Outcome, loaded: &mut Loaded) {
    for (number, hit) in &outcome.usage.hits {
        let Some(step) = plan.steps.get(*number) else { continue };
        let text = hit_text(hit, step);
        let place = match &step.origin {
            Origin::Written(at) => format!(" ({}, {at})", position(loaded, at)),
            Origin::Default => format!(" (the default; write {} to change it)", default_key(&step.action)),
        };
        loaded.remarks.push(format!("{text}{place}"));
    }
    if let Some((message, at)) = timeout(plan, outcome) {
        loaded.remarks.push(format!("{message} ({}, {at})", position(loaded, &at)));
    }
    if outcome.usage.hits.iter().all(|(_, hit)| !matches!(hit, Hit::Memory { .. }))
        && !outcome.timed_out
        && let Some(message) = signal(plan, outcome)
        && !matches!(outcome.exit, Exit::Signal(number) if passed_on(outcome, number))
    {
        loaded.remarks.push(message);
    }
}

/// That the timeout ended it, and the key.
pub(super) fn timeout(plan: &Plan, outcome: &Outcome) -> Option<(String, At)> {
    let timeout = plan.lifecycle.timeout_ms.filter(|_| outcome.timed_out)?;
    #[expect(clippy::cast_precision_loss, reason = "for people")]
    let seconds = timeout as f64 / 1000.0;
    Some((format!("stopped after {seconds} s"), At::Key("lifecycle.timeout")))
}

fn passed_on(outcome: &Outcome, number: i32) -> bool {
    outcome.passed_on.is_some_and(|sender| sender.signal == number)
}

/// That a signal ended it, and who sent it where that is known.
pub(super) fn signal(plan: &Plan, outcome: &Outcome) -> Option<String> {
    let Exit::Signal(number) = outcome.exit else { return None };
    // A reader that has seen enough, as in `launch … | head`: nothing to be told.
    if number == libc::SIGPIPE {
        return None;
    }
    let name = signal_name(number);
    let memory = outcome.usage.hits.iter().any(|(_, hit)| matches!(hit, Hit::Memory { .. }));
    Some(match outcome.passed_on {
        Some(sender) if sender.signal == number && sender.pid == 0 => format!("killed by {name} from the terminal"),
        Some(sender) if sender.signal == number => {
            format!("killed by {name}, which process {} (user {}) sent to launch", sender.pid, sender.uid)
        }
        _ if outcome.killed => "killed by launch, as it did not stop in time".to_owned(),
        _ if number == libc::SIGSYS && filtered(plan) => {
            "killed by the system call filter; which call it was stands in the kernel's log only (journalctl -k, type=1326)".to_owned()
        }
        _ if number == libc::SIGKILL && memory => "killed by the kernel for lack of memory".to_owned(),
        _ => format!("killed by {name}, from inside or from another process of the host"),
    })
}

fn filtered(plan: &Plan) -> bool {
    plan.steps.iter().any(|step| matches!(step.action, Action::Seccomp(_)))
}

pub(super) fn hit_text(hit: &Hit, step: &Step) -> String {
    let limit = match &step.action {
        Action::SetLimit(limit) => limit.resource.to_string(),
        _ => String::new(),
    };
    match hit {
        Hit::Memory { kills, groups, peak } => {
            let times =
                if *kills == 1 { "a process was killed".to_owned() } else { format!("{kills} processes were killed") };
            let together = if *groups > 0 { ", all at once," } else { "" };
            let peak = match peak {
                0 => String::new(),
                peak => format!(", {} were in use at most", crate::plan::bytes_words(*peak)),
            };
            format!("{times}{together} for lack of memory: the limit is {limit}{peak}")
        }
        Hit::Pids { times } => {
            let times = if *times == 1 { "once".to_owned() } else { format!("{times} times") };
            format!("a process could not be made, {times}: the limit is {limit}")
        }
    }
}

fn default_key(action: &Action) -> &'static str {
    match action {
        Action::SetLimit(limit) => limit.key(),
        _ => "the key",
    }
}

/// `FILE:LINE` of a key.
fn position(loaded: &Loaded, at: &At) -> String {
    match loaded.tree.find(at) {
        Some(found) => {
            let position = loaded.sources.position(found.value.source, found.value.range().start);
            format!("{}:{}", loaded.sources.name(found.value.source), position.line)
        }
        None => loaded.sources.name(0).to_owned(),
    }
}
