//! The examples of `launch explain CODE`: the wrong one has that mistake, the right one has none.

use crate::invalid::host;
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use launch::diagnostics::{CODES, Code, Severity, Style, render};
use launch::pipeline::{Loaded, load};
use launch::plan::Host;
use launch::plan::host::{CgroupVersion, PathFact, TargetFact};
use std::fs;
use std::path::Path;

tests![wrong_examples_are_wrong, right_examples_are_right, codes_are_documented];

/// Mistakes that no file shows by itself: they need another machine, a run, or a file of an odd kind or size.
const WITHOUT_EXAMPLE: &[Code] = &[
    Code::ArgumentTooLong,
    Code::CommandFailed,
    Code::ControlCharacter,
    Code::EmptyFile,
    Code::EnvironmentTooLarge,
    Code::FileTooLarge,
    Code::FileUnreadable,
    Code::LimitDiffers,
    Code::MapTooLong,
    Code::MissingKey,
    Code::NotUtf8,
    Code::RootfsLink,
    Code::SeccompTooLong,
    Code::StepFailed,
];

fn wrong_examples_are_wrong() {
    let mut missed = Vec::new();
    for code in CODES.iter().filter(|code| !code.wrong().is_empty()) {
        let loaded = answered(*code, code.wrong());
        if !loaded.problems.contains(*code) {
            missed.push(format!("## {code}\n{}\n{}", code.wrong(), picture(&loaded)));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

fn right_examples_are_right() {
    let mut wrong = Vec::new();
    for code in CODES.iter().filter(|code| !code.right().is_empty()) {
        let loaded = answered(*code, code.right());
        if loaded.problems.iter().any(|problem| problem.severity == Severity::Error || problem.code == *code) {
            wrong.push(format!("## {code}\n{}\n{}", code.right(), picture(&loaded)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn codes_are_documented() {
    for code in CODES {
        let text = code.explanation();
        assert!(code.why().len() > 20 && code.why().ends_with('.'), "{text}");
        let example = !code.wrong().is_empty() && !code.right().is_empty();
        assert_eq!(example, !WITHOUT_EXAMPLE.contains(code), "{code}: an example, or a line in WITHOUT_EXAMPLE");
    }
}

fn answered(code: Code, example: &str) -> Loaded {
    let dir = fresh_dir(None);
    let file = dir.join("container.toml");
    fs::write(&file, whole(code, example)).unwrap();
    let mut loaded = load(&file, Vec::new(), None);
    loaded.plan(&machine(code, &dir));
    loaded
}

/// The example with the command and the root that it leaves out.
fn whole(code: Code, example: &str) -> String {
    let says = |key: &str| example.lines().any(|line| line.starts_with(key));
    let command = if says("command") || code == Code::CommandMissing { "" } else { "command = \"/bin/sh\"\n" };
    let rootfs =
        if says("rootfs") || says("[rootfs]") || code == Code::RootfsMissing { "" } else { "rootfs = \"alpine\"\n" };
    format!("{command}{rootfs}{example}\n")
}

/// The made-up host, with what the mistake needs.
fn machine(code: Code, dir: &Path) -> Host {
    let mut host = host(dir);
    host.paths.insert("/".into(), PathFact::Directory);
    host.paths.insert("/dev/fuse".into(), PathFact::CharDevice(10, 229));
    host.paths.insert(dir.join("secret"), PathFact::Unreadable("permission denied".into()));
    let texts = [
        ("settings.env", Ok("A=1\n")),
        ("broken.env", Ok("A\n")),
        ("broken.json", Ok("{}")),
        ("missing.env", Err("it does not exist")),
        ("missing.json", Err("it does not exist")),
    ];
    host.texts.extend(texts.map(|(name, text)| (dir.join(name), text.map(str::to_owned).map_err(str::to_owned))));
    let passwd = TargetFact { resolved: "/etc/passwd".into(), kind: PathFact::File };
    host.root.targets.insert("/etc/passwd".into(), passwd);
    let missing = TargetFact { resolved: "/data".into(), kind: PathFact::Missing };
    host.root.targets.insert("/data".into(), missing);
    match code {
        Code::IdmapUnprivileged
        | Code::MapNotAllowed
        | Code::UsernsHostUnprivileged
        | Code::GroupsDenied
        | Code::NewuidmapMissing => {
            (host.uid, host.gid, host.capabilities, host.free_range) = (1000, 1000, 0, None);
            host.subuid = vec![(100_000, 65_536)];
            host.subgid = vec![(100_000, 65_536)];
            let tools = Some(("/usr/bin/newuidmap".into(), "/usr/bin/newgidmap".into()));
            host.newidmap = tools.filter(|_| code != Code::NewuidmapMissing);
        }
        Code::CapabilityUnsupported => host.last_capability = 37,
        Code::LandlockMissing => host.landlock_abi = 0,
        Code::LandlockAbi => host.landlock_abi = 3,
        Code::LimitUnavailable => drop(host.cgroup.controllers.remove("memory")),
        Code::SwapUnaccounted => host.cgroup.swap = false,
        Code::SwapWithoutMemory => host.cgroup.version = CgroupVersion::V1,
        Code::SystemdMissing => host.cgroup.systemd = false,
        Code::RlimitAboveHard => {
            host.rlimits = vec![4096; 16];
            host.capabilities = 0;
        }
        _ => {}
    }
    host
}

fn picture(loaded: &Loaded) -> String {
    render(&loaded.problems, &loaded.tree, &loaded.sources, Style::default())
}
