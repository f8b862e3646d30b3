//! Properties of an OCI runtime `config.json`, and of what docker inspect shows.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    nothing(&["ociVersion"], "a container.toml has no version; take the line out"),
    nothing(&["process"], "its properties are keys at the top of the file here, as in command = \"/bin/sh\""),
    like(&["root", "rootfs_path", "rootdir", "chroot"], "rootfs.path", "\"alpine\""),
    nothing(&["linux"], "its properties have tables of their own here: [limits], [namespaces], [userns], [security]"),
    nothing(&["resources"], "limits stand in one table here: [limits] memory = \"512MiB\", pids = 64, cpus = 1.5"),
    like(&["commandLine", "argv"], "args", "[\"-l\"]"),
    same(&["noNewPrivileges", "no_new_privileges", "nnp"], "security.no_new_privs", "true"),
    same(&["oomScoreAdj"], "security.oom_score_adj", "500"),
    same(&["apparmorProfile", "apparmor_profile"], "security.apparmor", "\"profile\""),
    same(&["selinuxLabel", "selinux_label", "processLabel", "mountLabel"], "security.selinux", "\"label\""),
    same(&["maskedPaths", "mask"], "security.masked_paths", "[\"/proc/kcore\"]"),
    same(&["readonlyPaths"], "security.readonly_paths", "[\"/proc/sys\"]"),
    same(&["seccompProfile", "seccomp_profile", "seccomp_policy"], "security.seccomp", "\"profile.json\""),
    like(&["bounding", "permitted", "effective"], "security.capabilities", "[\"CAP_CHOWN\"]"),
    like(&["inheritable"], "security.ambient", "[\"CAP_NET_BIND_SERVICE\"]"),
    like(&["additionalGids", "supplementary_groups"], "groups", "[\"audio\"]"),
    like(
        &["uidMappings", "uid_mappings", "uidmap", "uid_maps", "uidmaps"],
        "userns.uid_map",
        "[{ container = 0, host = 100000, size = 65536 }]",
    ),
    like(
        &["gidMappings", "gid_mappings", "gidmap", "gid_maps", "gidmaps"],
        "userns.gid_map",
        "[{ container = 0, host = 100000, size = 65536 }]",
    ),
    same(&["cgroupsPath", "cgroup_path"], "cgroup.parent", "\"jobs\""),
    nothing(&["rootfsPropagation"], "mounts never travel out of the root; per mount: propagation = \"slave\""),
    same(&["timeOffsets"], "namespaces.time_offsets", "{ boottime = 3600 }"),
    like(&["hugepageLimits", "hugepage_limits"], "limits.hugetlb", "{ \"2MB\" = \"64MiB\" }"),
    lines(&["blockIO", "block_io", "blkio"], "limits", "io = [{ device = \"/dev/sda\", wbps = \"10MiB\" }]"),
    nothing(&["intelRdt", "rdma", "personality"], "this is not part of launch; set it outside and start launch there"),
    nothing(&["consoleSize"], "the terminal's size follows the caller's"),
    // What `docker inspect` shows.
    nothing(
        &["HostConfig", "GraphDriver", "NetworkSettings"],
        "only the keys inside have names here: mounts, limits, network",
    ),
    lines(&["portBindings", "exposedPorts"], "network", "mode = \"host\""),
    nothing(&["mounts_denied"], "what is not mounted is not there; take the line out"),
];
