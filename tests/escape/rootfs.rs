//! The root is hostile: links in the place of mount targets, magic links, devices, accounts, names.

use crate::support::needs::{Need, needs};
use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

tests![
    links_in_the_place_of_mount_targets_stay_inside,
    a_target_that_is_swapped_meanwhile_stays_inside,
    a_link_above_a_target_stays_inside,
    devices_of_the_root_are_not_used,
    nodes_of_the_root_are_no_devices,
    a_command_is_never_launch_itself,
    a_working_directory_is_inside,
    accounts_of_the_root_are_read_with_care,
    names_cannot_speak_to_the_terminal,
];

/// Something of the host that must stay as it is.
const OUTSIDE: &str = "outside";

fn untouched(dir: &Path) {
    let entries: Vec<_> = fs::read_dir(dir.join(OUTSIDE)).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(entries, ["kept"], "the host was written to");
    assert_eq!(fs::read(dir.join(OUTSIDE).join("kept")).unwrap(), b"kept");
}

fn links_in_the_place_of_mount_targets_stay_inside() {
    let texts = [
        "{dir}/outside",
        "../../../../../../../../{dir}/outside",
        "/proc/self/root",
        "/proc/1/cwd",
        "/nowhere/at/all",
        "/etc/passwd",
        ".",
    ];
    for by in everyone() {
        for target in ["proc", "dev", "tmp", "run", "mnt"] {
            for text in texts {
                let script =
                    "for d in /tmp /run /mnt /dev; do echo x >$d/written; done 2>/dev/null; echo x >/dev/null; exit 0";
                let more = "[[mounts]]\ntarget = \"/mnt\"\ntype = \"tmpfs\"";
                let toml =
                    format!("rootfs = \"{{root}}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"{script}\"]\n{more}");
                let outcome = Launch::new(&toml)
                    .by(*by)
                    .folder("outside")
                    .file("outside/kept", "kept")
                    .link(&format!("root/{target}"), text)
                    .run();
                untouched(outcome.dir());
                // Placed inside, or refused; never a half.
                outcome.check(matches!(outcome.code(), Some(0 | 125)), "neither run nor refused");
            }
        }
    }
    by_path_it_lands_on_the_host();
}

/// The control: mount(8) follows the link.
fn by_path_it_lands_on_the_host() {
    needs(&[Need::Root]);
    let dir = crate::support::place::fresh_dir(None);
    fs::create_dir(dir.join(OUTSIDE)).unwrap();
    symlink(dir.join(OUTSIDE), dir.join("tmp/target")).unwrap();
    let script =
        format!("mount -t tmpfs x {0}/tmp/target && grep -c {0}/{OUTSIDE} /proc/self/mountinfo", dir.display());
    let output = Command::new("unshare").args(["-m", "sh", "-c", &script]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "1\n");
}

/// One name is a folder and a link to the host in turn, as fast as it can be renamed, over many launches.
fn a_target_that_is_swapped_meanwhile_stays_inside() {
    for by in everyone() {
        let first = Launch::new("rootfs = \"{root}\"\ncommand = \"/bin/true\"")
            .by(*by)
            .folder("outside")
            .file("outside/kept", "kept")
            .run();
        let dir = first.dir().to_owned();
        let (folder, link) = (dir.join("root/tmp"), dir.join("root/link"));
        symlink(dir.join(OUTSIDE), &link).unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let (swapping, exchange) = (stop.clone(), rustix::fs::RenameFlags::EXCHANGE);
        let swapper = std::thread::spawn(move || {
            while !swapping.load(Ordering::Relaxed) {
                rustix::fs::renameat_with(rustix::fs::CWD, &folder, rustix::fs::CWD, &link, exchange).unwrap();
            }
        });
        for _ in 0..15 {
            let toml = "rootfs = \"{root}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"echo x >/tmp/written; true\"]";
            let outcome = Launch::new(toml).by(*by).again_in(&dir).start().finish_beside_others();
            outcome.check(matches!(outcome.code(), Some(0 | 125)), "neither run nor refused");
        }
        stop.store(true, Ordering::Relaxed);
        swapper.join().unwrap();
        untouched(&dir);
    }
}

fn a_link_above_a_target_stays_inside() {
    for by in everyone() {
        for (mode, link) in
            [("readonly", "{dir}/outside"), ("readwrite", "{dir}/outside"), ("readwrite", "../../{dir}/outside")]
        {
            let toml = format!(
                "command = \"/bin/true\"\n[rootfs]\npath = \"{{root}}\"\nmode = \"{mode}\"\n[[mounts]]\ntarget = \"/opt/new/deep\"\ntype = \"tmpfs\"\n[[mounts]]\ntarget = \"/opt/file\"\ntype = \"file\"\ncontent = \"x\"\n[[mounts]]\ntarget = \"/opt/link\"\ntype = \"symlink\"\nsource = \"/x\"\n"
            );
            let outcome = Launch::new(&toml)
                .by(*by)
                .folder("outside")
                .file("outside/kept", "kept")
                .link("root/opt", link)
                .writes("root")
                .run();
            untouched(outcome.dir());
        }
    }
}

/// CVE-2025-31133: the masks are bound from /dev/null, which must not be the root's.
fn devices_of_the_root_are_not_used() {
    for by in everyone() {
        let toml = "rootfs = \"{root}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"echo x >/dev/null; cat /proc/interrupts /proc/keys; ls -l /dev/null | cut -c1\"]";
        let outcome = Launch::new(toml)
            .by(*by)
            .folder("outside")
            .file("outside/kept", "kept")
            .link("root/dev/null", "{dir}/outside/kept");
        let outcome =
            outcome.link("root/dev/ptmx", "{dir}/outside/kept").link("root/dev/console", "{dir}/outside/kept").run();
        untouched(outcome.dir());
        outcome.exit(0).stdout("c\n");
    }
}

fn nodes_of_the_root_are_no_devices() {
    needs(&[Need::Root]);
    let toml = "rootfs = \"{root}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"head -c1 /zero 2>/dev/null | wc -c; head -c1 /data/zero 2>/dev/null | wc -c\"]\n[[mounts]]\nsource = \"nodes\"\ntarget = \"/data\"\n";
    let make = |more: &str| {
        let made = "mknod root/zero c 1 5 && mkdir nodes && mknod -m 666 nodes/zero c 1 5 && chmod 666 root/zero && exec \"$@\"";
        Launch::new(&format!("{toml}{more}"))
            .folder("nodes-unused")
            .through(["sh", "-c", &format!("rm -rf nodes root/zero; {made}"), "sh"])
            .writes("root")
            .writes("nodes")
            .folder("nodes")
            .run()
            .exit(0)
    };
    make("").stdout("0\n0\n");
    make("nodev = false\n").stdout("0\n1\n");
}

/// CVE-2019-5736: until its exec the command's process is launch; its executable is one magic link away.
fn a_command_is_never_launch_itself() {
    for by in everyone() {
        for command in ["/proc/self/exe", "/bin/hostile", "/bin/relative", "/bin/script", "/bin/chain"] {
            let toml = format!("rootfs = \"{{root}}\"\ncommand = \"{command}\"\nargs = [\"--version\"]");
            let make = "ln -s /proc/self/exe root/bin/hostile; ln -s ../proc/self/exe root/bin/relative; printf '#! /proc/self/exe\\n' >root/bin/script; printf '#!/bin/script\\n' >root/bin/chain; chmod 755 root/bin/script root/bin/chain; exec \"$@\"";
            let outcome = Launch::new(&toml).by(*by).through(["sh", "-c", make, "sh"]).writes("root").run().exit(126);
            outcome.stdout("").stderr_contains("magic link");
        }
        // What the shell starts by the same link is the shell's own program: the link does lead there.
        let toml = "rootfs = \"{root}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"/bin/hostile 2>&1\"]";
        let outcome = Launch::new(toml).by(*by).link("root/bin/hostile", "/proc/self/exe").writes("root").run();
        outcome.exit(127).stdout("hostile: applet not found\n");
    }
}

/// CVE-2024-21626: a working directory that is a descriptor of ours.
fn a_working_directory_is_inside() {
    for by in everyone() {
        for cwd in ["/proc/self/fd/3", "/proc/self/fd/7", "/proc/1/cwd", "/proc/self/root", "/bin/hostile"] {
            let toml = format!("rootfs = \"{{root}}\"\ncommand = \"/bin/pwd\"\ncwd = \"{cwd}\"");
            let leak = ["sh", "-c", "exec 7</; exec \"$@\"", "sh"];
            let launch = Launch::new(&toml).by(*by).link("root/bin/hostile", "/proc/self/fd/7").through(leak);
            launch.writes("root").run().exit(125).stdout("");
        }
        let inside = "rootfs = \"{root}\"\ncommand = \"/bin/pwd\"\ncwd = \"/bin/hostile\"";
        Launch::new(inside)
            .by(*by)
            .link("root/bin/hostile", "../../../etc")
            .writes("root")
            .run()
            .exit(0)
            .stdout("/etc\n");
    }
}

fn accounts_of_the_root_are_read_with_care() {
    let toml = "rootfs = \"{root}\"\ncommand = \"/bin/id\"\nargs = [\"-u\"]\nuser = \"someone\"";
    for by in everyone() {
        for make in [
            "rm root/etc/passwd; mkfifo root/etc/passwd",
            "rm root/etc/passwd; ln -s {dir}/outside root/etc/passwd",
            "rm root/etc/passwd; ln -s ../../outside root/etc/passwd",
            "rm root/etc/passwd; ln -s /proc/self/fd/7 root/etc/passwd",
            "truncate -s 1G root/etc/passwd; echo someone:x:0:0::/: >>root/etc/passwd",
            "printf 'someone:x:99999999999:0::/:\\nsomeone:x:-1:0::/:\\nsomeone\\n\\0:::::::' >root/etc/passwd",
            "rm root/etc/passwd; mkdir root/etc/passwd",
        ] {
            let make = format!("{}; exec 7<outside; exec \"$@\"", make.replace("{dir}", "$PWD"));
            let launch = Launch::new(toml).by(*by).file("outside", "someone:x:0:0::/:/bin/sh\n").writes("root");
            launch
                .through(["sh", "-c", &make, "sh"])
                .run()
                .exit(125)
                .stderr_contains("someone")
                .within(std::time::Duration::from_secs(10));
        }
        // Another name of root is root of the container, and of nothing else.
        let named = "echo someone:x:0:0::/:/bin/sh >>root/etc/passwd; exec \"$@\"";
        Launch::new(toml).by(*by).through(["sh", "-c", named, "sh"]).writes("root").run().exit(0).stdout("0\n");
    }
}

fn names_cannot_speak_to_the_terminal() {
    for by in everyone() {
        for name in ["\\u001b]0;title\\u0007", "\\u001b[2J", "a\\nb", "\\u009b31m", "\\u202egpj.exe"] {
            let toml = format!(
                "rootfs = \"{{busybox}}\"\ncommand = \"/{name}\"\n[[mounts]]\nsource = \"x{name}\"\ntarget = \"/mnt\""
            );
            let outcome = Launch::new(&toml).by(*by).run().exit(125);
            let said = outcome.err();
            outcome.check(!said.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{202e}']), "a control character arrives");
        }
    }
}
