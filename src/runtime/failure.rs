//! What can fail while a plan is carried out: a call with its arguments, as strace(1) shows it, and the step it was for.

use rustix::io::Errno;

/// A call that failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{call}: {}", Errno::from_raw_os_error(*errno))]
pub struct Failure {
    /// The call with its arguments.
    pub call: String,
    /// The error number (errno(3)).
    pub errno: i32,
    /// The step of the plan that it was for.
    pub step: Option<usize>,
    /// Which kind of call, for the hint.
    pub kind: FailureKind,
}

/// Kinds of calls that have hints of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Making the process and its namespaces.
    Clone,
    /// Making or limiting the cgroup.
    Cgroup,
    /// Asking systemd for a scope.
    Systemd,
    /// Writing the id maps.
    Maps,
    /// Making or placing a mount.
    Mount,
    /// Starting the command.
    Exec,
    /// What was read back is not what was written.
    Differs,
    /// Any other call.
    Call,
}

impl Failure {
    /// A call that failed.
    pub(super) fn new(kind: FailureKind, call: impl Into<String>, errno: Errno) -> Failure {
        Failure { call: call.into(), errno: errno.raw_os_error(), step: None, kind }
    }

    /// Names the step that it was for.
    #[must_use]
    pub(super) fn of_step(mut self, step: usize) -> Failure {
        self.step = Some(step);
        self
    }

    /// Returns the error.
    pub fn error(&self) -> Errno {
        Errno::from_raw_os_error(self.errno)
    }
}
