//! A mount namespace without the cgroup2 mount of a hybrid host: crun refuses to start where it sees one.
//!
//! The machine's own mounts are not touched.

use std::fs::File;
use std::path::Path;

use nix::mount::{MntFlags, MsFlags, mount, umount2};
use nix::sched::{CloneFlags, setns, unshare};

use crate::Result;

/// Both mount namespaces; entering one is a `setns(2)` outside of the timed span.
pub(crate) struct MountNamespaces {
    own: File,
    without_unified: Option<File>,
}

impl MountNamespaces {
    /// Makes the second namespace if this host is a hybrid one. The process must have a single thread.
    pub(crate) fn make() -> Result<Self> {
        let own = current()?;
        let hybrid = Path::new("/sys/fs/cgroup/unified/cgroup.procs").exists();
        let without_unified = if hybrid { Some(hide()?) } else { None };
        let namespaces = Self { own, without_unified };
        namespaces.enter(false)?;
        Ok(namespaces)
    }

    /// Enters the namespace without the mount, or the own one.
    pub(crate) fn enter(&self, hidden: bool) -> Result<()> {
        let Some(without_unified) = &self.without_unified else { return Ok(()) };
        let namespace = if hidden { without_unified } else { &self.own };
        setns(namespace, CloneFlags::CLONE_NEWNS).map_err(|e| format!("setns to a mount namespace: {e}"))
    }
}

fn hide() -> Result<File> {
    unshare(CloneFlags::CLONE_NEWNS).map_err(|e| format!("unshare(CLONE_NEWNS): {e}"))?;
    let none = None::<&str>;
    mount(none, "/", none, MsFlags::MS_REC | MsFlags::MS_PRIVATE, none)
        .map_err(|e| format!("making / private: {e}"))?;
    umount2("/sys/fs/cgroup/unified", MntFlags::MNT_DETACH).map_err(|e| format!("hiding the cgroup2 mount: {e}"))?;
    current()
}

fn current() -> Result<File> {
    File::open("/proc/self/ns/mnt").map_err(|e| format!("/proc/self/ns/mnt: {e}"))
}
