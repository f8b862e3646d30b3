//! Pid 1 of the container: starts the command, reaps what is orphaned, forwards signals, tells how the command ended.
//!
//! It is what is left of the child when everything is set up, without privileges and without descriptors but the channel.
//! Only system calls, as in [`super::child`].
#![allow(unsafe_code, reason = "a fence file: runs between clone and exec")]
#![deny(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::ffi::c_void;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::io::Errno;

use super::child::Child;
use super::message::{Channel, Message};
use super::sys::{self, CloneArgs};

/// Starts the command, waits for its end, and ends with it: the kernel then kills what is left of the pid namespace.
pub(super) fn run(child: &mut Child<'_>) -> ! {
    let command = match start(child) {
        Ok(pid) => pid,
        Err(errno) => {
            child.channel.send(Message::failed(child.program.ops().len().saturating_sub(1), errno));
            sys::exit(125)
        }
    };
    let channel = only_channel(child.channel);
    if give_up_privileges(child, channel).is_err() {
        sys::exit(125);
    }
    watch(channel, command);
    sys::exit(0)
}

/// Init becomes the command's user, without capabilities: it only waits and passes signals on. The order is that of the
/// command's own process; the change of user clears the parent-death signal, so that is set again.
fn give_up_privileges(child: &Child<'_>, channel: Channel<'_>) -> Result<(), Errno> {
    const SIGKILL: usize = 9;
    let (uid, gid) = child.program.account();
    let (uid, gid) = (Some(rustix::fs::Uid::from_raw(uid)), Some(rustix::fs::Gid::from_raw(gid)));
    // Refused where the map lets nobody set groups; then there is nothing that could be gained by them either.
    let _ = rustix::thread::set_thread_groups(&[]);
    rustix::thread::set_thread_res_gid(gid, gid, gid)?;
    rustix::thread::set_thread_res_uid(uid, uid, uid)?;
    sys::capset(0, 0)?;
    sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0)?;
    if child.program.die_with_parent() {
        sys::prctl(libc::PR_SET_PDEATHSIG, SIGKILL, 0)?;
        // A parent that died in between sends no signal any more.
        if channel.is_closed() {
            sys::exit(125);
        }
    }
    Ok(())
}

/// The command is born with CLONE_VFORK: it runs on this memory until its exec, while init waits. On a copy of it where
/// there is a time namespace to enter, which no process of shared memory may (before Linux 6.3).
fn start(child: &mut Child<'_>) -> Result<i32, Errno> {
    let memory = if child.program.time_namespace() { 0 } else { libc::CLONE_VM };
    let flags = memory | libc::CLONE_VFORK;
    let args = CloneArgs { flags: u64::from(flags.cast_unsigned()), exit_signal: 17, ..CloneArgs::default() };
    // SAFETY: the entry does not return; init waits until the command's exec or exit, so the frame below which it runs, and
    // `child`, live as long.
    unsafe { sys::clone3(&args, command, std::ptr::from_mut(child).cast::<c_void>().cast_const()) }
}

/// Entry of the command's process.
///
/// # Safety
/// `argument` is the [`Child`], which nobody else uses meanwhile.
unsafe extern "C" fn command(argument: *const c_void) -> ! {
    // SAFETY: `start` passes the child and waits.
    let child = unsafe { &mut *argument.cast_mut().cast::<Child<'_>>() };
    child.become_command()
}

/// Closes everything but the channel, which becomes descriptor 0.
fn only_channel(channel: Channel<'_>) -> Channel<'static> {
    let old = channel.socket().as_raw_fd();
    if old != 0 {
        let _ = sys::dup_to(old, 0);
    }
    // SAFETY: init uses no descriptor but 0 from here on; the owners of the others never run in this process again.
    let _ = unsafe { sys::close_from(1) };
    // SAFETY: descriptor 0 is the channel and stays open as long as init lives.
    Channel::new(unsafe { BorrowedFd::borrow_raw(0) })
}

/// Takes one signal after the other; all are blocked, so none is lost.
fn watch(channel: Channel<'_>, command: i32) {
    const ALL: u64 = u64::MAX;
    loop {
        match sys::wait_signal(ALL) {
            Ok((libc::SIGCHLD, _)) => {
                if let Some(status) = reap(channel, command) {
                    channel.send(Message::Ended(status));
                    return;
                }
            }
            Ok((signal, group)) => forward(command, signal, group),
            Err(_) => {}
        }
    }
}

/// The command leads its process group. What comes from the keyboard is for all of the group, as it is without a container;
/// a stop is made one that cannot be ignored: without a shell above it, the command would not be stopped otherwise.
fn forward(command: i32, signal: i32, group: bool) {
    let signal = if signal == libc::SIGTSTP { libc::SIGSTOP } else { signal };
    let group = group && sys::kill(command.wrapping_neg(), signal).is_ok();
    if !group {
        let _ = sys::kill(command, signal);
    }
}

/// Reaps all that have ended; returns the command's status when it is among them. Says when the command stopped.
fn reap(channel: Channel<'_>, command: i32) -> Option<i32> {
    let mut ended = None;
    loop {
        match sys::reap() {
            Ok(Some((pid, status))) if pid == command => {
                if libc::WIFSTOPPED(status) {
                    channel.send(Message::Stopped);
                } else {
                    ended = Some(status);
                }
            }
            Ok(None) | Err(Errno::CHILD) => return ended,
            // Any other error passes: without the command's status init would wait for ever.
            Ok(Some(_)) | Err(_) => {}
        }
    }
}
