//! `[landlock]`: what the command may reach at most.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Action, Lowering, Phase};
use crate::config::{At, Landlock};
use crate::diagnostics::{Code, Problem};

/// The rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct LandlockStep {
    /// Paths inside that may be read.
    pub read: Vec<String>,
    /// Paths inside that may be read and written.
    pub write: Vec<String>,
    /// Paths inside that may be read and executed.
    pub exec: Vec<String>,
    /// Ports that may be bound; all where absent.
    pub tcp_bind: Option<Vec<u16>>,
    /// Ports that may be connected to; all where absent.
    pub tcp_connect: Option<Vec<u16>>,
    /// ABI of the kernel: which rights it knows (landlock(7)).
    pub abi: u32,
}

/// ABI with TCP rules (Linux 6.7).
const ABI_TCP: u32 = 4;
/// ABI that can refuse truncate(2) (Linux 6.2): below, what may only be read could be emptied.
const ABI_FILES: u32 = 3;

/// Plans the rules.
pub(super) fn lower(lowering: &mut Lowering) {
    let Some(config) = &lowering.config.landlock else { return };
    let abi = lowering.host.landlock_abi;
    let at = At::Key("landlock");
    if abi == 0 {
        lowering.problem(
            Problem::error(Code::LandlockMissing, "this kernel has no landlock, or it is off")
                .key(at, "required when written")
                .help("boot with lsm=landlock,… (Linux 5.13), or remove [landlock]"),
        );
        return;
    }
    for (key, ports) in [("landlock.tcp_bind", &config.tcp_bind), ("landlock.tcp_connect", &config.tcp_connect)] {
        if ports.is_some() && abi < ABI_TCP {
            lowering.problem(
                Problem::error(Code::LandlockAbi, format!("`{key}` needs landlock ABI {ABI_TCP} (Linux 6.7)"))
                    .key(At::Key(key), format!("this kernel has ABI {abi}"))
                    .help("remove it, or use [network] mode = \"none\""),
            );
        }
    }
    refuse_old_abi(lowering, config, abi);
    empty(lowering, config);
    for (list, paths) in
        [("landlock.read", &config.read), ("landlock.write", &config.write), ("landlock.exec", &config.exec)]
    {
        for (index, path) in paths.iter().enumerate() {
            if !path.starts_with('/') || path.contains('\0') {
                lowering.problem(
                    Problem::error(Code::LandlockPath, format!("`{path}` is not an absolute path inside the root"))
                        .value(At::Item(list, index), "starts with /")
                        .help(format!("write \"/{}\"", path.trim_start_matches("./"))),
                );
            }
        }
    }
    let step = LandlockStep {
        read: config.read.clone(),
        write: config.write.clone(),
        exec: config.exec.clone(),
        tcp_bind: config.tcp_bind.clone(),
        tcp_connect: config.tcp_connect.clone(),
        abi,
    };
    lowering.written(at, Phase::Seal, Action::Landlock(step));
}

fn refuse_old_abi(lowering: &mut Lowering, config: &Landlock, abi: u32) {
    let lists = [("landlock.read", &config.read), ("landlock.write", &config.write), ("landlock.exec", &config.exec)];
    let Some((key, _)) = lists.iter().find(|(_, paths)| !paths.is_empty()) else { return };
    if abi >= ABI_FILES {
        return;
    }
    lowering.problem(
        Problem::error(Code::LandlockAbi, format!("`{key}` needs landlock ABI {ABI_FILES} (Linux 6.2)"))
            .key(At::Key(key), format!("this kernel has ABI {abi}, which lets truncate(2) through"))
            .help("run a newer kernel, or use read-only [[mounts]] instead"),
    );
}

fn empty(lowering: &mut Lowering, config: &Landlock) {
    let files = config.read.is_empty() && config.write.is_empty() && config.exec.is_empty();
    if files && config.tcp_bind.is_none() && config.tcp_connect.is_none() {
        lowering.problem(
            Problem::error(Code::LandlockEmpty, "[landlock] restricts nothing")
                .key(At::Key("landlock"), "no rule")
                .help(
                    "write what may be reached, as read = [\"/usr\"] and exec = [\"/usr/bin\"], or remove [landlock]",
                ),
        );
    }
}
