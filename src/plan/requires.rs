//! `[requires]`: what a file needs of a host.

use super::Lowering;
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Checks the host.
pub(super) fn lower(lowering: &mut Lowering) {
    let (config, host) = (&lowering.config.requires, lowering.host);
    if let Some(text) = &config.kernel {
        match version(text) {
            None => lowering.problem(
                Problem::error(Code::KernelVersionInvalid, format!("`{text}` is not a kernel version"))
                    .value(At::Key("requires.kernel"), "MAJOR.MINOR")
                    .help("write kernel = \"6.1\""),
            ),
            Some(wanted) if wanted > host.kernel => lowering.problem(
                Problem::error(Code::KernelTooOld, format!("this file needs Linux {text}"))
                    .value(At::Key("requires.kernel"), format!("this host runs {}.{}", host.kernel.0, host.kernel.1))
                    .help("run it on a newer host, or lower the requirement if the file works without"),
            ),
            Some(_) => {}
        }
    }
    if let Some(text) = &config.cgroup {
        let have = host.cgroup.version.as_str();
        if !matches!(text.as_str(), "v1" | "v2" | "hybrid") {
            lowering.problem(
                Problem::error(Code::CgroupVersionInvalid, format!("`{text}` is no version of cgroups"))
                    .value(At::Key("requires.cgroup"), "v1, v2 or hybrid")
                    .help("write cgroup = \"v2\""),
            );
        } else if text != have {
            lowering.problem(
                Problem::error(Code::CgroupVersionMissing, format!("this file needs cgroup {text}"))
                    .value(At::Key("requires.cgroup"), format!("this host has {have}"))
                    .help("boot with systemd.unified_cgroup_hierarchy=1 for v2, or remove the requirement"),
            );
        }
    }
    for (index, controller) in config.controllers.iter().enumerate() {
        if !host.cgroup.controllers.contains_key(controller) {
            let have: Vec<&str> = host.cgroup.controllers.keys().map(String::as_str).collect();
            lowering.problem(
                Problem::error(
                    Code::ControllerMissing,
                    format!("this file needs the cgroup controller `{controller}`"),
                )
                .value(At::Item("requires.controllers", index), "not there")
                .help(format!("this host has {}", if have.is_empty() { "none".to_owned() } else { have.join(", ") })),
            );
        }
    }
}

fn version(text: &str) -> Option<(u32, u32)> {
    let (major, minor) = text.split_once('.').unwrap_or((text, "0"));
    let minor = minor.split('.').next()?;
    Some((major.parse().ok()?, minor.parse().ok()?))
}
