//! Last words of LXC's dotted keys, as `lxc.uts.name`.

use super::{Peer, like, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    nothing(&["lxc"], "the keys have other names here: `hostname`, `rootfs`, [[mounts]], [limits], [userns]"),
    same(&["lxc.uts.name", "utsname"], "hostname", "\"box\""),
    same(&["lxc.rootfs.path"], "rootfs.path", "\"alpine\""),
    like(&["lxc.mount.entry", "lxc.mount.auto"], "mounts", "[{ source = \"data\", target = \"/data\" }]"),
    like(
        &["lxc.idmap", "lxc.id_map", "idmaps", "id_map"],
        "userns.uid_map",
        "[{ container = 0, host = 100000, size = 65536 }]",
    ),
    same(
        &[
            "lxc.cgroup2.memory.max",
            "lxc.cgroup.memory.limit_in_bytes",
            "memory.max",
            "memory.limit_in_bytes",
            "limit_in_bytes",
        ],
        "limits.memory",
        "\"512MiB\"",
    ),
    same(&["lxc.cgroup2.pids.max", "lxc.cgroup.pids.max", "pids.max"], "limits.pids", "64"),
    like(&["lxc.cgroup2.cpu.max", "cpu.max"], "limits.cpus", "1.5"),
    same(&["lxc.cgroup2.cpuset.cpus"], "limits.cpuset", "\"0-3\""),
    like(&["lxc.cap.drop", "lxc.cap.keep"], "security.capabilities", "[\"CAP_CHOWN\"]"),
    same(&["lxc.init.cmd", "lxc.execute.cmd"], "command", "\"/bin/sh\""),
    same(&["lxc.init.cwd"], "cwd", "\"/srv\""),
    like(&["lxc.net.0.type"], "network.mode", "\"none\""),
    same(&["lxc.apparmor.profile"], "security.apparmor", "\"profile\""),
    same(&["lxc.seccomp.profile"], "security.seccomp", "\"profile.json\""),
    same(&["lxc.signal.stop"], "lifecycle.stop_signal", "\"SIGTERM\""),
    same(&["lxc.no_new_privs"], "security.no_new_privs", "true"),
];
