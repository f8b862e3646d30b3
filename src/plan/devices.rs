//! `[[devices]]`: device nodes of the host, placed as mounts of the node itself.

use super::host::PathFact;
use super::mounts::{MountFlags, MountStep, Placed};
use super::{Action, Lowering, Phase};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Plans the devices.
pub(super) fn lower(lowering: &mut Lowering) {
    for (index, device) in lowering.config.devices.iter().enumerate() {
        let at = At::Field("devices", index, "path");
        let Some(path) = device.path.as_deref() else {
            lowering.problem(
                Problem::error(Code::DevicePathMissing, "this device has no path")
                    .key(At::Item("devices", index), "no `path`")
                    .help("write path = \"/dev/…\""),
            );
            continue;
        };
        let source = lowering.absolute(path);
        if !matches!(lowering.path_fact(&source), PathFact::CharDevice(..) | PathFact::BlockDevice(..)) {
            lowering.problem(
                Problem::error(Code::DeviceNotADevice, format!("`{path}` is not a device node of this host"))
                    .value(at, source.display().to_string())
                    .help("name a device as \"/dev/fuse\"; files are mounted with [[mounts]]"),
            );
            continue;
        }
        let access = device.access.as_deref().unwrap_or("rw");
        if access.is_empty() || !access.chars().all(|c| matches!(c, 'r' | 'w')) {
            lowering.problem(
                Problem::error(
                    Code::DeviceAccessInvalid,
                    format!("`{access}` is no access to a device that can be given"),
                )
                .value(At::Field("devices", index, "access"), "\"r\", \"w\" or \"rw\"")
                .help("write \"rw\" or \"r\"; device nodes cannot be made inside, so `m` has no meaning"),
            );
            continue;
        }
        let target = device.target.clone().unwrap_or_else(|| path.to_owned());
        let flags = MountFlags { readonly: !access.contains('w'), nosuid: true, nodev: false, noexec: true };
        let step = MountStep { target, what: Placed::Device { source }, flags, create: true };
        lowering.written(at, Phase::Mounts, Action::Mount(step));
    }
}
