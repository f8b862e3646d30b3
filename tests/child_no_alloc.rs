//! Between clone and exec nothing touches the heap: a test binary with an allocator that ends every process but its own.
//!
//! The child may share this process's memory, so nothing that memory holds can tell the two apart: the allocator asks the
//! kernel which process it runs in (getpid(2), not a value that a library keeps).
#![allow(unsafe_code, reason = "an allocator, and a bare clone(2) that shows that it works")]
#![allow(
    clippy::unwrap_used,
    clippy::exit,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "tests act on the machine, and fail by panicking"
)]

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use launch::pipeline::{Loaded, load};
use launch::plan::{Action, Plan};
use launch::runtime::{Exit, probe};

/// Ends the process that uses it, when that is not the owner.
struct Watching;

/// The one process that may use the heap; 0 for any.
static OWNER: AtomicI64 = AtomicI64::new(0);
/// How often the heap was used by its owner: the test's own proof that the allocator is asked at all.
static USES: AtomicU64 = AtomicU64::new(0);
/// Exit status of a process that used the heap and may not.
const CAUGHT: i32 = 97;

#[global_allocator]
static HEAP: Watching = Watching;

fn watch() {
    // SAFETY: getpid(2) has no arguments and cannot fail; it is made as a bare call because no cached value can be trusted.
    let process = unsafe { libc::syscall(libc::SYS_getpid) };
    let owner = OWNER.load(Ordering::Relaxed);
    if owner == 0 || process == owner {
        USES.fetch_add(1, Ordering::Relaxed);
        return;
    }
    let words = b"the heap was used between clone and exec\n";
    // SAFETY: write(2) of a constant, then the end of this process and of no other: neither returns into the allocator.
    unsafe {
        libc::syscall(libc::SYS_write, 2, words.as_ptr(), words.len());
        libc::syscall(libc::SYS_exit_group, CAUGHT);
    }
}

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Watching {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        watch();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        watch();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        watch();
        // SAFETY: the caller's promise is passed on.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

fn main() {
    // SAFETY: getpid(2) as above.
    OWNER.store(unsafe { libc::syscall(libc::SYS_getpid) }, Ordering::Relaxed);
    // On stderr: the supervisor lets go of its standard input and output once the command has them.
    eprintln!("the allocator has to catch two:");
    the_allocator_catches(0);
    the_allocator_catches(libc::CLONE_VM);
    let folder = tempfile::tempdir().unwrap();
    let mut seen = BTreeSet::new();
    for (name, text) in files(folder.path()) {
        let file = folder.path().join(format!("{name}.toml"));
        std::fs::write(&file, text).unwrap();
        seen.extend(run(name, &file));
    }
    all_actions_were_run(&seen);
    eprintln!(
        "ok: {} kinds of steps, {} uses of the heap, none between clone and exec",
        seen.len(),
        USES.load(Ordering::Relaxed)
    );
}

/// Shows that the test can fail: a child that uses the heap is caught, whether it shares this memory or not.
fn the_allocator_catches(flags: i32) {
    extern "C" fn use_the_heap(_: *mut libc::c_void) -> i32 {
        drop(std::hint::black_box(Box::new([7_u8; 64])));
        0
    }
    let mut stack = vec![0_u128; 16 * 1024];
    let before = USES.load(Ordering::Relaxed);
    // SAFETY: the child runs on the stack made for it, and this process waits for its end (CLONE_VFORK) before the stack goes.
    let status = unsafe {
        let top = stack.as_mut_ptr_range().end.cast();
        let child = libc::clone(use_the_heap, top, flags | libc::CLONE_VFORK | libc::SIGCHLD, std::ptr::null_mut());
        assert!(child > 0, "clone: {}", std::io::Error::last_os_error());
        let mut status = 0;
        assert_eq!(libc::waitpid(child, &raw mut status, 0), child);
        status
    };
    assert!(
        libc::WIFEXITED(status) && libc::WEXITSTATUS(status) == CAUGHT,
        "the allocator let a child pass: {status:#x}"
    );
    assert_eq!(USES.load(Ordering::Relaxed), before, "the child's use was counted as the owner's");
}

/// Runs a file as `launch` does; returns the kinds of its steps.
fn run(name: &str, file: &Path) -> BTreeSet<String> {
    let mut loaded = load(file, Vec::new(), None);
    let plan = plan_of(&mut loaded);
    let mut loaded = load(file, Vec::new(), None);
    match loaded.run(launch::runtime::Watch::Hits) {
        Ok(outcome) => assert_eq!(outcome.exit, Exit::Code(7), "{name}: another status"),
        Err(_) if name == "not_found" => {}
        Err(error) => panic!("{name}: {error:?}\n{:#?}", loaded.problems),
    }
    plan.steps.iter().map(|step| kind(&step.action)).collect()
}

fn plan_of(loaded: &mut Loaded) -> Plan {
    let host = probe(&loaded.questions());
    loaded.plan(&host).unwrap_or_else(|| panic!("{:#?}", loaded.problems))
}

/// The name of an action as `launch plan --json` shows it; for a mount with what is placed.
fn kind(action: &Action) -> String {
    let json = serde_json::to_value(action).unwrap();
    let name = json["do"].as_str().unwrap().to_owned();
    match &json["what"] {
        serde_json::Value::String(what) => format!("{name} {what}"),
        serde_json::Value::Object(what) => format!("{name} {}", what.keys().next().unwrap()),
        _ => name,
    }
}

/// Every kind of step there is (the schema of the plan knows them all) has to be among those that were run.
fn all_actions_were_run(seen: &BTreeSet<String>) {
    // The first takes a machine with AppArmor or SELinux, and is a write to a file of /proc, as `set_oom_score_adj`; the
    // other takes cgroup v2, and is a new file system, as `mount proc`.
    const ELSEWHERE: [&str; 2] = ["set_label", "mount cgroup"];
    let schema = serde_json::to_value(schemars::schema_for!(Action)).unwrap();
    let mut known = constants(&schema["oneOf"], "do");
    known.remove("mount");
    let placed = serde_json::to_value(schemars::schema_for!(launch::plan::mounts::Placed)).unwrap();
    known.extend(variants(&placed["oneOf"]).into_iter().map(|name| format!("mount {name}")));
    assert!(known.len() > 30, "the schema names too few kinds of steps: {known:?}");
    let root = rustix::process::geteuid().is_root();
    let missing: Vec<_> =
        known.iter().filter(|name| !seen.contains(*name) && !ELSEWHERE.contains(&name.as_str())).collect();
    assert!(missing.is_empty() || !root, "these kinds of steps were not run: {missing:?}");
}

fn constants(variants: &serde_json::Value, tag: &str) -> BTreeSet<String> {
    let tag = |variant: &serde_json::Value| variant["properties"][tag]["const"].as_str().map(str::to_owned);
    variants.as_array().unwrap().iter().filter_map(tag).collect()
}

fn variants(list: &serde_json::Value) -> BTreeSet<String> {
    let names = |variant: &serde_json::Value| {
        let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
        let keys = variant["properties"].as_object().into_iter().flat_map(|properties| properties.keys().cloned());
        let listed = variant["enum"].as_array().into_iter().flatten().filter_map(text);
        keys.chain(text(&variant["const"])).chain(listed).collect::<Vec<_>>()
    };
    list.as_array().unwrap().iter().flat_map(names).collect()
}

/// The files: together they have every kind of step, as the caller can have it.
fn files(folder: &Path) -> Vec<(&'static str, String)> {
    for name in ["data", "lower"] {
        std::fs::create_dir(folder.join(name)).unwrap();
    }
    let end = "command = \"sh\"\nargs = [\"-c\", \"exit 7\"]\n";
    let host = format!("{end}rootfs = {{ host = true }}\n");
    let mut files = vec![
        ("host_root", host.clone()),
        ("without_init", format!("{host}lifecycle = {{ init = false }}\n")),
        ("terminal", format!("{host}stdio = {{ tty = true }}\n")),
        ("not_found", "command = \"/nonesuch\"\nrootfs = { host = true }\n".to_owned()),
        ("written_over", format!("{end}rootfs = {{ host = true, mode = \"overlay\" }}\n{MOUNTS}")),
    ];
    let root = busybox(folder);
    for mode in ["readonly", "overlay", "readwrite"] {
        let name = Box::leak(format!("busybox_{mode}").into_boxed_str());
        files.push((name, format!("{end}rootfs = {{ path = \"{root}\", mode = \"{mode}\" }}\n{MOUNTS}")));
    }
    if rustix::process::geteuid().is_root() {
        files.push(("everything", format!("{end}rootfs = \"{root}\"\n{EVERYTHING}{MOUNTS}")));
        files.push((
            "the_hosts_users",
            format!(
                "{end}rootfs = \"{root}\"\nuserns = {{ mode = \"host\" }}\nnamespaces = {{ pid = \"host\", ipc = \"path:/proc/self/ns/ipc\" }}\n{MOUNTS}"
            ),
        ));
    }
    files
}

/// A root without a single mount point, so that they are made.
fn busybox(folder: &Path) -> String {
    let root = folder.join("root");
    std::fs::create_dir_all(root.join("bin")).unwrap();
    let found = ["/bin/busybox", "/usr/bin/busybox"].iter().find(|path| Path::new(path).exists());
    std::fs::copy(found.expect("busybox-static is installed by tests/setup"), root.join("bin/sh")).unwrap();
    root.to_str().unwrap().to_owned()
}

const MOUNTS: &str = r#"
[[mounts]]
target = "/run/bind"
source = "data"
[[mounts]]
target = "/run/memory"
type = "tmpfs"
[[mounts]]
target = "/run/overlay"
type = "overlay"
lower = ["lower"]
[[mounts]]
target = "/run/proc"
type = "proc"
[[mounts]]
target = "/run/sys"
type = "sysfs"
[[mounts]]
target = "/run/pts"
type = "devpts"
[[mounts]]
target = "/run/mq"
type = "mqueue"
[[mounts]]
target = "/run/file"
type = "file"
content = "text"
[[mounts]]
target = "/run/link"
type = "symlink"
source = "file"
[[mounts]]
target = "/run/a/b/c"
type = "dir"
"#;

const EVERYTHING: &str = r#"
hostname = "box"
domainname = "example"
user = "0:0"
groups = [1, 2]
umask = "0027"
cwd = "/run"
env = { A = "b" }
devices = [{ path = "/dev/null", target = "/dev/other" }]
network = { mode = "none" }
namespaces = { time_offsets = { boottime = 100 }, cgroup = "private", ipc = "private" }
limits = { pids = 20, memory = "64MiB" }
rlimits = { nofile = 64 }
landlock = { read = ["/"], write = ["/run"], exec = ["/"] }
stdio = { stdin = "null", stdout = "null" }
sysctl = { "net.ipv4.ip_forward" = 0 }
[security]
capabilities = ["CAP_NET_BIND_SERVICE"]
oom_score_adj = 100
masked_paths = ["/proc/keys", "/proc/acpi"]
readonly_paths = ["/proc/sys"]
"#;
