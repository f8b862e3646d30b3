//! Keys of a docker compose service and options of `docker run`.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    // What is run.
    like(&["entrypoint"], "command", "\"/bin/sh\""),
    like(&["cmd"], "args", "[\"-c\", \"echo hello\"]"),
    same(&["working_dir", "workdir", "work_dir"], "cwd", "\"/srv\""),
    same(&["container_name"], "name", "\"web\""),
    same(&["host_name", "uts_name", "nodename"], "hostname", "\"box\""),
    same(&["domain_name"], "domainname", "\"example\""),
    lines(&["environment", "envs", "envvars", "env_vars"], "env", "NAME = \"value\""),
    like(&["env_files"], "env_file", "[\"settings.env\"]"),
    like(&["group_add", "additional_groups"], "groups", "[\"audio\"]"),
    same(&["uid", "userid", "user_id", "username"], "user", "\"1000:1000\""),
    like(&["gid", "groupid", "group_id"], "user", "\"1000:1000\""),
    // The root and what is mounted.
    nothing(
        &["build", "dockerfile", "context"],
        "launch builds no images: build elsewhere, unpack, and name the directory: rootfs = \"rootfs\"",
    ),
    same(&["image", "img", "from"], "rootfs.image", "\"docker.io/library/alpine:3.20\""),
    nothing(&["pull_policy", "pull"], "launch fetches nothing at start: name a directory, as in rootfs = \"alpine\""),
    lines(
        &["volumes", "volume", "binds", "bind_mounts"],
        "mounts",
        "source = \"data\"\ntarget = \"/data\"\nreadonly = false",
    ),
    nothing(
        &["volumes_from"],
        "write the mounts of the other container here too, as [[mounts]] tables, or share a file by `extends`",
    ),
    lines(&["tmpfs", "tmpfs_mounts", "scratch"], "mounts", "type = \"tmpfs\"\ntarget = \"/scratch\"\nsize = \"64MiB\""),
    like(&["read_only", "readonly_rootfs", "rootfs_readonly", "ro"], "rootfs.mode", "\"readonly\""),
    lines(&["shm_size"], "mounts", "type = \"tmpfs\"\ntarget = \"/dev/shm\"\nsize = \"64MiB\""),
    nothing(
        &["storage_opt", "storage_driver"],
        "a writable layer in memory is rootfs.mode = \"overlay\" with overlay_size = \"512MiB\"",
    ),
    lines(&["configs"], "mounts", "type = \"file\"\ntarget = \"/etc/app.conf\"\ncontent = \"…\""),
    lines(&["device", "gpus"], "devices", "path = \"/dev/fuse\""),
    nothing(&["device_cgroup_rules"], "name each device instead: [[devices]] path = \"/dev/fuse\", access = \"rw\""),
    // Limits.
    same(&["mem_limit", "memory_limit", "mem_max", "memory_max", "max_memory", "mem"], "limits.memory", "\"512MiB\""),
    same(&["mem_reservation", "memory_reservation"], "limits.memory_low", "\"256MiB\""),
    like(&["memswap_limit", "memory_swap", "mem_swap"], "limits.swap", "\"256MiB\""),
    nothing(
        &["mem_swappiness", "memory_swappiness", "swappiness"],
        "there is no swappiness on cgroup v2; limit swap instead: [limits] swap = 0",
    ),
    nothing(&["kernel_memory", "kmem_limit"], "the kernel's memory counts as memory: [limits] memory = \"512MiB\""),
    same(&["cpu", "cpu_count", "nano_cpus", "cpu_limit", "max_cpus"], "limits.cpus", "1.5"),
    like(&["cpu_quota", "cpu_period", "cpu_percent", "cpu_max"], "limits.cpus", "1.5"),
    like(&["cpu_shares", "cpu_share"], "limits.cpu_weight", "100"),
    nothing(
        &["cpu_rt_runtime", "cpu_rt_period"],
        "realtime budgets are not on cgroup v2; weigh processors instead: [limits] cpu_weight = 1000",
    ),
    same(&["cpuset_cpus"], "limits.cpuset", "\"0-3\""),
    same(&["pids_limit", "pid_limit", "max_pids", "nprocs", "process_limit"], "limits.pids", "64"),
    lines(
        &["blkio_config", "device_read_bps", "device_write_bps", "blkio_weight"],
        "limits",
        "io = [{ device = \"/dev/sda\", wbps = \"10MiB\" }]",
    ),
    nothing(
        &["oom_kill_disable", "oom_killer", "disable_oom_killer"],
        "a container without an out-of-memory killer hangs; limit memory_high below memory instead",
    ),
    same(&["oom_score"], "security.oom_score_adj", "500"),
    lines(&["ulimits", "ulimit", "rlimit"], "rlimits", "nofile = 1024"),
    lines(&["sysctls"], "sysctl", "\"net.ipv4.ip_forward\" = 1"),
    same(&["cgroup_parent"], "cgroup.parent", "\"jobs\""),
    // Privileges.
    like(
        &["cap_add", "caps", "capability", "cap", "capabilities"],
        "security.capabilities",
        "[\"CAP_NET_BIND_SERVICE\"]",
    ),
    nothing(
        &["cap_drop", "drop_caps"],
        "no capability is given unless named, so there is nothing to drop; name those to keep: [security] capabilities = [\"CAP_CHOWN\"]",
    ),
    nothing(
        &["privileged"],
        "there is no such switch: name what is needed, as in [security] capabilities = [\"CAP_SYS_ADMIN\"], [[devices]] path = \"/dev/fuse\", [security] seccomp = \"unconfined\"",
    ),
    like(&["security_opt", "security_opts"], "security.seccomp", "\"profile.json\""),
    like(&["userns_mode", "userns_remap", "user_namespace"], "userns.mode", "\"auto\""),
    like(&["isolation"], "namespaces.pid", "\"private\""),
    // Namespaces and network.
    like(&["network_mode", "net", "networks", "net_mode"], "network.mode", "\"none\""),
    nothing(
        &["ports", "port", "publish", "expose", "publish_port"],
        "no port is forwarded: with [network] mode = \"host\" the command listens on the host's own ports",
    ),
    nothing(
        &["dns", "dns_search", "dns_opt"],
        "bind a resolv.conf: [[mounts]] source = \"resolv.conf\", target = \"/etc/resolv.conf\"",
    ),
    nothing(
        &["extra_hosts", "hosts", "add_host"],
        "bind a hosts file: [[mounts]] source = \"hosts\", target = \"/etc/hosts\"",
    ),
    nothing(
        &["links", "external_links"],
        "containers are not linked by name; share a network by [network] mode = \"path:/run/netns/NAME\"",
    ),
    nothing(
        &["mac_address", "ip", "ip_address", "ipv4_address"],
        "prepare a network namespace and name it: [network] mode = \"path:/run/netns/NAME\"",
    ),
    like(&["pid"], "namespaces.pid", "\"host\""),
    like(&["ipc", "ipc_mode"], "namespaces.ipc", "\"host\""),
    like(&["uts", "uts_mode"], "namespaces.uts", "\"host\""),
    like(&["cgroupns_mode", "cgroupns"], "namespaces.cgroup", "\"private\""),
    // Life.
    same(&["stop_grace_period", "grace_period", "kill_timeout"], "lifecycle.stop_timeout", "\"10s\""),
    same(&["stopsignal", "kill_signal"], "lifecycle.stop_signal", "\"SIGTERM\""),
    same(&["use_init"], "lifecycle.init", "true"),
    like(&["stdin_open", "interactive", "open_stdin"], "stdio.stdin", "\"inherit\""),
    same(&["terminal"], "stdio.tty", "true"),
    nothing(
        &["logging", "log_driver", "log_opt"],
        "the command writes to launch's own streams; to a file by [stdio] stdout = \"file:out.log\"",
    ),
    nothing(
        &["labels", "label", "annotations"],
        "launch keeps no labels; a comment serves readers, `name` serves tools",
    ),
    nothing(&["health_check", "health_cmd"], "launch watches no health; run the check by `launch exec`"),
    nothing(&["auto_remove", "rm"], "nothing is left after a run, ever; take the line out"),
    nothing(&["runtime", "platform_runtime"], "launch is the runtime; take the line out"),
    nothing(
        &["scale", "replicas", "deploy"],
        "one file is one container; limits go into [limits], several containers are several launches",
    ),
    nothing(&["services"], "one file is one container: write the keys of the service at the top of a file of its own"),
    nothing(&["version"], "the format has no version key; take the line out"),
    nothing(&["develop", "attach"], "launch runs in the foreground; restart it with a tool that watches files"),
];
