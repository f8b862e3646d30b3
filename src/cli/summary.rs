//! The line of `-v`: how a run went, in one sentence.

use std::fmt::Write;
use std::time::Duration;

use crate::runtime::Usage;

/// Exit code and time, then what the kernel counted.
pub(super) fn line(code: u8, wall: Duration, usage: &Usage) -> String {
    let mut text = format!("exit code {code} after {:.3} s", wall.as_secs_f64());
    let seconds = |us: Option<u64>| us.map(|us| Duration::from_micros(us).as_secs_f64());
    if let (Some(user), Some(system)) = (seconds(usage.cpu_user_us), seconds(usage.cpu_system_us)) {
        let _ = write!(text, "; processor {user:.3} s user, {system:.3} s system");
    }
    if let Some(waited) = seconds(usage.throttled_us).filter(|waited| *waited > 0.0) {
        let _ = write!(text, ", {waited:.3} s held back");
    }
    if let Some(peak) = usage.memory_peak {
        let _ = write!(text, "; at most {} KiB of memory", peak / 1024);
    }
    if let Some(peak) = usage.pids_peak {
        let _ = write!(text, "; at most {peak} processes");
    }
    if let (Some(read), Some(written)) = (usage.io_read_bytes, usage.io_write_bytes)
        && read + written > 0
    {
        let _ = write!(text, "; {} KiB read, {} KiB written", read / 1024, written / 1024);
    }
    text
}
