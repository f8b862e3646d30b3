//! Whether a variant does the job of its group, seen from outside, before it is measured.

use std::fs;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::Result;
use crate::place::{Place, mount_point};
use crate::processes;
use crate::unified::MountNamespaces;
use crate::variant::{Group, Job, Variant};

/// What the kernel says of the command of a container.
#[derive(Default)]
pub(crate) struct Proof {
    /// The names of the namespaces that are not ours.
    pub(crate) namespaces: Vec<&'static str>,
    pub(crate) ids: u64,
    pub(crate) pids: Option<u64>,
    pub(crate) memory: Option<u64>,
    pub(crate) seccomp: bool,
    pub(crate) no_new_privs: bool,
    /// How many capabilities the bounding set and the effective set hold.
    pub(crate) bounding: u32,
    pub(crate) effective: u32,
    pub(crate) read_only: bool,
    pub(crate) mounts: usize,
    pub(crate) own_init: bool,
}

/// Runs the three jobs once each: exit code, host name, and the facts of /proc.
pub(crate) fn verify(place: &Place, variant: &Variant) -> Result<Proof> {
    let namespaces = MountNamespaces::make()?;
    namespaces.enter(variant.hide_unified)?;
    let proof = (|| {
        succeed(place, variant, Job::True)?;
        let hostname = succeed(place, variant, Job::Hostname)?;
        if hostname.trim() != "container" {
            return Err(format!("the host name inside is {:?}", hostname.trim()));
        }
        let proof = look_at_sleeping(place, variant)?;
        demand(variant, &proof).map(|()| proof)
    })();
    namespaces.enter(false)?;
    proof
}

fn command(place: &Place, variant: &Variant, job: Job) -> Result<Command> {
    let line = (variant.command_line)(job, 0);
    let (program, args) = line.split_first().ok_or("an empty command line")?;
    let mut command = Command::new(program);
    command.args(args).env_clear().stdin(Stdio::null());
    command
        .envs(place.environment().iter().filter_map(|v| v.split_once('=')).map(|(k, v)| (k.to_owned(), v.to_owned())));
    Ok(command)
}

fn succeed(place: &Place, variant: &Variant, job: Job) -> Result<String> {
    let child = command(place, variant, job)?.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let output = finish(child.map_err(|e| format!("starting it: {e}"))?)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let said = said.trim().lines().map(str::trim).collect::<Vec<_>>().join(" / ");
        return Err(format!("{}: {said}", output.status));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Waits for a child that may hang.
fn finish(mut child: Child) -> Result<Output> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while child.try_wait().map_err(|e| e.to_string())?.is_none() {
        if Instant::now() > deadline {
            processes::kill_all_below(std::process::id());
            return Err("hangs for 10 s".into());
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    child.wait_with_output().map_err(|e| e.to_string())
}

fn look_at_sleeping(place: &Place, variant: &Variant) -> Result<Proof> {
    let child = command(place, variant, Job::Sleep)?.stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let mut child = child.map_err(|e| format!("starting it: {e}"))?;
    let deadline = Instant::now() + Duration::from_secs(5);
    let found = loop {
        // Our own child is looked at too: with the floor's vfork the name is there only once exec is done.
        if let Some(process) = processes::sleeping_below(std::process::id()).pop() {
            break Some(process.pid);
        }
        if Instant::now() > deadline {
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let proof = found.ok_or_else(|| "its command was not seen running".to_owned()).and_then(prove);
    if let Some(pid) = found {
        processes::end(pid);
    }
    std::thread::sleep(Duration::from_millis(100));
    let _ = child.try_wait();
    processes::kill_all_below(std::process::id());
    let _ = child.wait();
    proof
}

fn prove(pid: u32) -> Result<Proof> {
    let read =
        |name: &str| fs::read_to_string(format!("/proc/{pid}/{name}")).map_err(|e| format!("/proc/{pid}/{name}: {e}"));
    let link = |who: &str, name: &str| fs::read_link(format!("/proc/{who}/ns/{name}")).ok();
    let status = read("status")?;
    let field = |key: &str| status.lines().find_map(|l| l.strip_prefix(key)).unwrap_or("").trim().to_owned();
    let set = |key: &str| u64::from_str_radix(&field(key), 16).unwrap_or(0).count_ones();
    let mountinfo = read("mountinfo")?;
    let root = mountinfo.lines().rfind(|line| line.split(' ').nth(4) == Some("/")).unwrap_or("");
    let ids = read("uid_map")?.lines().filter_map(|l| l.split_whitespace().nth(2)?.parse::<u64>().ok()).sum();
    let cgroups = read("cgroup")?;
    Ok(Proof {
        namespaces: ["pid", "mnt", "uts", "ipc", "user", "net", "cgroup", "time"]
            .into_iter()
            .filter(|name| link(&pid.to_string(), name) != link("self", name))
            .collect(),
        ids,
        pids: limit(&cgroups, "pids", &["pids.max"]),
        memory: limit(&cgroups, "memory", &["memory.limit_in_bytes", "memory.max"]),
        seccomp: field("Seccomp:") == "2",
        no_new_privs: field("NoNewPrivs:") == "1",
        bounding: set("CapBnd:"),
        effective: set("CapEff:"),
        read_only: root.split(' ').nth(5).is_some_and(|options| options.split(',').any(|o| o == "ro")),
        mounts: mountinfo.lines().count(),
        own_init: field("NSpid:").split_whitespace().next_back() != Some("1"),
    })
}

/// The value of the first of `files` that the process's cgroup of this controller has; none for "max".
fn limit(cgroups: &str, controller: &str, files: &[&str]) -> Option<u64> {
    let mut lines = cgroups.lines().filter_map(|line| line.split_once(':')?.1.split_once(':'));
    let (controllers, path) = lines
        .find(|(c, _)| c.split(',').any(|c| c == controller))
        .or_else(|| cgroups.strip_prefix("0::").map(|p| ("", p.trim())))?;
    let dir = format!("{}{path}", mount_point(controllers));
    let text = files.iter().find_map(|file| fs::read_to_string(format!("{dir}/{file}")).ok())?;
    // Without a limit, v1 shows the largest number of pages.
    text.trim().parse().ok().filter(|bytes| *bytes < 1 << 62)
}

/// The job of the group, as demands on the proof.
fn demand(variant: &Variant, proof: &Proof) -> Result<()> {
    let container = variant.group >= Group::Container;
    let mut namespaces = vec!["pid", "mnt", "uts", "ipc"];
    if container {
        namespaces.push("user");
    }
    if variant.group == Group::Full {
        namespaces.extend(["net", "cgroup"]);
    }
    let shared: Vec<_> = namespaces.iter().filter(|name| !proof.namespaces.contains(name)).collect();
    if !shared.is_empty() {
        return Err(format!("does not do the job: {shared:?} are the host's"));
    }
    if container && !variant.single_id && proof.ids < 65536 {
        return Err(format!("does not do the job: a map of {} ids, wanted 65536", proof.ids));
    }
    if container && !variant.name.contains("defaults") {
        // One more for an init that the limit does not count; memory is cut to whole pages.
        if !matches!(proof.pids, Some(20 | 21)) {
            return Err(format!("does not do the job: the limit of pids is {:?}, wanted 20", proof.pids));
        }
        if !matches!(proof.memory, Some(49_999_872 | 50_000_000)) {
            return Err(format!("does not do the job: the limit of memory is {:?}, wanted 50000000", proof.memory));
        }
    }
    if variant.group == Group::Full && proof.bounding > 20 {
        return Err(format!("does not do the job: {} capabilities in the bounding set", proof.bounding));
    }
    Ok(())
}

impl Proof {
    /// The proof as JSON.
    pub(crate) fn json(&self) -> Value {
        json!({
            "namespaces": self.namespaces, "ids": self.ids, "pids": self.pids, "memory": self.memory, "seccomp": self.seccomp,
            "no_new_privs": self.no_new_privs, "bounding": self.bounding, "effective": self.effective,
            "read_only": self.read_only, "mounts": self.mounts, "own_init": self.own_init,
        })
    }
}
