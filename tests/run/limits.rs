//! Limits: really hit, explained where they kill, refused where this host cannot enforce them.

use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, host, needs};
use nix::sys::signal::Signal;
use std::time::Duration;

tests![
    values_are_in_the_files_of_v2,
    values_are_in_the_files_of_v1,
    a_group_is_killed_as_one,
    processes_are_held_at_the_limit,
    a_hundred_sleepers_are_held_at_ten,
    processes_below_the_limit_are_no_news,
    memory_above_the_limit_is_killed_and_explained,
    memory_below_the_limit_is_free_to_use,
    a_victim_inside_is_told_though_the_command_survives,
    memory_of_a_tmpfs_counts,
    processor_time_is_held,
    each_process_has_its_rlimits,
    no_core_is_dumped,
    the_kernels_choice_of_a_victim_is_adjusted,
    an_rlimit_above_the_hard_limit_is_refused,
    a_limit_that_cannot_be_enforced_is_an_error,
    a_limit_without_a_cgroup_is_an_error,
    many_at_once_do_not_collide,
];

/// Starts sleepers until no more can be started, and counts them; busybox's shell gives up when it cannot fork.
const SLEEPERS: &str = "for n in $(seq 100); do sleep 600 & done";

/// Launches something that stays, and compares files of its cgroup with what they should say.
#[track_caller]
fn files_say(limits: &str, expected: &[(&str, &str)]) {
    let running = Launch::sh_with("echo ready; exec sleep 300", &format!("[limits]\n{limits}")).start();
    running.wait_for_stdout("ready");
    let files: Vec<_> = expected.iter().map(|(file, _)| running.cgroup_file(file)).collect();
    running.signal(Signal::SIGTERM);
    running.finish().exit(143);
    for ((file, value), found) in expected.iter().zip(files) {
        assert_eq!(found.as_deref(), Some(*value), "{file}");
    }
}

fn values_are_in_the_files_of_v2() {
    needs(&[Need::CgroupV2, Need::Controller("pids"), Need::Controller("memory"), Need::Controller("cpu")]);
    let limits = "memory = \"64MiB\"\nswap = \"1MiB\"\nmemory_high = \"48MiB\"\nmemory_low = \"8MiB\"\ncpus = 0.5\ncpu_weight = 200\n";
    files_say(
        limits,
        &[
            ("memory.max", "67108864"),
            ("memory.swap.max", "1048576"),
            ("memory.high", "50331648"),
            ("memory.low", "8388608"),
            ("memory.oom.group", "1"),
            ("cpu.max", "50000 100000"),
            ("cpu.weight", "200"),
        ],
    );
    files_say("memory = \"64MiB\"\noom_group = false\n", &[("memory.oom.group", "0"), ("memory.swap.max", "0")]);
    needs(&[Need::Controller("cpuset")]);
    files_say("cpuset = \"0\"\ncpuset_mems = \"0\"\n", &[("cpuset.cpus", "0"), ("cpuset.mems", "0")]);
    files_say("unified = { \"memory.max\" = \"70000640\" }\n", &[("memory.max", "70000640")]);
}

fn values_are_in_the_files_of_v1() {
    needs(&[Need::CgroupV1, Need::Controller("pids"), Need::Controller("memory"), Need::Controller("cpu")]);
    files_say(
        "memory = \"64MiB\"\ncpus = 0.5\n",
        &[("memory.limit_in_bytes", "67108864"), ("cpu.cfs_quota_us", "50000"), ("cpu.cfs_period_us", "100000")],
    );
    needs(&[Need::Controller("cpuset")]);
    files_say("cpuset = \"0\"\n", &[("cpuset.cpus", "0")]);
}

fn a_group_is_killed_as_one() {
    needs(&[Need::CgroupV2, Need::Controller("memory")]);
    Launch::sh_with("tail -c 100000000 /dev/zero; echo survived", "[limits]\nmemory = \"50MiB\"\n")
        .run()
        .exit(137)
        .stdout("")
        .stderr_contains("limits.memory");
}

fn processes_are_held_at_the_limit() {
    needs(&[Need::Controller("pids")]);
    let script = format!("({SLEEPERS}) 2>/dev/null; set -- /proc/[0-9]*; echo $#");
    let outcome = Launch::sh_with(&script, "[limits]\npids = 10\n").run();
    let processes: usize = outcome.out().trim().parse().unwrap_or_default();
    // Launch's own init is in /proc, but not counted.
    outcome.check((9..=11).contains(&processes), "expected ten processes, with or without the init");
    outcome.stderr_contains("limits.pids").stderr_contains("container.toml:5");
}

fn a_hundred_sleepers_are_held_at_ten() {
    needs(&[Need::Controller("pids"), Need::Controller("memory")]);
    Launch::sh_with(SLEEPERS, "hostname = \"go\"\n[limits]\npids = 10\nmemory = \"50MiB\"\n")
        .run()
        .stderr_contains("container.toml:6")
        .within(Duration::from_secs(5));
}

fn processes_below_the_limit_are_no_news() {
    needs(&[Need::Controller("pids")]);
    Launch::sh_with("for n in 1 2 3 4 5; do sleep 0.1 & done; wait", "[limits]\npids = 10\n")
        .run()
        .exit(0)
        .stdout("")
        .quiet();
}

fn memory_above_the_limit_is_killed_and_explained() {
    needs(&[Need::Controller("memory")]);
    // tail keeps all of a line that does not end.
    Launch::new(
        r#"
        rootfs = "{busybox}"
        command = "/bin/tail"
        args = ["-c", "100000000", "/dev/zero"]
        [limits]
        memory = "50MiB"
        "#,
    )
    .run()
    .exit(137)
    .stdout("")
    .stderr_contains("limits.memory")
    .stderr_contains("container.toml:6")
    .stderr_contains("50");
}

fn memory_below_the_limit_is_free_to_use() {
    needs(&[Need::Controller("memory")]);
    Launch::sh_with("head -c 20000000 /dev/zero | tail -c 20000000 | wc -c", "[limits]\nmemory = \"50MiB\"\n")
        .run()
        .exit(0)
        .stdout("20000000\n")
        .quiet();
}

fn a_victim_inside_is_told_though_the_command_survives() {
    needs(&[Need::Controller("memory")]);
    let more = "[limits]\nmemory = \"50MiB\"\noom_group = false\n";
    let more = if host::cgroup() == host::Cgroup::V2 { more } else { "[limits]\nmemory = \"50MiB\"\n" };
    Launch::sh_with("tail -c 100000000 /dev/zero; echo survived", more)
        .run()
        .exit(0)
        .stdout("survived\n")
        .stderr_contains("limits.memory");
}

fn memory_of_a_tmpfs_counts() {
    needs(&[Need::Controller("memory")]);
    let more = "[limits]\nmemory = \"20MiB\"\n[[mounts]]\ntarget = \"/mnt\"\ntype = \"tmpfs\"\nsize = \"100MiB\"\n";
    Launch::sh_with("head -c 60000000 /dev/zero >/mnt/file; echo survived", more)
        .run()
        .stderr_contains("limits.memory");
}

fn processor_time_is_held() {
    needs(&[Need::Controller("cpu")]);
    // Two seconds of work on a tenth of a processor: a fifth of a second is used; the shell's own times tell.
    let script = "timeout 2 sh -c 'while :; do :; done'; set -- $(cat /proc/$$/stat); echo $((${16} + ${17}))";
    let outcome = Launch::sh_with(script, "[limits]\ncpus = 0.1\n").run().exit(0);
    let ticks: u32 = outcome.out().trim().parse().unwrap();
    outcome.check((1..80).contains(&ticks), "expected about 20 hundredths of a second");
}

fn each_process_has_its_rlimits() {
    let more = "[rlimits]\nnofile = 64\nfsize = \"1MiB\"\ncpu = { soft = 100, hard = 200 }\n";
    let script = "grep -E 'open files|file size|cpu time' /proc/self/limits | tr -s ' ' | sort; head -c 2000000 /dev/zero >/tmp/x || echo $?; ls -l /tmp/x | awk '{print $5}'";
    let outcome = Launch::sh_with(script, more).run();
    outcome
        .stdout_contains("Max cpu time 100 200 seconds")
        .stdout_contains("Max file size 1048576 1048576 bytes")
        .stdout_contains("Max open files 64 64 files")
        .stdout_contains("\n1048576\n");
}

fn no_core_is_dumped() {
    Launch::sh("grep 'core file' /proc/self/limits | tr -s ' '")
        .run()
        .exit(0)
        .stdout("Max core file size 0 0 bytes \n");
}

fn the_kernels_choice_of_a_victim_is_adjusted() {
    for &by in everyone() {
        Launch::sh_with("cat /proc/self/oom_score_adj", "security = { oom_score_adj = 500 }")
            .by(by)
            .run()
            .exit(0)
            .stdout("500\n")
            .quiet();
    }
}

fn an_rlimit_above_the_hard_limit_is_refused() {
    Launch::sh_with("true", "[rlimits]\nnofile = 4096\n")
        .as_user()
        .through(["sh", "-c", "ulimit -n 256; exec \"$@\"", "sh"])
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("container.toml:5")
        .stderr_contains("256");
}

fn a_limit_that_cannot_be_enforced_is_an_error() {
    needs(&[Need::Root, Need::CgroupV1]);
    // An ordinary user may make no v1 cgroup, and nobody v2's memory.high in a v1 hierarchy.
    Launch::sh_with("true", "[limits]\nmemory = \"50MiB\"\n")
        .as_user()
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("container.toml:5");
    Launch::sh_with("true", "[limits]\nmemory_high = \"50MiB\"\n")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("container.toml:5")
        .stderr_contains("v2");
    // What is not written is best effort.
    Launch::sh("true").as_user().run().exit(0).quiet();
}

fn a_limit_without_a_cgroup_is_an_error() {
    Launch::sh_with("true", "cgroup = { manager = \"none\" }\n[limits]\npids = 10\n")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("container.toml:6");
}

fn many_at_once_do_not_collide() {
    let first = Launch::sh("echo first").run().exit(0).stdout("first\n");
    let running: Vec<_> = (0..6).map(|_| Launch::sh("sleep 0.5; echo ran").again_in(first.dir()).start()).collect();
    for running in running {
        // The others of the same name are still there: who leaves something behind is seen at the end.
        running.finish_beside_others().exit(0).stdout("ran\n").quiet();
    }
    Launch::sh("echo last").again_in(first.dir()).run().exit(0).stdout("last\n");
}
