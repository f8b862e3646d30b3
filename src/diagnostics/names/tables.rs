//! Names that mean something in one table only.

use super::{Peer, like, nothing, same};

/// The table, dotted, and what is called differently there.
pub(super) const NAMES: &[(&str, &[Peer])] = &[
    (
        "mounts",
        &[
            same(
                &[
                    "destination",
                    "dst",
                    "dest",
                    "to",
                    "mountpoint",
                    "mount_point",
                    "container_path",
                    "inside",
                    "container",
                    "where",
                ],
                "mounts.target",
                "\"/data\"",
            ),
            same(
                &["src", "from", "host_path", "host", "path", "outside", "what", "device", "bind"],
                "mounts.source",
                "\"data\"",
            ),
            same(&["ro", "read_only", "rdonly"], "mounts.readonly", "true"),
            like(&["rw", "readwrite", "read_write", "writable"], "mounts.readonly", "false"),
            same(&["fstype", "fs", "filesystem", "kind", "vfstype"], "mounts.type", "\"tmpfs\""),
            nothing(
                &["options", "opts", "flags", "mount_options"],
                "each option is a key: readonly = true, nosuid = true, nodev = true, noexec = true, size = \"64MiB\"",
            ),
            like(&["is_bind"], "mounts.type", "\"bind\""),
            like(&["is_symlink"], "mounts.type", "\"symlink\""),
            like(&["is_dir"], "mounts.type", "\"dir\""),
            like(&["suid"], "mounts.nosuid", "false"),
            like(&["dev"], "mounts.nodev", "false"),
            like(&["exec"], "mounts.noexec", "false"),
            like(&["mandatory", "required"], "mounts.optional", "false"),
            same(&["src_content", "text", "data"], "mounts.content", "\"…\""),
            like(&["rbind", "rec"], "mounts.recursive", "true"),
            same(&["lowerdir", "lower_dir", "layers"], "mounts.lower", "[\"layer\", \"/usr\"]"),
            same(&["upperdir", "upper_dir"], "mounts.upper", "\"upper\""),
            same(&["workdir", "work_dir"], "mounts.work", "\"work\""),
            same(&["tmpfs_size", "limit"], "mounts.size", "\"64MiB\""),
            same(&["permissions", "perm", "chmod"], "mounts.mode", "\"0755\""),
        ],
    ),
    (
        "rootfs",
        &[
            same(&["dir", "directory", "source", "src", "root"], "rootfs.path", "\"alpine\""),
            like(&["readonly", "read_only", "ro"], "rootfs.mode", "\"readonly\""),
            like(&["writable", "rw", "readwrite"], "rootfs.mode", "\"readwrite\""),
            like(&["tmpfs", "overlay", "ephemeral"], "rootfs.mode", "\"overlay\""),
            same(&["size", "tmpfs_size"], "rootfs.overlay_size", "\"512MiB\""),
            same(&["tar", "tarball"], "rootfs.archive", "\"alpine.tar.gz\""),
            same(&["digest", "checksum", "sha"], "rootfs.sha256", "\"…\""),
            same(&["squashfs", "erofs"], "rootfs.file", "\"root.squashfs\""),
        ],
    ),
    (
        "userns.uid_map",
        &[
            same(
                &["container_id", "inside", "inside_id", "containerID", "nsid", "from"],
                "userns.uid_map.container",
                "0",
            ),
            same(&["host_id", "outside", "outside_id", "hostID", "to"], "userns.uid_map.host", "100000"),
            same(&["count", "length", "len", "range"], "userns.uid_map.size", "65536"),
            nothing(&["use_newidmap"], "newuidmap is used where it is needed; take the line out"),
        ],
    ),
    (
        "userns.gid_map",
        &[
            same(
                &["container_id", "inside", "inside_id", "containerID", "nsid", "from"],
                "userns.gid_map.container",
                "0",
            ),
            same(&["host_id", "outside", "outside_id", "hostID", "to"], "userns.gid_map.host", "100000"),
            same(&["count", "length", "len", "range"], "userns.gid_map.size", "65536"),
            nothing(&["use_newidmap"], "newgidmap is used where it is needed; take the line out"),
        ],
    ),
    (
        "limits",
        &[
            same(&["max", "limit", "ram"], "limits.memory", "\"512MiB\""),
            same(&["tasks", "processes", "procs", "threads"], "limits.pids", "64"),
            same(&["high", "soft"], "limits.memory_high", "\"400MiB\""),
            same(&["low", "reservation"], "limits.memory_low", "\"256MiB\""),
            like(&["quota", "period", "cpu_time"], "limits.cpus", "1.5"),
            same(&["weight", "shares"], "limits.cpu_weight", "100"),
            same(&["mems"], "limits.cpuset_mems", "\"0\""),
            same(&["timeout", "walltime", "time"], "lifecycle.timeout", "\"10s\""),
        ],
    ),
    (
        "namespaces",
        &[
            like(&["net", "network"], "network.mode", "\"none\""),
            like(&["user", "userns"], "userns.mode", "\"auto\""),
            same(&["mnt", "mounts"], "namespaces.mount", "\"private\""),
            same(&["hostname"], "namespaces.uts", "\"private\""),
            same(&["process", "pids"], "namespaces.pid", "\"private\""),
        ],
    ),
    ("network", &[same(&["type", "driver", "network_mode", "net"], "network.mode", "\"none\"")]),
    ("userns", &[same(&["type", "remap"], "userns.mode", "\"auto\"")]),
    (
        "devices",
        &[
            same(&["source", "host", "name", "node", "path_on_host", "device"], "devices.path", "\"/dev/fuse\""),
            same(&["destination", "dst", "path_in_container", "container"], "devices.target", "\"/dev/fuse\""),
            same(&["permissions", "perms", "cgroup_permissions", "mode"], "devices.access", "\"rw\""),
            nothing(
                &["major", "minor", "type", "fileMode"],
                "the node is taken from the host; its path suffices: path = \"/dev/fuse\"",
            ),
        ],
    ),
];
