//! The kernel's own doors: system calls, /proc, mounts, cgroups, kernel parameters.

use super::{UNFILTERED, run_attack};
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use std::process::Command;

tests![
    system_calls_that_own_the_host_are_refused,
    files_of_the_kernel_are_covered,
    files_of_the_kernel_cannot_be_written,
    covers_cannot_be_taken_off,
    a_second_proc_is_covered_too,
    root_inside_is_nobody_outside,
    kernel_parameters_do_not_reach_the_host,
    mounts_do_not_travel_to_the_host,
    no_mount_of_the_host_is_left,
    nothing_lies_over_the_root,
    calls_of_other_architectures_kill,
    cgroups_cannot_be_mounted,
    devices_cannot_be_made,
];

fn system_calls_that_own_the_host_are_refused() {
    needs(&[Need::Seccomp]);
    for by in everyone() {
        run_attack("calls", &[], "").by(*by).run().exit(0).stdout(".\n");
        let all = run_attack("calls", &[], UNFILTERED).by(*by).run().exit(0);
        for call in ["keyctl", "setns"] {
            all.check(all.out().contains(call), "the control did not reach the kernel");
        }
    }
}

const KERNEL_FILES: &str = "for f in kcore keys timer_list interrupts; do test -s /proc/$f -o -n \"$(head -c1 /proc/$f 2>/dev/null)\" && echo $f; done; ls /proc/acpi /proc/scsi 2>/dev/null | grep -v : ; true";

fn files_of_the_kernel_are_covered() {
    for by in everyone() {
        Launch::sh(KERNEL_FILES).by(*by).run().exit(0).stdout("");
        let open = Launch::sh_with(KERNEL_FILES, "[security]\nmasked_paths = []").by(*by).run().exit(0);
        open.check(open.out().contains("interrupts"), "nothing was there to be covered");
    }
}

const FORWARD: &str = "(echo 1 >/proc/sys/net/ipv4/ip_forward) 2>/dev/null && echo written; true";

fn files_of_the_kernel_cannot_be_written() {
    let script = "for f in sysrq-trigger sys/kernel/core_pattern sys/kernel/modprobe sys/vm/drop_caches irq/default_smp_affinity sys/fs/binfmt_misc/register; do (echo 0 >/proc/$f) 2>/dev/null && echo $f; done; true";
    for by in everyone() {
        Launch::sh(script).by(*by).run().exit(0).stdout("");
        // A parameter that the container's root may write by its capability is refused by the mount alone.
        let root = "[security]\ncapabilities = [\"CAP_NET_ADMIN\"]";
        Launch::sh_with(FORWARD, root).by(*by).run().exit(0).stdout("");
        let open = format!("{root}\nreadonly_paths = []");
        Launch::sh_with(FORWARD, &open).by(*by).run().exit(0).stdout("written\n");
    }
}

fn covers_cannot_be_taken_off() {
    let script = "umount /proc/interrupts 2>/dev/null && echo off; mount -o remount,rw /proc/sys 2>/dev/null && echo rw; mount -t proc p /mnt 2>/dev/null && echo second; mount -t tmpfs t /mnt 2>/dev/null && echo tmpfs; true";
    for by in everyone() {
        Launch::sh(script).by(*by).run().exit(0).stdout("");
        Launch::sh_with(script, UNFILTERED).by(*by).run().exit(0).stdout("");
        // With nested namespaces the covers are locked: a new mount namespace cannot take them off one by one.
        let nested = "[security]\nnested_userns = true\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_SETFCAP\"]";
        let inner = format!("unshare -Urm sh -c '{}'", script.replace('\'', "\""));
        Launch::sh_with(&inner, nested).by(*by).run().exit(0).stdout("tmpfs\n");
        // Given the capability itself, the command takes them off: `launch plan` says so.
        let given = "[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_SYS_ADMIN\"]";
        Launch::sh_with(script, given).by(*by).run().exit(0).stdout_contains("off\n");
    }
}

fn a_second_proc_is_covered_too() {
    let mount = "[[mounts]]\ntarget = \"/mnt\"\ntype = \"proc\"\n";
    let script = "head -c1 /mnt/interrupts; (echo x >/mnt/sys/kernel/domainname) 2>/dev/null && echo written; true";
    for by in everyone() {
        Launch::sh_with(script, mount).by(*by).run().exit(0).stdout("");
        let open = format!("[security]\nmasked_paths = []\n{mount}");
        let control = Launch::sh_with(script, &open).by(*by).run().exit(0);
        control.check(!control.out().is_empty(), "nothing was there to be covered");
    }
}

/// Files of /proc/sys belong to root of the host: inside they belong to nobody.
fn root_inside_is_nobody_outside() {
    for by in everyone() {
        Launch::sh("stat -c %u /proc/sys/kernel/core_pattern").by(*by).run().exit(0).stdout("65534\n");
    }
    needs(&[Need::Root]);
    let host = "[userns]\nmode = \"host\"";
    Launch::sh_with("stat -c %u /proc/sys/kernel/core_pattern", host).run().exit(0).stdout("0\n");
}

fn kernel_parameters_do_not_reach_the_host() {
    let script = "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax";
    let more = "[sysctl]\n\"net.core.somaxconn\" = 77\n\"kernel.msgmax\" = 4321";
    let host = || {
        ["net/core/somaxconn", "kernel/msgmax"]
            .map(|name| std::fs::read_to_string(format!("/proc/sys/{name}")).unwrap())
    };
    let before = host();
    for by in everyone() {
        Launch::sh_with(script, more).by(*by).run().exit(0).stdout("77\n4321\n");
        Launch::sh_with("true", "[sysctl]\n\"kernel.core_pattern\" = \"x\"").by(*by).run().exit(125);
        Launch::sh_with("true", "[sysctl]\n\"net.core.somaxconn\" = 7\n[network]\nmode = \"host\"")
            .by(*by)
            .run()
            .exit(125);
    }
    assert_eq!(before, host());
}

/// systemd makes every mount shared; a copy of one is its peer unless it is made private.
fn mounts_do_not_travel_to_the_host() {
    needs(&[Need::Root, Need::Tool("unshare")]);
    let script = "mount --make-rprivate / && mount -t tmpfs shared root && mount --make-shared root && cp -a {busybox}/. root/ && mkdir root/data root/other && \"$@\" || exit; grep -c \"$PWD/root\" /proc/self/mountinfo";
    let script = crate::support::builder::with_places(script);
    let shared = ["unshare", "-m", "sh", "-c", &script, "sh"];
    for more in [
        "",
        "[rootfs]\npath = \"{dir}/root\"\nmode = \"overlay\"",
        "[rootfs]\npath = \"{dir}/root\"\nmode = \"readwrite\"",
    ] {
        let rootfs = if more.is_empty() { "rootfs = \"{dir}/root\"\n" } else { "" };
        let toml = format!(
            "{rootfs}command = \"/bin/true\"\n{more}\n[[mounts]]\nsource = \"{{dir}}/root/other\"\ntarget = \"/data\"\n"
        );
        Launch::new(&toml).folder("root").through(shared).run().exit(0).stdout("1\n");
    }
    let control = Command::new("unshare")
        .args(["-m", "sh", "-c", "mount --make-rprivate / && mount -t tmpfs s /srv && mount --make-shared /srv && mkdir /srv/a && unshare -m --propagation unchanged mount -t tmpfs t /srv/a; grep -c ' /srv' /proc/self/mountinfo"])
        .output()
        .unwrap();
    assert_eq!(String::from_utf8_lossy(&control.stdout), "2\n", "mounts did not travel without the defence");
}

fn no_mount_of_the_host_is_left() {
    let host = std::fs::read_to_string("/proc/self/mountinfo").unwrap().lines().count();
    for by in everyone() {
        let script = "cut -d' ' -f5 /proc/self/mountinfo | grep -v -E '^(/|/(proc|dev|tmp|run)(/.*)?)$'; ls -a /.. | grep -x -E 'boot|srv|lost.found'; true";
        Launch::sh(script).by(*by).run().exit(0).stdout("");
    }
    assert!(host > 3, "the host has mounts that could be left");
}

/// A hierarchy belongs to the host's user namespace, whatever the container's root is allowed to do in his own; only with
/// `userns.mode = "host"` would the same mount(2) succeed, and it would be the machine's own hierarchy that is changed.
fn cgroups_cannot_be_mounted() {
    let script = "for t in cgroup cgroup2; do mount -t $t -o rw x /mnt 2>/dev/null && { ls /mnt | grep release_agent; (echo /x >/mnt/release_agent) 2>/dev/null && echo written; umount /mnt; }; done; true";
    let more = "[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_SYS_ADMIN\"]";
    for by in everyone() {
        Launch::sh_with(script, more).by(*by).run().exit(0).stdout("");
    }
}

fn devices_cannot_be_made() {
    let script = "for d in /tmp/d /dev/d /run/d; do mknod $d c 1 3 2>/dev/null && echo $d; done; true";
    for by in everyone() {
        Launch::sh(script).by(*by).run().exit(0).stdout("");
        let more = "[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_MKNOD\"]";
        Launch::sh_with(script, more).by(*by).run().exit(0).stdout("");
    }
    needs(&[Need::Root]);
    let host = "[userns]\nmode = \"host\"\n[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_MKNOD\"]";
    let used = "mknod /tmp/d c 1 3 && echo made; cat /tmp/d 2>/dev/null || echo unusable";
    Launch::sh_with(used, host).run().exit(0).stdout("made\nunusable\n");
}

/// A mount over the root is seen by nobody who stays, and is the root of whoever enters the namespace anew.
fn nothing_lies_over_the_root() {
    let script = "a=$(stat -c %d:%i /); b=$(nsenter --mount=/proc/self/ns/mnt /bin/stat -c %d:%i /); test $a = $b && echo same || echo $a $b";
    let power = "[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_SYS_ADMIN\", \"CAP_SYS_CHROOT\"]\n";
    let file = "[[mounts]]\ntarget = \"/run/file\"\ntype = \"file\"\ncontent = \"x\"\n";
    let roots = [
        "path = \"{busybox}\"",
        "path = \"{busybox-bare}\"",
        "path = \"{busybox}\"\nmode = \"overlay\"",
        "path = \"{root}\"\nmode = \"readwrite\"",
    ];
    for by in everyone() {
        for root in roots {
            for more in ["", file] {
                let toml =
                    format!("command = \"/bin/sh\"\nargs = [\"-c\", '{script}']\n[rootfs]\n{root}\n{power}{more}");
                Launch::new(&toml).by(*by).writes("root").run().exit(0).stdout("same\n");
            }
        }
    }
}

/// 32-bit and x32 calls have other numbers: the filter kills whoever makes one.
fn calls_of_other_architectures_kill() {
    needs(&[Need::Machine("x86_64")]);
    for by in everyone() {
        run_attack("calls", &["foreign"], "").by(*by).run().exit(128 + 31).stdout("");
        let control = run_attack("calls", &["foreign"], UNFILTERED).by(*by).run();
        // A kernel without 32-bit emulation ends the program by another signal.
        control.check(matches!(control.code(), Some(0 | 139)), "the control did not reach the kernel");
    }
}
