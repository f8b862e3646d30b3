//! The id maps of the child, and the mounts that only the parent can make: both need privileges outside.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{Command, Stdio};

use rustix::fs::{CWD, Mode, OFlags};
use rustix::io::{Errno, IoSlice};
use rustix::mount::OpenTreeFlags;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags};

use super::failure::{Failure, FailureKind};
use super::program::{Program, TreeRequest};
use super::sys::{self, MountAttr};
use crate::plan::host::Host;
use crate::plan::userns::IdRange;
use crate::plan::{Action, Plan, rlimits};

/// Writes the maps and lets the child go on, then sends the mounts that it asks for.
pub(super) fn serve(
    plan: &Plan,
    host: &Host,
    program: &Program,
    pid: i32,
    channel: BorrowedFd<'_>,
) -> Result<(), Failure> {
    let Some((number, action)) = plan.numbered().find(|(_, step)| matches!(step.action, Action::MapIds { .. })) else {
        return Ok(());
    };
    if let Action::MapIds { uid, gid, helper, deny_setgroups } = &action.action {
        let maps = if *helper { by_helper(host, pid, uid, gid) } else { directly(pid, uid, gid, *deny_setgroups) };
        maps.map_err(|failure| failure.of_step(number))?;
    }
    raise_limits(plan, host, pid)?;
    if !answered(send(channel, None)).map_err(|failure| failure.of_step(number))? {
        return Ok(());
    }
    let userns = if program.requests().iter().any(|request| request.idmapped) {
        Some(user_namespace(pid).map_err(|failure| failure.of_step(number))?)
    } else {
        None
    };
    for request in program.requests() {
        let tree = open(request, userns.as_ref()).map_err(|failure| failure.of_step(request.step))?;
        if !answered(send(channel, Some(tree.as_fd()))).map_err(|failure| failure.of_step(request.step))? {
            return Ok(());
        }
    }
    Ok(())
}

fn directly(pid: i32, uid: &[IdRange], gid: &[IdRange], deny_setgroups: bool) -> Result<(), Failure> {
    if deny_setgroups {
        write(pid, "setgroups", "deny")?;
    }
    write(pid, "uid_map", &text(uid))?;
    write(pid, "gid_map", &text(gid))
}

fn text(ranges: &[IdRange]) -> String {
    let lines: Vec<String> =
        ranges.iter().map(|range| format!("{} {} {}\n", range.container, range.host, range.size)).collect();
    lines.concat()
}

/// A map takes its whole text in one write (user_namespaces(7)).
fn write(pid: i32, file: &str, value: &str) -> Result<(), Failure> {
    let path = format!("/proc/{pid}/{file}");
    let write = || {
        let file = rustix::fs::open(path.as_str(), OFlags::RDWR | OFlags::CLOEXEC, Mode::empty())?;
        rustix::io::write(&file, value.as_bytes())?;
        Ok(file)
    };
    let file =
        write().map_err(|errno| Failure::new(FailureKind::Maps, format!("write({path:?}, {value:?})"), errno))?;
    prove(&path, &file, value)
}

/// Reads a map back: what the kernel keeps is what counts.
fn prove(path: &str, file: &OwnedFd, value: &str) -> Result<(), Failure> {
    let mut kept = vec![0; 64 * (value.lines().count() + 1)];
    let length = rustix::io::pread(file, &mut kept, 0)
        .map_err(|errno| Failure::new(FailureKind::Maps, format!("read({path:?})"), errno))?;
    let kept = String::from_utf8_lossy(kept.get(..length).unwrap_or_default()).into_owned();
    if kept.split_whitespace().eq(value.split_whitespace()) {
        return Ok(());
    }
    let call = format!("{path} reads {:?}, written was {:?}", kept.trim(), value.trim());
    Err(Failure::new(FailureKind::Differs, call, Errno::INVAL))
}

fn by_helper(host: &Host, pid: i32, uid: &[IdRange], gid: &[IdRange]) -> Result<(), Failure> {
    let Some((newuidmap, newgidmap)) = &host.newidmap else {
        return Err(Failure::new(FailureKind::Maps, "newuidmap", Errno::NOENT));
    };
    for (program, ranges) in [(newuidmap, uid), (newgidmap, gid)] {
        let mut command = Command::new(program);
        command.arg(pid.to_string()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        for range in ranges {
            command.args([range.container.to_string(), range.host.to_string(), range.size.to_string()]);
        }
        let call = || format!("{} {pid} {}", program.display(), text(ranges).trim_end().replace('\n', " "));
        let output = command.output().map_err(|error| {
            Failure::new(FailureKind::Maps, call(), Errno::from_io_error(&error).unwrap_or(Errno::IO))
        })?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            return Err(Failure::new(FailureKind::Maps, format!("{}: {said}", call()), Errno::PERM));
        }
        let path = format!("/proc/{pid}/{}", if program == newuidmap { "uid_map" } else { "gid_map" });
        let file = rustix::fs::open(path.as_str(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
            .map_err(|errno| Failure::new(FailureKind::Maps, format!("open({path:?})"), errno))?;
        prove(&path, &file, &text(ranges))?;
    }
    Ok(())
}

fn user_namespace(pid: i32) -> Result<OwnedFd, Failure> {
    let path = format!("/proc/{pid}/ns/user");
    rustix::fs::open(path.as_str(), OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())
        .map_err(|errno| Failure::new(FailureKind::Maps, format!("open({path:?})"), errno))
}

/// Copies a mount, with flags and owners as the child is to see it.
fn open(request: &TreeRequest, userns: Option<&OwnedFd>) -> Result<OwnedFd, Failure> {
    let recursive = if request.recursive { OpenTreeFlags::AT_RECURSIVE } else { OpenTreeFlags::empty() };
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC | recursive;
    let failed = |call: String, errno| Failure::new(FailureKind::Mount, call, errno);
    let tree = rustix::mount::open_tree(CWD, request.path.as_c_str(), flags)
        .map_err(|errno| failed(format!("open_tree({:?}, OPEN_TREE_CLONE)", request.path), errno))?;
    if let Some(number) = request.device {
        check_device(tree.as_fd(), number).map_err(|errno| failed(format!("fstat({:?})", request.path), errno))?;
    }
    let mut attr = MountAttr { set: request.attr, propagation: request.propagation, ..MountAttr::default() };
    if let Some(userns) = userns.filter(|_| request.idmapped) {
        attr.set |= sys::MOUNT_ATTR_IDMAP;
        attr.userns_fd = u64::try_from(std::os::fd::AsRawFd::as_raw_fd(userns)).unwrap_or(u64::MAX);
    }
    let idmap = if request.idmapped { "|MOUNT_ATTR_IDMAP" } else { "" };
    sys::mount_setattr(tree.as_fd(), &attr, request.recursive)
        .map_err(|errno| failed(format!("mount_setattr({:?}, {:#x}{idmap})", request.path, request.attr), errno))?;
    Ok(tree)
}

/// Says whether the child took it. One that is gone has said why; any other error would leave it waiting.
fn answered(sent: Result<(), Errno>) -> Result<bool, Failure> {
    match sent {
        Ok(()) => Ok(true),
        Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => Ok(false),
        Err(errno) => Err(Failure::new(FailureKind::Call, "sendmsg(child)", errno)),
    }
}

/// A node of the host is what it was when it was looked at.
fn check_device(tree: BorrowedFd<'_>, number: (u32, u32)) -> Result<(), Errno> {
    let stat = rustix::fs::fstat(tree)?;
    let device = (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev));
    if device == number { Ok(()) } else { Err(Errno::NODEV) }
}

/// Raises hard limits that only the caller may raise: the child has no privileges outside of its user namespace.
fn raise_limits(plan: &Plan, host: &Host, pid: i32) -> Result<(), Failure> {
    for (number, step) in plan.numbered() {
        let Action::SetRlimit { resource, hard, .. } = &step.action else { continue };
        let Some(resource_number) = rlimits::number(resource) else { continue };
        let hard = hard.unwrap_or(u64::MAX);
        if host.rlimits.get(resource_number).is_some_and(|own| hard > *own) {
            sys::prlimit(pid, resource_number, hard, hard).map_err(|errno| {
                Failure::new(FailureKind::Call, format!("prlimit({resource}, {hard})"), errno).of_step(number)
            })?;
        }
    }
    Ok(())
}

/// Sends one byte, and a descriptor along with it.
fn send(channel: BorrowedFd<'_>, tree: Option<BorrowedFd<'_>>) -> Result<(), Errno> {
    let mut space = [std::mem::MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    let fds = tree.map(|tree| [tree]);
    if let Some(fds) = &fds {
        control.push(SendAncillaryMessage::ScmRights(fds));
    }
    loop {
        match rustix::net::sendmsg(channel, &[IoSlice::new(b"g")], &mut control, SendFlags::NOSIGNAL) {
            Err(Errno::INTR) => {}
            other => return other.map(drop),
        }
    }
}
