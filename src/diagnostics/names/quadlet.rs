//! Keys of podman quadlet `.container` files and options of `podman run`.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    nothing(&["Container", "Pod", "Kube"], "there are no sections for units: write the keys at the top of the file"),
    like(&["AddCapability"], "security.capabilities", "[\"CAP_CHOWN\"]"),
    nothing(&["DropCapability"], "no capability is given unless named: [security] capabilities = [\"CAP_CHOWN\"]"),
    lines(&["AddDevice"], "devices", "path = \"/dev/fuse\""),
    nothing(&["AutoUpdate"], "launch updates nothing; pin the root, as in rootfs = \"alpine\""),
    like(&["CgroupsMode", "cgroups", "cgroup_manager"], "cgroup.manager", "\"auto\""),
    nothing(&["PodmanArgs", "GlobalArgs"], "each option has a key of its own here; `launch schema` lists them"),
    nothing(&["ExposeHostPort"], "no port is forwarded: [network] mode = \"host\" uses the host's own"),
    lines(&["ReadOnlyTmpfs"], "mounts", "type = \"tmpfs\"\ntarget = \"/run\""),
    same(&["RunInit"], "lifecycle.init", "true"),
    nothing(
        &["SecurityLabelDisable", "SecurityLabelType"],
        "without [security] selinux the label is the caller's; take the line out",
    ),
    like(&["SubUIDMap", "SubGIDMap"], "userns.mode", "\"auto\""),
    like(&["UIDMap"], "userns.uid_map", "[{ container = 0, host = 100000, size = 65536 }]"),
    like(&["GIDMap"], "userns.gid_map", "[{ container = 0, host = 100000, size = 65536 }]"),
    nothing(&["Timezone", "tz"], "set the variable: [env] TZ = \"Europe/Berlin\""),
    nothing(&["Unmask"], "write the whole list: [security] masked_paths = []"),
    nothing(&["Notify", "sdnotify"], "launch speaks no sd_notify; Type=exec serves"),
    same(&["StopTimeout_sec"], "lifecycle.stop_timeout", "\"10s\""),
    nothing(&["Secret"], "bind the file: [[mounts]] source = \"secret\", target = \"/run/secret\""),
];
