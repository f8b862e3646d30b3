//! The standard streams of launch itself, before anything else is opened.

use rustix::fs::{Mode, OFlags};

/// Gives closed standard streams to /dev/null, so that no file of ours is taken for one of them, and has a write to a
/// closed pipe return an error instead of a signal.
pub fn prepare_streams() {
    for stream in 0..3 {
        if super::sys::is_closed(stream) {
            // The lowest free descriptor is this very one.
            match rustix::fs::open(c"/dev/null", OFlags::RDWR, Mode::empty()) {
                Ok(null) => std::mem::forget(null),
                Err(_) => super::sys::exit(125),
            }
        }
    }
    super::sys::ignore_broken_pipes();
}
