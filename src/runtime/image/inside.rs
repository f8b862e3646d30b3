//! Work in a user namespace of an ordinary user: there his subordinate ids may own files, here they may not.
//!
//! ```text
//! here                                   there (a copy of this process)
//! fork ────────────────────────────────> unshare(CLONE_NEWUSER)
//! newuidmap, newgidmap <──────────────── "ready"
//!       "go" ──────────────────────────> the work
//! the answer <────────────────────────── its result, as bytes
//! ```
//!
//! It never runs in a program with several threads: a copy of one of them would find locks that nobody opens.
#![allow(unsafe_code, reason = "the fence: fork(2), and leaving the copy without the original's destructors")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

use nix::sched::CloneFlags;
use nix::unistd::{ForkResult, Pid};
use rustix::pipe::PipeFlags;

use super::call::Call;
use super::extract::IdRange;

/// Work that could not be done in a namespace.
#[derive(Debug, thiserror::Error)]
pub enum InsideError {
    /// The program has other threads.
    #[error("unpacking for a range of ids makes a copy of this process, which has {0} threads")]
    Threads(usize),
    /// The kernel refused.
    #[error(transparent)]
    Call(#[from] Call),
    /// The programs that write the maps refused.
    #[error("{program}: {said}")]
    Map {
        /// The program.
        program: &'static str,
        /// What it said.
        said: String,
    },
    /// The work was interrupted.
    #[error("unpacking in a user namespace ended early: {0}")]
    Ended(String),
    /// The work failed, with these words.
    #[error("{0}")]
    Failed(String),
}

/// Does `work` in a user namespace in which root is the caller, and the ids of `users` and `groups` follow.
pub(super) fn run(
    users: &[IdRange],
    groups: &[IdRange],
    work: impl FnOnce() -> Result<Vec<u8>, String>,
) -> Result<Vec<u8>, InsideError> {
    let threads = std::fs::read_dir("/proc/self/task").map_err(Call::io("open", "/proc/self/task"))?.count();
    if threads != 1 {
        return Err(InsideError::Threads(threads));
    }
    let pipe = || rustix::pipe::pipe_with(PipeFlags::CLOEXEC).map_err(Call::on("pipe2", ""));
    let (go_read, go_write) = pipe()?;
    let (answer_read, answer_write) = pipe()?;
    // SAFETY: there is one thread, as counted above, so the copy has no lock that another one holds: it may do all that
    // the original may.
    match unsafe { nix::unistd::fork() } {
        Ok(ForkResult::Child) => {
            drop((go_write, answer_read));
            there(go_read, answer_write, work)
        }
        Ok(ForkResult::Parent { child }) => {
            drop((go_read, answer_write));
            here(child, users, groups, go_write, answer_read)
        }
        Err(errno) => Err(Call::on("fork", "")(rustix::io::Errno::from_raw_os_error(errno as i32)).into()),
    }
}

/// Ends the copy, whichever way it comes to its end: it must not go on as if it were the original.
struct Leave;

impl Drop for Leave {
    fn drop(&mut self) {
        // SAFETY: _exit(2) ends the process at once; the destructors and buffers that it leaves out are the original's.
        unsafe { libc::_exit(101) }
    }
}

fn there(go: OwnedFd, answer: OwnedFd, work: impl FnOnce() -> Result<Vec<u8>, String>) -> ! {
    let leave = Leave;
    // Nobody would wait for the answer any more.
    let _ = rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL));
    let mut answer = File::from(answer);
    let said = match nix::sched::unshare(CloneFlags::CLONE_NEWUSER) {
        Ok(()) => {
            let mut go = File::from(go);
            let ready = answer.write_all(b"r").and_then(|()| go.read_exact(&mut [0]));
            ready.map_err(|error| error.to_string()).and_then(|()| work())
        }
        Err(errno) => Err(format!("unshare(CLONE_NEWUSER): {errno}; this host lets ordinary users make none")),
    };
    let _ = match said {
        Ok(bytes) => answer.write_all(b"+").and_then(|()| answer.write_all(&bytes)),
        Err(text) => answer.write_all(b"-").and_then(|()| answer.write_all(text.as_bytes())),
    };
    drop(answer);
    drop(leave);
    unreachable!("the guard has left")
}

fn here(
    child: Pid,
    users: &[IdRange],
    groups: &[IdRange],
    go: OwnedFd,
    answer: OwnedFd,
) -> Result<Vec<u8>, InsideError> {
    let mut answer = File::from(answer);
    let told = tell(child, users, groups, go, &mut answer);
    let mut said = Vec::new();
    let read = answer.read_to_end(&mut said);
    let status = loop {
        match nix::sys::wait::waitpid(child, None) {
            Err(nix::errno::Errno::EINTR) => {}
            status => break status,
        }
    };
    told?;
    read.map_err(Call::io("read", ""))?;
    match said.split_first() {
        Some((b'+', bytes)) => Ok(bytes.to_vec()),
        Some((b'-', text)) => Err(InsideError::Failed(String::from_utf8_lossy(text).into_owned())),
        _ => Err(InsideError::Ended(format!("{status:?}"))),
    }
}

/// Waits for the namespace and maps it. The end of `go` without a word ends the copy as well.
fn tell(child: Pid, users: &[IdRange], groups: &[IdRange], go: OwnedFd, answer: &mut File) -> Result<(), InsideError> {
    let mut ready = [0];
    answer.read_exact(&mut ready).map_err(Call::io("read", ""))?;
    if ready != *b"r" {
        let mut text = String::new();
        let _ = answer.read_to_string(&mut text);
        return Err(InsideError::Failed(text));
    }
    map("newuidmap", child, rustix::process::geteuid().as_raw(), users)?;
    map("newgidmap", child, rustix::process::getegid().as_raw(), groups)?;
    File::from(go).write_all(b"g").map_err(Call::io("write", ""))?;
    Ok(())
}

fn map(program: &'static str, child: Pid, own: u32, ranges: &[IdRange]) -> Result<(), InsideError> {
    let mut command = Command::new(program);
    command.arg(child.to_string()).args(["0", &own.to_string(), "1"]);
    let mut next = 1;
    for range in ranges.iter().filter(|range| range.outside != own) {
        command.args([next, range.outside, range.size].map(|number| number.to_string()));
        next += range.size;
    }
    let failed = |said: String| InsideError::Map { program, said };
    let output = command.stdin(Stdio::null()).output().map_err(|error| failed(error.to_string()))?;
    if output.status.success() {
        return Ok(());
    }
    Err(failed(String::from_utf8_lossy(&output.stderr).trim().to_owned()))
}
