//! The end of a cgroup: killing what lives in it, and removing it with what was made below.

use std::io;
use std::path::Path;
use std::time::Duration;

use crate::runtime::sys;

/// Removes a cgroup and those below it, killing what still lives there.
pub(super) fn tree(path: &Path) -> io::Result<()> {
    const TRIES: u32 = 200;
    for attempt in 0..TRIES {
        match std::fs::remove_dir(path) {
            Err(error) if matches!(error.raw_os_error(), Some(libc::EBUSY | libc::ENOTEMPTY)) => {
                for entry in
                    std::fs::read_dir(path)?.flatten().filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()))
                {
                    tree(&entry.path())?;
                }
                kill_all(path);
                std::thread::sleep(Duration::from_micros(u64::from(100 * attempt.min(50))));
            }
            // The kernel has no memory just now, or was interrupted: what is left behind for that stays.
            Err(error) if matches!(error.raw_os_error(), Some(libc::ENOMEM | libc::EINTR | libc::EAGAIN)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            other => return other,
        }
    }
    std::fs::remove_dir(path)
}

/// Kills every process of a cgroup: at once where the kernel can (cgroup.kill, Linux 5.14), else one by one.
pub(super) fn kill_all(path: &Path) {
    if std::fs::write(path.join("cgroup.kill"), "1").is_ok() {
        return;
    }
    let pids = std::fs::read_to_string(path.join("cgroup.procs")).unwrap_or_default();
    for pid in pids.lines().filter_map(|line| line.parse().ok()).filter(|pid: &i32| *pid > 0) {
        let _ = sys::kill(pid, libc::SIGKILL);
    }
}
