//! Fields of an nsjail configuration.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    like(&["exec_bin"], "command", "\"/bin/sh\""),
    same(
        &["cgroup_mem_max", "cgroup_memory_max", "mem_bytes", "memory_bytes", "memory_mb"],
        "limits.memory",
        "\"512MiB\"",
    ),
    like(&["cgroup_mem_swap_max", "cgroup_mem_memsw_max"], "limits.swap", "0"),
    same(&["cgroup_pids_max"], "limits.pids", "64"),
    like(&["cgroup_cpu_ms_per_sec"], "limits.cpus", "0.8"),
    same(&["cgroup_mem_parent", "cgroup_pids_parent", "cgroup_cpu_parent"], "cgroup.parent", "\"jobs\""),
    nothing(
        &[
            "cgroup_mem_mount",
            "cgroup_pids_mount",
            "cgroup_cpu_mount",
            "cgroupv2_mount",
            "use_cgroupv2",
            "detect_cgroupv2",
        ],
        "launch finds the cgroup file systems itself; take the line out",
    ),
    nothing(
        &["cgroup_net_cls_mount", "cgroup_net_cls_classid", "cgroup_net_cls_parent"],
        "network classes are not on cgroup v2; mark the traffic of a network namespace instead",
    ),
    lines(&["envar"], "env", "NAME = \"value\""),
    nothing(&["keep_caps"], "name the capabilities to keep: [security] capabilities = [\"CAP_CHOWN\"]"),
    like(&["disable_no_new_privs"], "security.no_new_privs", "false"),
    like(
        &["rlimit_as_type", "rlimit_core_type", "rlimit_nofile_type", "disable_rl"],
        "rlimits.nofile",
        "\"unlimited\"",
    ),
    nothing(
        &["persona_addr_no_randomize", "persona_read_implies_exec"],
        "personalities are not part of launch; use `setarch` inside",
    ),
    like(&["mount", "mnt"], "mounts", "[{ source = \"data\", target = \"/data\" }]"),
    like(&["seccomp_string", "seccomp_policy_file"], "security.seccomp", "\"profile.json\""),
    like(&["seccomp_log"], "seccomp.log", "[\"@all\"]"),
    nothing(
        &["iface_no_lo", "iface_own", "macvlan_iface", "macvlan_vs_ip", "macvlan_vs_gw", "user_net"],
        "prepare a network namespace and name it: [network] mode = \"path:/run/netns/NAME\"",
    ),
    nothing(&["no_pivotroot"], "the root is always switched by pivot_root; take the line out"),
    nothing(
        &["bindhost", "max_conns", "max_conns_per_ip", "daemon"],
        "launch does not listen; start it from systemd's socket or inetd",
    ),
    nothing(&["nice_level"], "set it outside: `nice -n 19 launch …`"),
    same(&["is_root_rw"], "rootfs.mode", "\"readwrite\""),
    like(&["silent", "stderr_to_null"], "stdio.stderr", "\"null\""),
    nothing(&["log_fd", "log_file", "log_level"], "launch is quiet on success; `-v` says more"),
    nothing(&["forward_signals_to_child"], "signals are forwarded unless [lifecycle] forward_signals = false"),
];
