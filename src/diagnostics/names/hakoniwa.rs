//! Keys of hakoniwa's configuration and options.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    like(&["cmdline"], "command", "\"/bin/sh\""),
    lines(&["rootfs_bind", "rootdir_path", "bindmounts"], "mounts", "source = \"data\"\ntarget = \"/data\""),
    lines(
        &["fs_operations", "filesystem", "write_file"],
        "mounts",
        "type = \"file\"\ntarget = \"/etc/app.conf\"\ncontent = \"…\"",
    ),
    same(&["limit_walltime", "walltime"], "lifecycle.timeout", "\"10s\""),
    same(&["limit_as"], "rlimits.as", "\"4GiB\""),
    same(&["limit_core"], "rlimits.core", "0"),
    same(&["limit_cpu"], "rlimits.cpu", "60"),
    same(&["limit_fsize"], "rlimits.fsize", "\"1GiB\""),
    same(&["limit_nofile"], "rlimits.nofile", "1024"),
    lines(&["landlock_fs_ro", "landlock_fs_rx"], "landlock", "read = [\"/usr\"]"),
    lines(&["landlock_fs_rw"], "landlock", "write = [\"/data\"]"),
    lines(&["landlock_tcp_bind"], "landlock", "tcp_bind = [8080]"),
    lines(&["landlock_tcp_connect"], "landlock", "tcp_connect = [443]"),
    nothing(&["allow_new_privs"], "new privileges are off unless written: [security] no_new_privs = false"),
    like(&["share_network", "unshare_network"], "network.mode", "\"none\""),
];
