//! Doing it: the only layer that looks at the machine and changes it.
//!
//! ```text
//! probe ──> Host                      what is there (facts for the plan)
//! program ──> Program                 the last use of the heap: operations with C strings and descriptors
//! spawn ──clone3──> child ──> init    the parent makes cgroup, process, maps; the child runs the operations
//!   └─ supervise                      signals, time, the end; then the cgroup is removed
//! ```
//!
//! It knows nothing of TOML, spans or messages for people: a failure is a step number and a call.
#![allow(clippy::disallowed_methods, reason = "the one layer that has effects")]

mod cgroup;
mod child;
mod dev;
mod failure;
mod idmap;
pub mod image;
mod init;
mod magic;
mod message;
mod op;
mod probe;
mod proc;
mod program;
mod prove;
mod proxy;
mod ranges;
mod signals;
mod spawn;
mod strays;
mod streams;
mod supervise;
mod sys;
mod terminal;

pub use cgroup::{Hit, Leftover, Pressure, Usage, collect};
pub use failure::{Failure, FailureKind};
pub use probe::{probe, reason};
pub use ranges::Range;
pub use signals::Sender;
pub use spawn::{Exit, Outcome, Watch, run};
pub use streams::prepare_streams;

/// Returns a copy of a descriptor that the caller was started with.
///
/// # Errors
/// Where there is none of that number.
pub fn duplicate(number: u32) -> std::io::Result<std::os::fd::OwnedFd> {
    let number = i32::try_from(number).map_err(|_| std::io::Error::from_raw_os_error(libc::EBADF))?;
    Ok(sys::duplicate(number)?)
}
