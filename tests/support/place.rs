//! Where tests live: the run's own folder, the binary under test, the ordinary user, the root file systems.

use super::host;
use super::needs::{Need, needs};
use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// The folder of this run; below it one folder for each launch. Any user may enter it, unlike the build folder.
static BASE: LazyLock<PathBuf> = LazyLock::new(|| {
    let base = std::env::temp_dir().join(format!("launch-test-{}", std::process::id()));
    fs::create_dir(&base).unwrap();
    fs::set_permissions(&base, Permissions::from_mode(0o755)).unwrap();
    base
});

/// Removes the folder of this run.
pub(crate) fn remove() {
    // A test may have made folders that their owner cannot search; root can, and an ordinary user made them itself.
    let _ = Command::new("chmod").args(["-R", "u+rwx"]).arg(&*BASE).output();
    fs::remove_dir_all(&*BASE).unwrap();
}

/// Makes a fresh folder, owned by `user`. Its name tells whose leftovers are whose, for `launch` names things after it.
pub(crate) fn fresh_dir(user: Option<&User>) -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let dir = BASE.join(format!("t{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed)));
    for dir in [dir.clone(), dir.join("tmp"), dir.join("home")] {
        fs::create_dir(&dir).unwrap();
        fs::set_permissions(&dir, Permissions::from_mode(0o755)).unwrap();
        if let Some(user) = user {
            chown(&dir, Some(user.uid), Some(user.gid)).unwrap();
        }
    }
    dir
}

/// The binary under test, at a path that every user can reach.
pub(crate) fn binary() -> &'static Path {
    static BINARY: LazyLock<PathBuf> = LazyLock::new(|| {
        let built = std::env::var_os("LAUNCH_BIN").map_or_else(|| env!("CARGO_BIN_EXE_launch").into(), PathBuf::from);
        let reachable = BASE.join("launch");
        fs::copy(&built, &reachable).unwrap_or_else(|error| panic!("{}: {error}", built.display()));
        reachable
    });
    &BINARY
}

/// A file of the project's tree.
pub(crate) fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// An ordinary user of this machine.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

impl User {
    /// Makes `command` run as this user, with no supplementary groups.
    pub(crate) fn apply(&self, command: &mut Command) {
        command.uid(self.uid).gid(self.gid).env("USER", &self.name);
    }

    pub(crate) fn has_subordinate_ids(&self) -> bool {
        let listed = |file| fs::read_to_string(file).is_ok_and(|text| text.contains(&format!("{}:", self.name)));
        let tools = ["newuidmap", "newgidmap"].iter().all(|name| host::tool(name).is_some());
        tools && listed("/etc/subuid") && listed("/etc/subgid")
    }
}

/// The ordinary user to run as: the caller, or where that is root the user that tests/setup or the test machine made.
pub(crate) fn user() -> Option<&'static User> {
    static USER: LazyLock<Option<User>> = LazyLock::new(|| {
        let caller = rustix::process::geteuid();
        let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
        passwd.lines().filter_map(parse_user).find(|user| {
            if caller.is_root() {
                ["launch-test", "tester"].contains(&&*user.name)
            } else {
                user.uid == caller.as_raw()
            }
        })
    });
    USER.as_ref()
}

fn parse_user(line: &str) -> Option<User> {
    let fields: Vec<_> = line.split(':').collect();
    Some(User { name: (*fields.first()?).into(), uid: fields.get(2)?.parse().ok()?, gid: fields.get(3)?.parse().ok()? })
}

/// A root file system made by tests/roots.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Root {
    /// busybox, with the usual mount points.
    Busybox,
    /// busybox, and not one folder to mount on.
    Bare,
    /// A small Debian with the programs that people run.
    Debian,
}

impl Root {
    pub(crate) const ALL: [Self; 3] = [Self::Busybox, Self::Bare, Self::Debian];

    /// The name of its folder in the cache, and what `{name}` in a test's file stands for.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Busybox => "busybox",
            Self::Bare => "busybox-bare",
            Self::Debian => "debian",
        }
    }

    pub(crate) fn path(self) -> PathBuf {
        let cache =
            std::env::var_os("LAUNCH_TEST_CACHE").map_or_else(|| "/var/cache/launch-test".into(), PathBuf::from);
        cache.join("roots").join(self.name())
    }

    /// Copies it to `target`, for tests that write to it; owned by `user`.
    pub(crate) fn copy_to(self, target: &Path, user: Option<&User>) {
        needs(&[Need::Rootfs(self)]);
        let status = Command::new("cp").arg("-a").arg(self.path()).arg(target).status().unwrap();
        assert!(status.success(), "cp -a {}", self.path().display());
        if let Some(user) = user {
            let owner = format!("{}:{}", user.uid, user.gid);
            assert!(Command::new("chown").args(["-Rh", &owner]).arg(target).status().unwrap().success());
        }
    }
}
