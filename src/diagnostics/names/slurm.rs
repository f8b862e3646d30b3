//! Options of slurm jobs, and of the engines that clusters use.

use super::{Peer, like, lines, nothing, same};

pub(super) const NAMES: &[Peer] = &[
    same(&["job-name", "jobname"], "name", "\"step\""),
    same(&["mem-per-node", "mem-per-cpu"], "limits.memory", "\"4GiB\""),
    same(&["cpus-per-task", "ntasks", "ncpus", "cores", "threads"], "limits.cpus", "4"),
    like(&["time"], "lifecycle.timeout", "\"1h30m\""),
    like(&["output"], "stdio.stdout", "\"file:out.log\""),
    like(&["error"], "stdio.stderr", "\"file:err.log\""),
    like(&["input"], "stdio.stdin", "\"file:in.txt\""),
    like(&["export"], "env_pass", "[\"SLURM_*\"]"),
    like(&["container-image", "sif"], "rootfs.file", "\"root.squashfs\""),
    lines(&["container-mounts"], "mounts", "source = \"data\"\ntarget = \"/data\""),
    same(&["container-workdir"], "cwd", "\"/work\""),
    nothing(
        &["nodes", "nodelist", "partition", "account", "qos", "gres"],
        "this is the scheduler's: write it as #SBATCH lines at the top of the file",
    ),
    like(&["fakeroot"], "userns.mode", "\"single\""),
    like(&["writable-tmpfs", "writable"], "rootfs.mode", "\"overlay\""),
    like(&["containall", "cleanenv"], "env_pass", "[]"),
];
