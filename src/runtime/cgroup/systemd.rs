//! A transient, delegated scope from systemd, with launch itself in it (org.freedesktop.systemd1(5)).
//!
//! libcgroups' driver is not used: it moves the container's process into the scope, which is not born yet, polls every
//! 20 ms until it is there, does not delegate in a user's session, and waits up to 15 s for a bus that is not there.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::dbus::{Arguments, Bus};
use crate::runtime::failure::{Failure, FailureKind};

const SYSTEM: [(&str, bool); 2] = [("/run/dbus/system_bus_socket", true), ("/run/systemd/private", false)];

/// Sockets of the manager that serves this user, each with whether a bus stands between.
fn sockets(uid: u32) -> [(PathBuf, bool); 2] {
    if uid == 0 {
        return SYSTEM.map(|(path, bus)| (path.into(), bus));
    }
    let runtime = PathBuf::from(format!("/run/user/{uid}"));
    [(runtime.join("bus"), true), (runtime.join("systemd/private"), false)]
}

/// Says whether systemd runs and can be asked.
pub(in crate::runtime) fn is_there(uid: u32) -> bool {
    Path::new("/run/systemd/system").is_dir()
        && sockets(uid).iter().any(|(path, _)| path.metadata().is_ok_and(|metadata| !metadata.is_file()))
        && (uid == 0 || Path::new(&format!("/run/user/{uid}/systemd")).is_dir())
}

/// Asks for a scope and returns its directory, once this process is in it.
pub(super) fn scope(name: &str, slice: Option<&str>) -> Result<PathBuf, Failure> {
    let unit = format!("{}.scope", escaped(name));
    let call = format!("StartTransientUnit({unit:?})");
    let failed = |what: String, errno: Errno| Failure::new(FailureKind::Systemd, format!("{call}: {what}"), errno);
    let uid = rustix::process::geteuid().as_raw();
    let mut bus = connect(uid).map_err(|error| {
        failed("cannot reach systemd".to_owned(), Errno::from_io_error(&error).unwrap_or(Errno::IO))
    })?;
    let before = own_directory();
    let started = bus.start_and_wait(&arguments(&unit, slice));
    started.map_err(|error| failed(error.to_string(), Errno::from_io_error(&error).unwrap_or(Errno::PROTO)))?;
    match own_directory() {
        Some(now) if Some(&now) != before.as_ref() => Ok(now),
        _ => Err(failed("systemd did not move this process into it".to_owned(), Errno::NOENT)),
    }
}

fn connect(uid: u32) -> std::io::Result<Bus> {
    let mut last = std::io::Error::from(std::io::ErrorKind::NotFound);
    for (path, bus) in sockets(uid) {
        match UnixStream::connect(path).and_then(|stream| Bus::new(stream, uid, bus)) {
            Ok(bus) => return Ok(bus),
            Err(error) => last = error,
        }
    }
    Err(last)
}

/// `ssa(sv)a(sa(sv))`: name, mode, properties, no further units.
fn arguments(unit: &str, slice: Option<&str>) -> Arguments {
    let mut arguments = Arguments::new("ssa(sv)a(sa(sv))");
    arguments.string(unit);
    arguments.string("fail");
    arguments.array(8, |list| {
        list.property("Description", "s", |value| value.string("A container of launch"));
        list.property("PIDs", "au", |value| value.array(4, |pids| pids.word(std::process::id())));
        list.property("Delegate", "b", |value| value.word(1));
        list.property("CollectMode", "s", |value| value.string("inactive-or-failed"));
        if let Some(slice) = slice {
            list.property("Slice", "s", |value| value.string(slice));
        }
    });
    arguments.array(8, |_| {});
    arguments
}

/// A unit's name takes letters, digits and `:-_.\`; a container's has no others.
fn escaped(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || "-_.".contains(c) { c } else { '_' }).collect()
}

fn own_directory() -> Option<PathBuf> {
    let lines = std::fs::read_to_string("/proc/self/cgroup").ok()?;
    let path = lines.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Path::new("/sys/fs/cgroup").join(path.trim_start_matches('/')))
}
