//! `[limits]`: what the container as a whole may use, enforced by cgroups.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::NumberOrText;

/// What the container as a whole may use at most (cgroups(7)). A written limit is enforced, or nothing is started.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Most processes and threads at once, as in `pids = 64`; launch's own init is not counted. Default: 1024.
    #[schemars(range(min = 1))]
    pub pids: Option<i64>,
    /// Most memory, page cache and tmpfs included, as in `memory = "512MiB"`; above it the kernel kills. Default: no limit.
    pub memory: Option<NumberOrText>,
    /// Most swap, besides `memory`, as in `swap = "1GiB"`. Default: 0 when `memory` is set.
    pub swap: Option<NumberOrText>,
    /// Memory above which the container is slowed and its memory reclaimed, below `memory` (cgroup v2). Default: none.
    pub memory_high: Option<NumberOrText>,
    /// Memory that is not reclaimed while others have some to give. Default: none.
    pub memory_low: Option<NumberOrText>,
    /// Processor time per second, in processors, as in `cpus = 1.5`. Default: no limit.
    pub cpus: Option<f64>,
    /// Share of processor time against others when it is scarce, 1 to 10000, 100 is usual. Default: the kernel's.
    #[schemars(range(min = 1, max = 10000))]
    pub cpu_weight: Option<i64>,
    /// Processors that may be used, as in `cpuset = "0-3,6"`. Default: all.
    pub cpuset: Option<String>,
    /// Memory nodes that may be used, as in `cpuset_mems = "0"`. Default: all.
    pub cpuset_mems: Option<String>,
    /// Kills the whole container when it runs out of memory, not only one process of it (cgroup v2). Default: true.
    pub oom_group: Option<bool>,
    /// Limits of block devices.
    pub io: Vec<IoLimit>,
    /// Most huge pages by page size, as in `hugetlb = { "2MB" = "64MiB" }`. Default: no limit.
    pub hugetlb: BTreeMap<String, NumberOrText>,
    /// Files of the cgroup v2 interface and what to write, as in `unified = { "memory.zswap.max" = "0" }`.
    pub unified: BTreeMap<String, NumberOrText>,
}

/// Limits of one block device.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IoLimit {
    /// Device node of the host, or `"major:minor"`, as in `device = "/dev/sda"`.
    pub device: Option<String>,
    /// Bytes read a second, as in `rbps = "10MiB"`.
    pub rbps: Option<NumberOrText>,
    /// Bytes written a second.
    pub wbps: Option<NumberOrText>,
    /// Read operations a second.
    pub riops: Option<i64>,
    /// Write operations a second.
    pub wiops: Option<i64>,
    /// Share of the device against others, 1 to 10000.
    #[schemars(range(min = 1, max = 10000))]
    pub weight: Option<i64>,
}
