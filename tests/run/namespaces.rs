//! Namespaces: the container's own, the host's, or another process's; names, clocks and the loopback inside.

use crate::support::builder::By;
use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, host, needs};
use std::fs;
use std::process::Command;

tests![
    all_are_its_own,
    the_hosts_can_be_shared,
    another_process_can_be_joined,
    has_its_names,
    a_name_needs_a_namespace_of_its_own,
    sees_its_own_processes_only,
    the_loopback_is_up_and_alone,
    the_hosts_network_can_be_used,
    clocks_can_be_set_ahead,
    ipc_is_its_own,
    sees_its_cgroup_as_the_root,
];

const NAMES: [&str; 7] = ["cgroup", "ipc", "mnt", "net", "pid", "user", "uts"];

fn own(name: &str) -> String {
    fs::read_link(format!("/proc/self/ns/{name}")).unwrap().display().to_string()
}

/// What each of `names` is inside.
fn inside(more: &str, by: By, names: &[&str]) -> Vec<String> {
    let script = names.iter().map(|name| format!("readlink /proc/self/ns/{name}")).collect::<Vec<_>>().join("; ");
    let outcome = Launch::sh_with(&script, more).by(by).run().exit(0).quiet();
    outcome.out().lines().map(str::to_owned).collect()
}

fn all_are_its_own() {
    for &by in everyone() {
        for (name, inside) in NAMES.iter().zip(inside("", by, &NAMES)) {
            assert_ne!(inside, own(name), "{name}");
        }
    }
}

fn the_hosts_can_be_shared() {
    needs(&[Need::Root]);
    let more = "userns = { mode = \"host\" }\nnetwork = { mode = \"host\" }\n[namespaces]\nipc = \"host\"\nuts = \"host\"\ncgroup = \"host\"\n";
    let names = ["cgroup", "ipc", "net", "user", "uts"];
    for (name, inside) in names.iter().zip(inside(more, By::Caller, &names)) {
        assert_eq!(inside, own(name), "{name}");
    }
}

fn another_process_can_be_joined() {
    needs(&[Need::Root, Need::Tool("unshare")]);
    let script = "hostname joined; echo; exec sleep 60";
    let mut other = Command::new("unshare")
        .args(["-u", "-i", "-n", "sh", "-c", script])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut ready = [0];
    std::io::Read::read_exact(other.stdout.as_mut().unwrap(), &mut ready).unwrap();
    let path = |name| format!("path:/proc/{}/ns/{name}", other.id());
    let more = format!(
        "userns = {{ mode = \"host\" }}\nnetwork = {{ mode = \"{}\" }}\n[namespaces]\nuts = \"{}\"\nipc = \"{}\"\n",
        path("net"),
        path("uts"),
        path("ipc")
    );
    let outcome = Launch::sh_with("hostname; for ns in uts ipc net; do readlink /proc/self/ns/$ns; done", &more).run();
    let links: Vec<_> = ["uts", "ipc", "net"]
        .iter()
        .map(|name| fs::read_link(format!("/proc/{}/ns/{name}", other.id())).unwrap().display().to_string())
        .collect();
    other.kill().unwrap();
    other.wait().unwrap();
    outcome.exit(0).stdout(&format!("joined\n{}\n", links.join("\n"))).quiet();
}

fn has_its_names() {
    for &by in everyone() {
        Launch::sh("hostname").by(by).run().exit(0).stdout("container\n");
        let names = "hostname = \"box\"\ndomainname = \"example\"";
        Launch::sh_with("hostname; cat /proc/sys/kernel/domainname", names)
            .by(by)
            .run()
            .exit(0)
            .stdout("box\nexample\n")
            .quiet();
    }
    assert_ne!(fs::read_to_string("/proc/sys/kernel/hostname").unwrap().trim(), "box");
}

fn a_name_needs_a_namespace_of_its_own() {
    for uts in ["host", "path:/proc/self/ns/uts"] {
        Launch::sh_with("true", &format!("hostname = \"box\"\nnamespaces = {{ uts = \"{uts}\" }}\n"))
            .run()
            .exit(125)
            .stdout("")
            .stderr_contains("hostname_host")
            .stderr_contains("container.toml:4")
            .stderr_contains("uts");
    }
}

fn sees_its_own_processes_only() {
    for &by in everyone() {
        let outcome = Launch::sh("echo /proc/[0-9]*").by(by).run().exit(0);
        outcome.check(outcome.out().split_whitespace().count() <= 2, "expected the init and the shell");
    }
}

fn the_loopback_is_up_and_alone() {
    for &by in everyone() {
        let script = "
            grep -c : /proc/net/dev
            ip link show lo | grep -o 'LOOPBACK,UP'
            nc -l -p 7777 >/tmp/got & until echo hello | nc 127.0.0.1 7777 2>/dev/null; do sleep 0.1; done; wait; cat /tmp/got";
        Launch::sh(script).by(by).run().exit(0).stdout("1\nLOOPBACK,UP\nhello\n").quiet();
    }
}

fn the_hosts_network_can_be_used() {
    for &by in everyone() {
        assert_eq!(inside("network = { mode = \"host\" }", by, &["net"]), [own("net")]);
    }
}

fn clocks_can_be_set_ahead() {
    let host: f64 = fs::read_to_string("/proc/uptime").unwrap().split(' ').next().unwrap().parse().unwrap();
    for &by in everyone() {
        let more = "[namespaces]\ntime = \"private\"\ntime_offsets = { boottime = 864000, monotonic = 864000 }\n";
        let outcome = Launch::sh_with("cut -d' ' -f1 /proc/uptime", more).by(by).run().exit(0).quiet();
        let inside: f64 = outcome.out().trim().parse().unwrap();
        outcome.check(inside - host > 863_000.0, "expected ten days more");
    }
}

fn ipc_is_its_own() {
    needs(&[Need::Root, Need::Tool("ipcmk")]);
    let made = Command::new("ipcmk").args(["--queue"]).output().unwrap();
    let id = String::from_utf8(made.stdout).unwrap().split_whitespace().last().unwrap().to_owned();
    let outcome = Launch::sh("tail -n +2 /proc/sysvipc/msg").run();
    assert!(Command::new("ipcrm").args(["--queue-id", &id]).status().unwrap().success());
    outcome.exit(0).stdout("");
}

fn sees_its_cgroup_as_the_root() {
    for &by in everyone() {
        let outcome = Launch::sh("cat /proc/self/cgroup").by(by).run().exit(0);
        let limited = if host::cgroup() == host::Cgroup::V2 { "0::" } else { ":pids:" };
        if let Some(line) = outcome.out().lines().find(|line| line.contains(limited)) {
            outcome.check(line.ends_with(":/"), "expected the root of its own");
        }
    }
}
