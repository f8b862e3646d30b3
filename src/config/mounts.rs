//! `[[mounts]]`: what is put into the root, in order.

use schemars::JsonSchema;
use serde::Deserialize;

use super::NumberOrText;

/// One thing put into the root: a directory or file of the host, a fresh file system, a file written here, a link.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mount {
    /// Where, an absolute path inside the root, as in `target = "/data"`. Links on the way are resolved inside the root.
    pub target: Option<String>,
    /// What: a path of the host for `bind`, relative to this file, as in `source = "./data"`; the text of the link for `symlink`.
    pub source: Option<String>,
    /// Kind of mount. Default: `"bind"`.
    #[serde(rename = "type")]
    pub kind: MountType,
    /// Refuses writes. Default: true for `bind`, false for the others.
    pub readonly: Option<bool>,
    /// Takes what is mounted below the source too, with the same flags. Default: true for `bind`.
    pub recursive: Option<bool>,
    /// Ignores setuid bits and file capabilities below. Default: true.
    pub nosuid: Option<bool>,
    /// Makes device nodes below unusable. Default: true.
    pub nodev: Option<bool>,
    /// Refuses to execute files below. Default: false for `bind`, `tmpfs` and `overlay`, true for the others.
    pub noexec: Option<bool>,
    /// How later mounts travel between the host and the container: `"private"` not at all, `"slave"` inwards. Default: `"private"`.
    pub propagation: Option<Propagation>,
    /// Leaves the mount out where the source does not exist on the host. Default: false.
    pub optional: Option<bool>,
    /// Makes a missing mount point in a writable root (it stays there in `mode = "readwrite"`). Default: true.
    pub create: Option<bool>,
    /// How much a `tmpfs` may hold, as in `size = "64MiB"`; it counts as memory of the container. Default: `"64MiB"`.
    pub size: Option<NumberOrText>,
    /// Permissions of a `tmpfs`, `file` or `dir`, octal, as in `mode = "1777"`. Default: `"0755"`, `"0644"` for `file`.
    pub mode: Option<String>,
    /// Text of a `file`.
    pub content: Option<String>,
    /// Lower directories of an `overlay`, the uppermost first, relative to this file.
    pub lower: Vec<String>,
    /// Directory that takes the writes of an `overlay`. Default: memory, gone at exit.
    pub upper: Option<String>,
    /// Work directory of an `overlay`, empty and on the file system of `upper`.
    pub work: Option<String>,
    /// Shows the source's owners as they are on disk in spite of the user namespace (an idmapped mount, Linux 5.12). Default: true where the user namespace is `auto` and `launch` runs as root.
    pub idmap: Option<bool>,
    /// Takes away the mount of this target that a file in `extends` has.
    pub remove: Option<bool>,
}

/// Kind of a mount.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MountType {
    /// A directory or file of the host.
    #[default]
    Bind,
    /// An empty file system in memory.
    Tmpfs,
    /// Directories laid over each other.
    Overlay,
    /// Processes and kernel parameters of the container's own pid namespace.
    Proc,
    /// Kernel objects of the container's own network namespace.
    Sysfs,
    /// Pseudo terminals of the container's own.
    Devpts,
    /// POSIX message queues of the container's own ipc namespace.
    Mqueue,
    /// The container's own cgroup, read-only.
    Cgroup,
    /// A file with the text of `content`.
    File,
    /// A symbolic link to `source`.
    Symlink,
    /// An empty directory.
    Dir,
}

/// Propagation of mount events (mount_namespaces(7)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Propagation {
    /// None in either direction.
    Private,
    /// From the host to the container only.
    Slave,
    /// In both directions; needs the host's own user namespace.
    Shared,
}
