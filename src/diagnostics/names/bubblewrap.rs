//! Options of bubblewrap, with or without the dashes.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    lines(
        &["ro-bind", "bind_ro", "ro_binds", "robind", "ro-bind-try"],
        "mounts",
        "source = \"/usr\"\ntarget = \"/usr\"",
    ),
    lines(&["bind", "bind-try", "rw_binds"], "mounts", "source = \"data\"\ntarget = \"/data\"\nreadonly = false"),
    lines(&["dev-bind", "dev-bind-try"], "devices", "path = \"/dev/fuse\""),
    lines(
        &["overlay", "tmp-overlay", "ro-overlay", "overlay-src"],
        "mounts",
        "type = \"overlay\"\ntarget = \"/usr\"\nlower = [\"layer\", \"/usr\"]",
    ),
    nothing(&["proc", "mount_proc", "dev"], "a fresh /proc and a minimal /dev are always there; take the line out"),
    lines(&["mqueue"], "mounts", "type = \"mqueue\"\ntarget = \"/dev/mqueue\""),
    lines(&["symlink", "symlinks"], "mounts", "type = \"symlink\"\nsource = \"usr/bin\"\ntarget = \"/bin\""),
    lines(&["dir", "dirs", "mkdir"], "mounts", "type = \"dir\"\ntarget = \"/var/lib/app\""),
    lines(
        &["file", "files", "bind-data", "ro-bind-data"],
        "mounts",
        "type = \"file\"\ntarget = \"/etc/app.conf\"\ncontent = \"…\"",
    ),
    lines(&["setenv"], "env", "NAME = \"value\""),
    nothing(&["unsetenv", "clearenv"], "the caller's environment never leaks in; to take one away: [env] NAME = false"),
    same(&["chdir"], "cwd", "\"/srv\""),
    like(&["unshare-net", "share-net", "clone_newnet", "isolate_network"], "network.mode", "\"none\""),
    like(&["unshare-pid", "clone_newpid"], "namespaces.pid", "\"private\""),
    like(&["unshare-ipc", "clone_newipc"], "namespaces.ipc", "\"private\""),
    like(&["unshare-uts", "clone_newuts"], "namespaces.uts", "\"private\""),
    like(&["unshare-cgroup", "unshare-cgroup-try", "clone_newcgroup"], "namespaces.cgroup", "\"private\""),
    like(&["unshare-user", "unshare-user-try", "clone_newuser"], "userns.mode", "\"auto\""),
    like(&["unshare", "unshare-all", "clone_newns", "namespace"], "namespaces.pid", "\"private\""),
    nothing(
        &["disable-userns", "assert-userns-disabled"],
        "user namespaces inside are off unless written: [security] nested_userns = true",
    ),
    same(&["die-with-parent", "pdeathsig", "parent_death_signal"], "lifecycle.die_with_parent", "true"),
    nothing(
        &["new-session", "setsid", "skip_setsid"],
        "the command always has a session of its own; take the line out",
    ),
    like(&["as-pid-1"], "lifecycle.init", "false"),
    nothing(&["argv0"], "argv[0] is the command as written"),
    nothing(
        &["lock-file", "sync-fd", "block-fd", "info-fd", "json-status-fd", "pass_fd"],
        "no file descriptor but 0, 1 and 2 goes in; a report comes out by `launch --report FILE`",
    ),
    nothing(&["perms", "chmod"], "permissions belong to what is made: mode = \"0755\" in a [[mounts]] table"),
    same(&["exec-label"], "security.selinux", "\"label\""),
];
