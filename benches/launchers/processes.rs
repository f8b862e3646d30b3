//! The processes below another one, from /proc.

use std::fs;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// A process as /proc tells.
pub(crate) struct Process {
    pub(crate) pid: u32,
    parent: u32,
    /// The name of the program that it runs, cut at 15 bytes.
    pub(crate) comm: String,
}

/// All processes below `ancestor`, without it.
pub(crate) fn below(ancestor: u32) -> Vec<Process> {
    let mut rest = all();
    let mut found = Vec::new();
    let mut parents = vec![ancestor];
    while let Some(parent) = parents.pop() {
        let (children, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|p| p.parent == parent);
        parents.extend(children.iter().map(|p| p.pid));
        found.extend(children);
        rest = others;
    }
    found
}

/// The commands of the containers below `ancestor`: what runs `sleep`.
pub(crate) fn sleeping_below(ancestor: u32) -> Vec<Process> {
    below(ancestor).into_iter().filter(|p| p.comm == "sleep").collect()
}

/// Kills all processes below `ancestor`, until none is left for 100 ms.
pub(crate) fn kill_all_below(ancestor: u32) {
    for _ in 0..100 {
        let left = below(ancestor);
        if left.is_empty() {
            return;
        }
        for process in left {
            end(process.pid);
        }
        while nix::sys::wait::waitpid(None, Some(nix::sys::wait::WaitPidFlag::WNOHANG)).is_ok_and(|w| w.pid().is_some())
        {
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

/// Kills one process; it is fine if it has ended already.
pub(crate) fn end(pid: u32) {
    if let Ok(pid) = i32::try_from(pid) {
        let _ = kill(Pid::from_raw(pid), Signal::SIGKILL);
    }
}

fn all() -> Vec<Process> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).filter_map(read).collect()
}

/// `pid (comm) state ppid …`; the name may hold spaces and parentheses.
fn read(pid: u32) -> Option<Process> {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, rest) = stat.split_once('(')?;
    let (comm, rest) = rest.rsplit_once(')')?;
    let mut fields = rest.split_whitespace();
    let (state, parent) = (fields.next()?, fields.next()?.parse().ok()?);
    (state != "Z").then(|| Process { pid, parent, comm: comm.to_owned() })
}
