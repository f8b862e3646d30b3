//! Processes that a container left in the host's pid namespace: without a namespace of its own, and without a cgroup, the
//! kernel does not kill them with init. They become children of the supervisor, which ends them.

use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::sys;

/// Adopts what is orphaned from here on (PR_SET_CHILD_SUBREAPER, prctl(2)); the children that were there already are not ours.
pub(super) struct Strays {
    before: Vec<i32>,
}

impl Strays {
    /// Begins to adopt.
    pub(super) fn adopt() -> Strays {
        // A kernel that refuses leaves them to its own init, as before.
        let _ = sys::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0);
        Strays { before: children() }
    }
}

impl Drop for Strays {
    /// Kills until nothing is left: what a killed process had made is adopted next.
    fn drop(&mut self) {
        loop {
            let strays: Vec<Pid> =
                children().into_iter().filter(|pid| !self.before.contains(pid)).filter_map(Pid::from_raw).collect();
            // Those of a subordinate id cannot be signalled from outside their user namespace.
            let killed: Vec<Pid> =
                strays.into_iter().filter(|stray| kill_process(*stray, Signal::KILL).is_ok()).collect();
            if killed.is_empty() {
                break;
            }
            for stray in killed {
                let _ = waitpid(Some(stray), WaitOptions::empty());
            }
        }
        let _ = sys::prctl(libc::PR_SET_CHILD_SUBREAPER, 0, 0);
    }
}

/// The children of this thread (proc(5), Linux 4.2 without CONFIG_CHECKPOINT_RESTORE).
fn children() -> Vec<i32> {
    let text = std::fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect()
}
