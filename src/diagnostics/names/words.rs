//! Words that other tools write as values, and which word it is here.

/// The key, dotted; the words there; the word here.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("rootfs.mode", &["ro", "read-only", "r", "immutable"], "readonly"),
    ("rootfs.mode", &["rw", "read-write", "writable", "w"], "readwrite"),
    ("rootfs.mode", &["tmpfs", "volatile", "ephemeral", "tmp", "overlayfs"], "overlay"),
    ("mounts.type", &["none", "rbind", "volume", "directory", "host"], "bind"),
    ("mounts.type", &["ramfs", "tmp", "memory", "shm"], "tmpfs"),
    ("mounts.type", &["overlayfs", "aufs"], "overlay"),
    ("mounts.type", &["procfs"], "proc"),
    ("mounts.type", &["sys"], "sysfs"),
    ("mounts.type", &["cgroup2", "cgroupfs"], "cgroup"),
    ("mounts.type", &["link", "symbolic"], "symlink"),
    ("mounts.type", &["mkdir", "folder"], "dir"),
    ("mounts.type", &["config", "text", "data"], "file"),
    ("mounts.propagation", &["rprivate", "unbindable", "runbindable"], "private"),
    ("mounts.propagation", &["rslave"], "slave"),
    ("mounts.propagation", &["rshared"], "shared"),
    ("network.mode", &["private", "isolated", "off", "no", "disabled", "empty"], "none"),
    ("network.mode", &["share", "shared", "inherit"], "host"),
    ("network.mode", &["nat", "default", "veth"], "bridge"),
    ("network.mode", &["slirp4netns", "slirp", "user"], "pasta"),
    ("userns.mode", &["keepid", "keep_id", "keep"], "keep-id"),
    ("userns.mode", &["nomap", "root", "fakeroot", "map-root"], "single"),
    ("userns.mode", &["none", "off", "disabled", "no"], "host"),
    ("userns.mode", &["private", "remap", "default", "subuid"], "auto"),
    ("cgroup.manager", &["cgroup", "cgroupsfs", "fs"], "cgroupfs"),
    ("cgroup.manager", &["disabled", "off", "no", "no-conmon"], "none"),
    ("security.keyring", &["new", "inherit-no"], "private"),
];

/// The word that is meant by a word of another tool.
pub(in crate::diagnostics) fn meant(key: &str, word: &str) -> Option<&'static str> {
    let plain = word.to_lowercase();
    WORDS.iter().find(|(at, there, _)| *at == key && there.contains(&plain.as_str())).map(|(_, _, here)| *here)
}
