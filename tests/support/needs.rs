//! What a test needs of the machine, and what happens where that is missing: a skip, said aloud. tests/README.md has the rule.

use super::host;
use super::place::{self, Root};
use std::fmt;
use std::panic;

/// One thing that a test cannot do without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Need {
    /// The test binary runs as root.
    Root,
    /// The test binary runs as an ordinary user.
    OrdinaryUser,
    /// An ordinary user to run `launch` as: the caller, or the test user where the caller is root.
    TestUser,
    /// Subordinate ids of that user, with newuidmap and newgidmap to use them.
    SubordinateIds,
    /// An ordinary user may make a user namespace.
    UserNamespaces,
    /// The cgroup hierarchy is v2 alone.
    CgroupV2,
    /// The cgroup hierarchy is v1, with or without a v2 hierarchy beside it.
    CgroupV1,
    /// The cgroup hierarchy is v1 with a v2 hierarchy beside it.
    CgroupHybrid,
    /// The caller may make cgroups with this controller.
    Controller(&'static str),
    /// systemd is pid 1.
    Systemd,
    /// The kernel has landlock, and it is on.
    Landlock,
    /// The kernel has seccomp filters.
    Seccomp,
    /// A processor of this kind, as `uname -m` has it.
    Machine(&'static str),
    /// A program is on PATH.
    Tool(&'static str),
    /// A root file system made by tests/roots.
    Rootfs(Root),
}

/// Why a test did not run.
#[derive(Debug)]
pub(crate) enum Skip {
    /// This machine is of another kind and cannot be made this one: another machine's run has to show it.
    Elsewhere(String),
    /// tests/setup would provide it.
    Missing(String),
}

/// Ends the test as skipped unless this machine has all of `needs`.
pub(crate) fn needs(needs: &[Need]) {
    if let Some(missing) = needs.iter().find(|need| !need.is_met()) {
        missing.skip();
    }
}

impl Need {
    fn is_met(self) -> bool {
        match self {
            Self::Root => host::is_root(),
            Self::OrdinaryUser => !host::is_root(),
            Self::TestUser => place::user().is_some(),
            Self::SubordinateIds => place::user().is_some_and(place::User::has_subordinate_ids),
            Self::UserNamespaces => host::user_namespaces(),
            Self::CgroupV2 => host::cgroup() == host::Cgroup::V2,
            Self::CgroupV1 => matches!(host::cgroup(), host::Cgroup::V1 | host::Cgroup::Hybrid),
            Self::CgroupHybrid => host::cgroup() == host::Cgroup::Hybrid,
            Self::Controller(name) => host::has_controller(name),
            Self::Systemd => host::systemd(),
            Self::Landlock => host::landlock(),
            Self::Seccomp => host::seccomp(),
            Self::Machine(name) => std::env::consts::ARCH == name,
            Self::Tool(name) => host::tool(name).is_some(),
            Self::Rootfs(root) => root.path().exists(),
        }
    }

    /// Whether tests/setup can provide it; what it cannot is the kind of the machine.
    fn can_be_set_up(self) -> bool {
        match self {
            Self::TestUser | Self::SubordinateIds => host::is_root(),
            Self::Tool(_) | Self::Rootfs(_) => !host::in_test_machine(),
            _ => false,
        }
    }

    fn skip(self) -> ! {
        let skip = if self.can_be_set_up() {
            Skip::Missing(format!("needs {self}"))
        } else {
            Skip::Elsewhere(format!("needs {self} ({})", host::describe()))
        };
        // Not a panic!: a skip has nothing for the panic hook to say.
        panic::resume_unwind(Box::new(skip));
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Root => f.write_str("root"),
            Self::OrdinaryUser => f.write_str("an ordinary user"),
            Self::TestUser => f.write_str("the user `launch-test`"),
            Self::SubordinateIds => f.write_str("subordinate ids and newuidmap"),
            Self::UserNamespaces => f.write_str("user namespaces for ordinary users"),
            Self::CgroupV2 => f.write_str("cgroup v2"),
            Self::CgroupV1 => f.write_str("cgroup v1"),
            Self::CgroupHybrid => f.write_str("cgroup v1 and v2 together"),
            Self::Controller(name) => write!(f, "the cgroup controller {name}"),
            Self::Systemd => f.write_str("systemd as pid 1"),
            Self::Landlock => f.write_str("landlock"),
            Self::Seccomp => f.write_str("seccomp"),
            Self::Machine(name) => write!(f, "the machine {name}"),
            Self::Tool(name) => write!(f, "the program {name}"),
            Self::Rootfs(root) => write!(f, "the root {}", root.path().display()),
        }
    }
}
