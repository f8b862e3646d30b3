//! The memory of what stays up while a command sleeps: `Pss` of `smaps_rollup`, the commands themselves left out.

use std::fs;
use std::time::{Duration, Instant};

use crate::processes::{below, end, kill_all_below, sleeping_below};
use crate::spawn;

/// Waits until all commands sleep, sums up, ends them. In kB for one container; none if not all came up.
pub(crate) fn pss_of_what_stays_up(launchers: &[libc::pid_t], alive: usize) -> Option<f64> {
    let own = std::process::id();
    let deadline = Instant::now() + Duration::from_secs(20);
    while sleeping_below(own).len() < alive && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(300));
    let commands = sleeping_below(own);
    let staying = below(own);
    let sum: u64 = staying.iter().filter(|p| p.comm != "sleep").filter_map(|p| pss(p.pid)).sum();
    for command in &commands {
        end(command.pid);
    }
    wait_for(launchers);
    kill_all_below(own);
    (commands.len() == alive).then(|| sum as f64 / alive as f64)
}

/// The launchers end by themselves once their commands are gone; those that do not are killed after two seconds.
fn wait_for(launchers: &[libc::pid_t]) {
    let deadline = Instant::now() + Duration::from_secs(2);
    while !below(std::process::id()).is_empty() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    if !below(std::process::id()).is_empty() {
        kill_all_below(std::process::id());
    }
    for pid in launchers {
        spawn::wait(*pid);
    }
}

fn pss(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    text.lines().find_map(|line| line.strip_prefix("Pss:"))?.split_whitespace().next()?.parse().ok()
}
