//! What a filter answers a system call with. Never when; see [`super::Rule`].

use super::Errno;

/// The answer to a system call, from the mildest to the strictest: the order in which the kernel ranks the answers of
/// several filters (seccomp(2)), turned round.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// The call runs.
    Allow,
    /// The call runs and is written to the audit log.
    Log,
    /// A tracer decides; without one the call fails with `ENOSYS`. The number is handed to the tracer.
    Trace(u16),
    /// The call does not run and fails with this error.
    Errno(Errno),
    /// The thread gets `SIGSYS`, which it may handle.
    Trap,
    /// The thread dies.
    KillThread,
    /// The whole process dies, with `SIGSYS`.
    KillProcess,
}

impl Action {
    /// Gives the value a filter returns (`SECCOMP_RET_*` of `linux/seccomp.h`).
    pub const fn code(self) -> u32 {
        match self {
            Self::Allow => 0x7fff_0000,
            Self::Log => 0x7ffc_0000,
            Self::Trace(data) => 0x7ff0_0000 | data as u32,
            Self::Errno(errno) => 0x0005_0000 | errno.number() as u32,
            Self::Trap => 0x0003_0000,
            Self::KillThread => 0x0000_0000,
            Self::KillProcess => 0x8000_0000,
        }
    }

    /// Tells whether the call runs.
    pub const fn runs(self) -> bool {
        matches!(self, Self::Allow | Self::Log)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codes_are_those_of_libc() {
        let pairs = [
            (Action::Allow, libc::SECCOMP_RET_ALLOW),
            (Action::Log, libc::SECCOMP_RET_LOG),
            (Action::Trace(0), libc::SECCOMP_RET_TRACE),
            (Action::Errno(Errno::from_number(0).unwrap()), libc::SECCOMP_RET_ERRNO),
            (Action::Trap, libc::SECCOMP_RET_TRAP),
            (Action::KillThread, libc::SECCOMP_RET_KILL_THREAD),
            (Action::KillProcess, libc::SECCOMP_RET_KILL_PROCESS),
        ];
        for (action, code) in pairs {
            assert_eq!(action.code(), code, "{action:?}");
        }
        assert!(pairs.windows(2).all(|pair| pair[0].0 < pair[1].0), "strictness does not ascend");
        assert_eq!(Action::Errno(Errno::ENOSYS).code() & 0xffff, 38);
    }
}
