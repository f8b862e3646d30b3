//! `[[devices]]`: device nodes of the host, placed as mounts of the node itself.

use super::host::PathFact;
use super::mounts::{MountFlags, MountStep, Placed};
use super::{Action, Lowering, Phase};
use crate::config::{At, Device};
use crate::diagnostics::{Code, Problem};

/// Plans the devices.
pub(super) fn lower(lowering: &mut Lowering) {
    for (index, device) in lowering.config.devices.iter().enumerate() {
        let placed =
            (source(lowering, index, device), access(lowering, index, device), target(lowering, index, device));
        let (Some(what), Some(readonly), Some(target)) = placed else { continue };
        let flags = MountFlags { readonly, nosuid: true, nodev: false, noexec: true };
        let step = MountStep { target, what, flags, create: true };
        lowering.written(At::Field("devices", index, "path"), Phase::Mounts, Action::Mount(step));
    }
}

/// Returns the node, which must be a device now and when it is placed.
fn source(lowering: &mut Lowering, index: usize, device: &Device) -> Option<Placed> {
    let Some(path) = device.path.as_deref() else {
        lowering.problem(
            Problem::error(Code::DevicePathMissing, "this device has no path")
                .key(At::Item("devices", index), "no `path`")
                .help("write path = \"/dev/…\""),
        );
        return None;
    };
    let source = lowering.absolute(path);
    if let PathFact::CharDevice(major, minor) | PathFact::BlockDevice(major, minor) = lowering.path_fact(&source) {
        return Some(Placed::Device { source, number: (*major, *minor) });
    }
    lowering.problem(
        Problem::error(Code::DeviceNotADevice, format!("`{path}` is not a device node of this host"))
            .value(At::Field("devices", index, "path"), source.display().to_string())
            .help("name a device as \"/dev/fuse\"; files are mounted with [[mounts]]"),
    );
    None
}

/// Returns whether the node is read-only.
fn access(lowering: &mut Lowering, index: usize, device: &Device) -> Option<bool> {
    let access = device.access.as_deref().unwrap_or("rw");
    if matches!(access, "r" | "rw" | "wr") {
        return Some(!access.contains('w'));
    }
    let help = match access {
        "w" => "write \"rw\": a mount cannot refuse reading alone",
        _ if access.contains('m') => "write \"rw\" or \"r\"; device nodes cannot be made inside, so `m` has no meaning",
        _ => "write \"rw\" or \"r\"",
    };
    lowering.problem(
        Problem::error(Code::DeviceAccessInvalid, format!("`{access}` is no access to a device that can be given"))
            .value(At::Field("devices", index, "access"), "\"r\" or \"rw\"")
            .help(help),
    );
    None
}

fn target(lowering: &mut Lowering, index: usize, device: &Device) -> Option<String> {
    let (key, target) = match &device.target {
        Some(target) => ("target", target),
        None => ("path", device.path.as_ref()?),
    };
    let inside = target.starts_with('/') && !target.contains('\0') && !target.split('/').any(|part| part == "..");
    if inside && target.split('/').any(|part| !matches!(part, "" | ".")) {
        return Some(target.clone());
    }
    lowering.problem(
        Problem::error(Code::DeviceTargetInvalid, format!("`{target}` is no place for a device inside the root"))
            .value(At::Field("devices", index, key), "an absolute path without `..`")
            .help("write target = \"/dev/NAME\""),
    );
    None
}
