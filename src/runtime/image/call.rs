//! A system call that failed, told as strace(1) tells it.
//!
//! It never decides what to do about the failure.

use std::path::Path;

use rustix::io::Errno;

/// A system call with its arguments and the error that it gave.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name}({arguments}): {errno}")]
pub struct Call {
    /// The name of the call, as in its manual page.
    pub name: &'static str,
    /// The arguments that matter, control characters escaped.
    pub arguments: String,
    /// The error of the kernel.
    pub errno: Errno,
}

impl Call {
    /// Makes the closure that `map_err` wants: `openat(…).map_err(Call::on("openat", path))`.
    pub(super) fn on(name: &'static str, path: impl AsRef<Path>) -> impl FnOnce(Errno) -> Self {
        move |errno| Self { name, arguments: super::name::quoted(path.as_ref()), errno }
    }

    /// The same for an error of `std::io`; one that carries no number of the kernel's becomes `EIO`.
    pub(super) fn io(name: &'static str, path: impl AsRef<Path>) -> impl FnOnce(std::io::Error) -> Self {
        move |error| Self::on(name, path)(Errno::from_io_error(&error).unwrap_or(Errno::IO))
    }
}
