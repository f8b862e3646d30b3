//! The report of a run, and what else says why: reasons with key and place, leftovers of a killed launch, the doctor.

use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, needs};
use nix::sys::signal::Signal;
use serde_json::Value;
use std::fs;
use std::path::PathBuf;
use std::time::Duration;

tests![
    a_report_tells_of_success,
    a_report_goes_to_a_descriptor,
    a_report_names_the_limit_that_killed,
    a_report_is_written_where_nothing_was_started,
    a_report_that_cannot_be_written_starts_nothing,
    a_signal_is_named_with_its_sender,
    limits_in_force_are_listed_with_their_place,
    the_next_launch_removes_what_a_killed_one_left,
    gc_removes_what_a_killed_launch_left,
    the_doctor_tries_and_tells,
    facts_judge_a_file_elsewhere,
];

/// Runs with a report, and returns it.
#[track_caller]
fn report(launch: Launch, code: i32) -> Value {
    let outcome = launch.option("--report").option("report.json").writes("report.json").run().exit(code);
    let text = fs::read_to_string(outcome.dir().join("report.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

fn a_report_tells_of_success() {
    for by in everyone() {
        let report = report(Launch::sh("exit 3").by(*by), 3);
        assert_eq!(report["outcome"], "exited");
        assert_eq!(report["exit_code"], 3);
        assert_eq!(report["why"], Value::Array(Vec::new()));
        assert!(report["usage"]["wall_us"].as_u64().unwrap() > 0, "{report:#}");
        assert!(report["usage"]["cpu_user_us"].is_u64(), "{report:#}");
    }
}

fn a_report_goes_to_a_descriptor() {
    Launch::sh("exit 0")
        .option("--report")
        .option("fd:1")
        .run()
        .exit(0)
        .stdout_contains("\"outcome\":\"exited\"")
        .quiet();
}

fn a_report_names_the_limit_that_killed() {
    needs(&[Need::Root, Need::Controller("memory")]);
    let launch = Launch::sh_with("tail -c 100000000 /dev/zero; exit 0", "[limits]\nmemory = \"50MiB\"\n");
    let outcome = launch.option("--report").option("report.json").writes("report.json").run();
    let report: Value = serde_json::from_str(&fs::read_to_string(outcome.dir().join("report.json")).unwrap()).unwrap();
    let why = &report["why"][0];
    assert_eq!(why["reason"], "oom", "{report:#}");
    assert_eq!(why["key"], "limits.memory");
    assert_eq!(why["limit"], 50 << 20);
    assert_eq!(why["span"]["line"], 5, "{report:#}");
    assert!(why["peak"].as_u64().unwrap_or(u64::MAX) > 40 << 20, "{report:#}");
}

fn a_report_is_written_where_nothing_was_started() {
    let invalid = report(Launch::new("command = 1\n"), 125);
    assert_eq!(invalid["outcome"], "invalid");
    assert_eq!(invalid["why"][0]["code"], "wrong_type", "{invalid:#}");
    let missing = report(Launch::new("rootfs = \"{busybox}\"\ncommand = \"/nowhere\"\n"), 127);
    assert_eq!(missing["outcome"], "failed");
    assert_eq!(missing["why"][0]["reason"], "exec");
    assert_eq!(missing["why"][0]["span"]["line"], 2, "{missing:#}");
}

fn a_report_that_cannot_be_written_starts_nothing() {
    let launch = Launch::sh("echo started").option("--report").option("/nowhere/report.json");
    launch.run().exit(125).stdout("").stderr_contains("report");
    Launch::sh("echo started").option("--report").option("fd:77").run().exit(125).stdout("");
}

fn a_signal_is_named_with_its_sender() {
    let launch = Launch::sh("echo ready; exec sleep 300").option("--report").option("report.json");
    let running = launch.writes("report.json").start();
    running.wait_for_stdout("ready").signal(Signal::SIGTERM);
    let outcome = running.finish().exit(143);
    let report: Value = serde_json::from_str(&fs::read_to_string(outcome.dir().join("report.json")).unwrap()).unwrap();
    assert_eq!(report["signal"]["name"], "SIGTERM");
    assert_eq!(report["why"][0]["sender_pid"], std::process::id(), "{report:#}");
}

fn limits_in_force_are_listed_with_their_place() {
    needs(&[Need::Root, Need::Controller("pids")]);
    let report = report(Launch::sh_with("exit 0", "[limits]\npids = 20\n"), 0);
    let limit = &report["limits"][0];
    assert_eq!(limit["key"], "limits.pids", "{report:#}");
    assert_eq!(limit["default"], false);
    assert_eq!(limit["span"]["line"], 5);
    assert_eq!(limit["files"][0][0], "pids.max");
}

/// Kills a launch, and returns the directories of its cgroup.
fn killed() -> Vec<PathBuf> {
    let running = Launch::sh_with("echo ready; exec sleep 300", "[limits]\npids = 20\n").start();
    running.wait_for_stdout("ready");
    let cgroups = running.cgroups();
    assert!(!cgroups.is_empty());
    running.signal(Signal::SIGKILL);
    running.finish().killed_by(Signal::SIGKILL);
    cgroups
}

fn there(cgroups: &[PathBuf]) -> bool {
    cgroups.iter().any(|cgroup| cgroup.exists())
}

fn the_next_launch_removes_what_a_killed_one_left() {
    needs(&[Need::Root, Need::Controller("pids")]);
    let cgroups = killed();
    // What dies with the killed one may take a moment, and one look does not see all of a large directory.
    let removed = (0..50).any(|_| {
        Launch::sh_with("exit 0", "[limits]\npids = 20\n").run().exit(0);
        !there(&cgroups)
    });
    assert!(removed, "{cgroups:?}");
}

fn gc_removes_what_a_killed_launch_left() {
    needs(&[Need::Root, Need::Controller("pids")]);
    let cgroups = killed();
    std::thread::sleep(Duration::from_millis(200));
    Launch::new("").option("gc").without_file_word().run().exit(0);
    assert!(!there(&cgroups), "{cgroups:?}");
}

fn the_doctor_tries_and_tells() {
    for by in everyone() {
        let outcome = Launch::new("").option("doctor").option("--json").without_file_word().by(*by).run().exit(0);
        let findings: Value = serde_json::from_str(&outcome.out()).unwrap();
        let findings = findings.as_array().unwrap();
        assert_eq!(findings[0]["what"], "containers");
        assert_eq!(findings[0]["works"], true, "{}", outcome.out());
        let told =
            |finding: &Value| finding["works"] == true || finding["reason"].is_string() && finding["costs"].is_string();
        assert!(findings.iter().all(told), "{}", outcome.out());
    }
}

fn facts_judge_a_file_elsewhere() {
    let facts = Launch::new("").option("facts").without_file_word().run().exit(0).out();
    let mut facts: Value = serde_json::from_str(&facts).unwrap();
    facts["kernel"] = serde_json::json!([5, 1]);
    let file = "command = \"/bin/true\"\nrootfs = \"root\"\n[requires]\nkernel = \"6.0\"\n";
    let launch = Launch::new(file).file("old.json", facts.to_string());
    launch.option("check").option("--host").option("old.json").run().exit(1).stderr_contains("kernel_too_old");
}
