//! The floor programs and the peers: how each is asked to do the job of a group.
//!
//! The options were taken from each tool's own manual. No peer is asked for seccomp.

use std::path::Path;
use std::process::Command;

use crate::Result;
use crate::bundle;
use crate::place::{MAX_SLOTS, Place};
use crate::variant::{Group, Job, State, Variant, find};

/// The floor of each group: only the system calls that the job needs.
pub(crate) fn floors(place: &Place) -> Vec<Variant> {
    let plain = place.rootfs.display().to_string();
    let mapped = place.mapped_rootfs.display().to_string();
    let (name, limits) = if place.cgroup.unified { ("floor (v2)", "-2") } else { ("floor (v1 `tasks`)", "-T") };
    [
        ("floor", Group::Sandbox, vec![plain.as_str()]),
        (name, Group::Container, vec!["-u", limits, &mapped]),
        (name, Group::Full, vec!["-u", limits, "-n", "-g", "-d", "-y", "-p", &mapped]),
    ]
    .into_iter()
    .map(|(name, group, options)| {
        let mut floor = Variant::options(name, group, &place.floor, &options);
        floor.floor = true;
        floor
    })
    .collect()
}

/// Every peer in every group that it can do; a missing one is listed as missing.
pub(crate) fn variants(place: &Place) -> Result<Vec<Variant>> {
    let mut all = bubblewrap(place);
    all.extend(nspawn(place));
    all.extend(minijail(place));
    all.extend(nsjail(place));
    all.extend(hakoniwa(place));
    for runtime in ["crun", "runc", "youki"] {
        all.extend(oci(place, runtime)?);
    }
    Ok(all)
}

fn bubblewrap(place: &Place) -> Vec<Variant> {
    let Some(bwrap) = find("bwrap") else { return vec![Variant::missing("bubblewrap", Group::Sandbox)] };
    let name = version("bubblewrap", &bwrap, "--version");
    let root = place.rootfs.display().to_string();
    let namespaces = ["--unshare-pid", "--unshare-uts", "--unshare-ipc", "--hostname", "container"];
    let root = ["--bind", &root, "/", "--proc", "/proc"];
    let sandbox: Vec<&str> = namespaces.into_iter().chain(root).collect();
    let as_pid_1: Vec<&str> = sandbox.iter().copied().chain(["--as-pid-1"]).collect();
    let program = bwrap.display().to_string();
    let user = [program.as_str(), "--unshare-user", "--uid", "0", "--gid", "0"];
    let container: Vec<&str> = user.into_iter().chain(sandbox.iter().copied()).collect();
    let mut limited = Variant::options(format!("{name} + cgwrap"), Group::Container, &place.cgwrap, &container)
        .with_note("map of one id only");
    limited.single_id = true;
    vec![
        Variant::options(&name, Group::Sandbox, &bwrap, &sandbox),
        Variant::options(format!("{name}, --as-pid-1"), Group::Sandbox, &bwrap, &as_pid_1).with_note("no init"),
        limited,
    ]
}

fn nspawn(place: &Place) -> Vec<Variant> {
    let Some(nspawn) = find("systemd-nspawn") else { return vec![Variant::missing("systemd-nspawn", Group::Sandbox)] };
    let program = nspawn.display().to_string();
    let roots: Vec<String> = (0..MAX_SLOTS).map(|slot| place.rootfs_of(slot).display().to_string()).collect();
    let line = move |job: Job, slot: usize| {
        let options =
            [program.as_str(), "-q", "--register=no", "--keep-unit", "--hostname=container", "-D", &roots[slot]];
        options.iter().chain(job.argv()).map(ToString::to_string).collect()
    };
    let name = version("systemd-nspawn", &nspawn, "--version");
    let more = "does more: /dev, /sys, seccomp, capabilities";
    vec![Variant::new(name, Group::Sandbox, Box::new(line)).with_note(more)]
}

fn minijail(place: &Place) -> Vec<Variant> {
    let Some(minijail) = find("minijail0") else { return vec![Variant::missing("minijail", Group::Sandbox)] };
    let root = place.rootfs.display().to_string();
    let options = ["-p", "-v", "-l", "--uts=container", "-P", &root, "-k", "proc,/proc,proc,0xe", "--"];
    vec![Variant::options("minijail", Group::Sandbox, &minijail, &options)]
}

fn nsjail(place: &Place) -> Vec<Variant> {
    let Some(nsjail) = find("nsjail") else {
        return vec![Variant::missing("nsjail", Group::Sandbox), Variant::missing("nsjail", Group::Container)];
    };
    let base = ["-Mo", "-Q", "--rw", "--hostname", "container", "--disable_clone_newnet", "--disable_rlimits"];
    let (plain, mapped) = (place.rootfs.display().to_string(), place.mapped_rootfs.display().to_string());
    let own = ["--disable_clone_newcgroup", "--keep_caps", "--chroot"];
    let sandbox: Vec<&str> =
        base.into_iter().chain(own).chain([plain.as_str(), "--disable_clone_newuser", "--"]).collect();
    let limits = ["--cgroup_pids_max", "20", "--cgroup_mem_max", "50000000", "-U", "0:100000:65536", "-G"];
    let container: Vec<&str> =
        base.into_iter().chain(limits).chain(["0:100000:65536"]).chain(own).chain([mapped.as_str(), "--"]).collect();
    vec![
        Variant::options("nsjail", Group::Sandbox, &nsjail, &sandbox),
        Variant::options("nsjail", Group::Container, &nsjail, &container),
    ]
}

/// It makes and removes folders in the root, so each slot has its own. Its cgroups are not below our own: not measured in (b).
fn hakoniwa(place: &Place) -> Vec<Variant> {
    let Some(program) = find("hakoniwa") else { return vec![Variant::missing("hakoniwa", Group::Sandbox)] };
    let name = version("hakoniwa", &program, "--version");
    let with = |kind: &str, profile: &'static str| {
        let program = program.display().to_string();
        let roots: Vec<String> = (0..MAX_SLOTS).map(|slot| format!("{}:rw", place.rootfs_of(slot).display())).collect();
        let line = move |job: Job, slot: usize| {
            let head = [program.as_str(), "run", "--unshare-uts", "--unshare-ipc", "--hostname", "container"];
            let tail = ["--seccomp", profile, "--rootdir", roots[slot].as_str(), "--"];
            head.iter().chain(&tail).chain(job.argv()).map(ToString::to_string).collect()
        };
        Variant::new(format!("{name}{kind}"), Group::Sandbox, Box::new(line)).with_note("user namespace of one id")
    };
    let mut limited = Variant::missing(&name, Group::Container);
    limited.state =
        State::Failed("not run: it makes its cgroups at the root of the hierarchies, outside of our own".into());
    vec![with("", "unconfined"), with(", seccomp", "podman"), limited]
}

/// The OCI runtimes: a bundle for each group, job and slot.
fn oci(place: &Place, runtime: &str) -> Result<Vec<Variant>> {
    let groups = [Group::Container, Group::Full];
    let Some(program) = find(runtime) else {
        return Ok(groups.map(|group| Variant::missing(runtime, group)).into());
    };
    let name = version(runtime, &program, "--version");
    let mut variants = Vec::new();
    for group in groups {
        let bundles = bundle::write(place, runtime, group)?;
        let state = place.scratch.join(format!("state-{runtime}")).display().to_string();
        let (program, runtime) = (program.display().to_string(), runtime.to_string());
        let mut variant = Variant::new(
            name.as_str(),
            group,
            Box::new(move |job, slot| {
                let bundle = bundle::path(&bundles, job, slot).display().to_string();
                let id = format!("{runtime}-{}-{}-{slot}", group.letter(), job.name());
                [program.as_str(), "--root", &state, "run", "--bundle", &bundle, &id].map(ToString::to_string).into()
            }),
        );
        variant.hide_unified = true;
        variants.push(variant);
    }
    Ok(variants)
}

/// The tool's name with the first word of its version line that begins with a digit.
fn version(name: &str, program: &Path, option: &str) -> String {
    let output = Command::new(program).arg(option).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    let number = text.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()));
    number.map_or_else(|| name.to_owned(), |n| format!("{name} {n}"))
}
