//! `limits.io` and `limits.hugetlb`: block devices and huge pages.

use super::bounds::within;
use super::{IoDevice, Resource, Wanted, sized};
use crate::config::{At, IoLimit, NumberOrText};
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;
use crate::plan::host::PathFact;

const OPERATIONS_MAX: u64 = u32::MAX as u64;

/// Reads the keys.
pub(super) fn read(lowering: &mut Lowering, wanted: &mut Vec<Wanted>) {
    let config = lowering.config;
    let mut seen: Vec<((u32, u32), usize)> = Vec::new();
    for (index, limit) in config.limits.io.iter().enumerate() {
        let Some(device) = device(lowering, index, limit) else { continue };
        if let Some((_, first)) = seen.iter().find(|(number, _)| *number == device.number) {
            lowering.problem(
                Problem::error(Code::IoDeviceTwice, format!("the device {} is limited twice", device.name))
                    .value(At::Field("limits.io", index, "device"), "again")
                    .value(At::Field("limits.io", *first, "device"), "first here")
                    .help("write one entry for each device"),
            );
        }
        seen.push((device.number, index));
        wanted.push(Wanted::written(At::Item("limits.io", index), Resource::Io(device)));
    }
    for (page, value) in &config.limits.hugetlb {
        if let Some(bytes) = huge_pages(lowering, page, value) {
            let at = At::Entry("limits.hugetlb", page.clone());
            wanted.push(Wanted::written(at, Resource::HugePages { page: page.clone(), bytes }));
        }
    }
}

fn device(lowering: &mut Lowering, index: usize, limit: &IoLimit) -> Option<IoDevice> {
    let Some(name) = &limit.device else {
        lowering.problem(
            Problem::error(Code::IoDeviceMissing, "a limit of io names no device")
                .key(At::Item("limits.io", index), "of which device?")
                .help("write device = \"/dev/sda\", or its numbers as device = \"8:0\" (see lsblk)"),
        );
        return None;
    };
    let number = number(lowering, At::Field("limits.io", index, "device"), name);
    let mut rate = |key: &'static str, value: &Option<NumberOrText>| {
        let at = At::Field("limits.io", index, key);
        let bytes = value.as_ref().and_then(|value| sized(lowering, at.clone(), value))?;
        if bytes == 0 {
            within(lowering, at, 0, 1, i64::MAX.unsigned_abs(), "0 would stop all io")
        } else {
            Some(bytes)
        }
    };
    let (rbps, wbps) = (rate("rbps", &limit.rbps), rate("wbps", &limit.wbps));
    let mut count = |key: &'static str, value: Option<i64>, most: u64| {
        within(lowering, At::Field("limits.io", index, key), value?, 1, most, "leave the key out for no limit")
    };
    let (riops, wiops) = (count("riops", limit.riops, OPERATIONS_MAX), count("wiops", limit.wiops, OPERATIONS_MAX));
    let weight = count("weight", limit.weight, 10_000);
    let written = [limit.rbps.is_some(), limit.wbps.is_some(), limit.riops.is_some(), limit.wiops.is_some()];
    if !written.contains(&true) && limit.weight.is_none() {
        lowering.problem(
            Problem::error(Code::IoLimitEmpty, format!("nothing of the device {name} is limited"))
                .key(At::Item("limits.io", index), "neither a rate nor a weight")
                .help("write one of rbps, wbps, riops, wiops, weight"),
        );
    }
    Some(IoDevice { name: name.clone(), number: number?, rbps, wbps, riops, wiops, weight })
}

/// Returns the numbers of a device: of a node of the host, or as written.
fn number(lowering: &mut Lowering, at: At, name: &str) -> Option<(u32, u32)> {
    if let Some((major, minor)) = name.split_once(':')
        && let (Ok(major), Ok(minor)) = (major.parse(), minor.parse())
    {
        return Some((major, minor));
    }
    let fact = lowering.path_fact(&lowering.absolute(name));
    let what = match fact {
        PathFact::BlockDevice(major, minor) => return Some((*major, *minor)),
        PathFact::Missing => "nothing is there".to_owned(),
        PathFact::Unreadable(reason) => reason.clone(),
        PathFact::Directory => "a directory".to_owned(),
        PathFact::CharDevice(..) => "a character device".to_owned(),
        PathFact::File => "not a device".to_owned(),
    };
    lowering.problem(
        Problem::error(Code::IoDeviceInvalid, format!("`{name}` is no block device"))
            .value(at, what)
            .help("write the node of a whole disk, as \"/dev/sda\", or its numbers, as \"8:0\" (see lsblk)"),
    );
    None
}

/// Reads a limit of huge pages: the page size as the kernel names it, and whole pages.
fn huge_pages(lowering: &mut Lowering, page: &str, value: &NumberOrText) -> Option<u64> {
    let at = At::Entry("limits.hugetlb", page.to_owned());
    let have = &lowering.host.cgroup.huge_pages;
    let Some(size) = page_size(page) else {
        lowering.problem(
            Problem::error(Code::HugePageUnknown, format!("`{page}` is no size of huge pages"))
                .key(at, "as the kernel names them")
                .help("write \"2MB\" or \"1GB\": the names of hugetlb.SIZE.max"),
        );
        return None;
    };
    if !have.is_empty() && !have.iter().any(|known| known == page) {
        lowering.problem(
            Problem::error(Code::HugePageUnknown, format!("this machine has no huge pages of {page}"))
                .key(at.clone(), "not there")
                .help(format!("this machine has {}", have.join(", "))),
        );
    }
    let bytes = sized(lowering, at.clone(), value)?;
    let rest = bytes % size;
    if rest != 0 {
        lowering.problem(
            Problem::error(Code::HugePagesPartial, format!("{bytes} bytes are not whole pages of {page}"))
                .value(at, format!("{rest} bytes more than {} pages", bytes / size))
                .help(format!("write {} or {}", bytes - rest, bytes - rest + size)),
        );
        return None;
    }
    Some(bytes)
}

/// Bytes of a page size as the kernel names it: `64KB`, `2MB`, `1GB`.
fn page_size(name: &str) -> Option<u64> {
    let units = [("KB", 10), ("MB", 20), ("GB", 30)];
    let (number, shift) = units.iter().find_map(|(unit, shift)| Some((name.strip_suffix(unit)?, shift)))?;
    number.parse::<u64>().ok().filter(|number| *number > 0 && *number < 1024).map(|number| number << shift)
}
