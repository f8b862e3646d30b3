//! The root: read-only, in memory or written through; missing mount points; the host's own files as a root; the old root gone.

use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, needs};

tests![
    is_read_only,
    an_overlay_takes_writes_and_drops_them,
    an_overlay_is_as_large_as_written,
    read_write_reaches_the_source,
    missing_mount_points_never_fail,
    a_missing_root_is_shown_at_its_key,
    a_root_is_never_the_hosts_own,
    the_hosts_files_make_a_root,
    the_hosts_root_shows_nothing_private,
    the_old_root_is_gone,
    mounts_do_not_travel_to_a_host_that_shares_its_own,
    has_the_usual_folders_and_devices,
    dangerous_files_of_proc_are_hidden,
];

fn is_read_only() {
    for &by in everyone() {
        Launch::sh("touch /x /etc/x /bin/x; mkdir /y; test ! -e /x && test ! -e /y && echo none")
            .by(by)
            .run()
            .exit(0)
            .stdout("none\n")
            .stderr_contains("Read-only file system");
    }
}

fn an_overlay_takes_writes_and_drops_them() {
    for &by in everyone() {
        let script = "echo new >/x; echo changed >/etc/passwd; rm /bin/vi; mkdir /a /a/b; cat /x /etc/passwd; ls -d /a/b /bin/vi 2>/dev/null";
        // {root} is the test's own copy: a file that stayed in it is a leftover.
        let more = "rootfs = { path = \"{root}\", mode = \"overlay\" }";
        let toml = format!("{more}\ncommand = \"/bin/sh\"\nargs = [\"-c\", '''{script}''']\n");
        let outcome = Launch::new(&toml).by(by).run().stdout("new\nchanged\n/a/b\n").quiet();
        let again = Launch::new(&toml.replace(script, "cat /x; test -e /bin/vi && grep -c root /etc/passwd")).by(by);
        again.again_in(outcome.dir()).run().exit(0).stdout_contains("1\n");
    }
}

fn an_overlay_is_as_large_as_written() {
    Launch::new(
        r#"
        rootfs = { path = "{busybox}", mode = "overlay", overlay_size = "2MiB" }
        command = "/bin/sh"
        args = ["-c", "head -c 1000000 /dev/zero >/one && echo fits; head -c 8000000 /dev/zero >/many || echo full"]
        "#,
    )
    .run()
    .exit(0)
    .stdout("fits\nfull\n");
}

fn read_write_reaches_the_source() {
    for &by in everyone() {
        let outcome = Launch::new(
            r#"
            rootfs = { path = "{root}", mode = "readwrite" }
            command = "/bin/sh"
            args = ["-c", "echo kept >/opt/x && stat -c %u:%g /opt/x"]
            "#,
        )
        .by(by)
        .writes("root")
        .run()
        .exit(0)
        .stdout("0:0\n")
        .quiet();
        let kept = std::fs::read_to_string(outcome.dir().join("root/opt/x")).unwrap();
        assert_eq!(kept, "kept\n");
    }
}

fn missing_mount_points_never_fail() {
    for &by in everyone() {
        Launch::new(
            r#"
            rootfs = "{busybox-bare}"
            command = "/bin/sh"
            args = ["-c", "test -e /proc/self/stat && test -c /dev/null && test -d /tmp && cat /a/b/c/file; touch /x 2>/dev/null || echo read-only"]
            [[mounts]]
            target = "/a/b/c"
            source = "data"
            "#,
        )
        .folder("data")
        .file("data/file", "seen\n")
        .by(by)
        .run()
        .exit(0)
        .stdout("seen\nread-only\n")
        .quiet();
    }
}

fn a_missing_root_is_shown_at_its_key() {
    for (root, told) in [("{dir}/none", "none"), ("{dir}/container.toml", "container.toml")] {
        let toml = format!("command = \"/bin/sh\"\nrootfs = \"{root}\"\n");
        Launch::new(&toml).run().exit(125).stdout("").stderr_contains(told).stderr_contains("container.toml:2");
    }
}

fn a_root_is_never_the_hosts_own() {
    Launch::new("command = \"/bin/sh\"\nrootfs = \"/\"\n")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("container.toml:2");
}

fn the_hosts_files_make_a_root() {
    for &by in everyone() {
        Launch::new("rootfs = { host = true }\ncommand = \"sh\"\nargs = [\"-c\", \"echo ran; touch /usr/x 2>/dev/null || echo read-only\"]\n")
            .by(by)
            .run()
            .exit(0)
            .stdout("ran\nread-only\n")
            .quiet();
    }
}

fn the_hosts_root_shows_nothing_private() {
    for &by in everyone() {
        let script =
            "for f in /etc/shadow /root/.* /home/* /var/cache/launch-test /etc/ssh; do [ ! -e $f ] || echo $f; done";
        let outcome =
            Launch::new(&format!("rootfs = {{ host = true }}\ncommand = \"sh\"\nargs = [\"-c\", '''{script}''']\n"))
                .by(by)
                .run()
                .exit(0);
        let seen: Vec<_> = outcome
            .out()
            .lines()
            .map(str::to_owned)
            .filter(|path| !path.ends_with("/.") && !path.ends_with("/.."))
            .collect();
        outcome.check(seen.is_empty(), &format!("expected none of {seen:?}"));
    }
}

fn the_old_root_is_gone() {
    for &by in everyone() {
        let script = "ls /; for d in / /proc/1/root/ ..; do test ! -e $d/var/cache/launch-test || echo escaped; done; grep -c . /proc/self/mountinfo";
        let outcome = Launch::sh(script).by(by).run().exit(0).quiet();
        outcome.check(!outcome.out().contains("escaped"), "expected no way to the host's root");
        let mounts: usize = outcome.out().lines().last().unwrap().parse().unwrap();
        outcome.check(mounts < 60, "expected the container's own mounts only");
    }
}

fn mounts_do_not_travel_to_a_host_that_shares_its_own() {
    needs(&[Need::Root, Need::Tool("unshare")]);
    // As systemd leaves a machine: every mount has peers, and what is mounted on one appears on all.
    let script = "\"$@\"; echo $?; grep -c -e roots/busybox -e /launch-test- /proc/self/mountinfo";
    for rootfs in
        ["\"{busybox}\"", "\"{busybox-bare}\"", "{ path = \"{busybox}\", mode = \"overlay\" }", "{ host = true }"]
    {
        let mounts =
            "[[mounts]]\ntarget = \"/mnt\"\nsource = \"data\"\n[[mounts]]\ntarget = \"/mnt/below\"\ntype = \"tmpfs\"\n";
        Launch::new(&format!("rootfs = {rootfs}\ncommand = \"sh\"\nargs = [\"-c\", \"exit 4\"]\n{mounts}"))
            .folder("data")
            .folder("data/below")
            .through(["unshare", "--mount", "--propagation", "shared", "sh", "-c", script, "sh"])
            .run()
            .exit(1)
            .stdout("4\n0\n")
            .quiet();
    }
}

fn has_the_usual_folders_and_devices() {
    for &by in everyone() {
        let script = "
            echo $(ls /dev)
            for d in null zero full random urandom tty; do test -c /dev/$d || echo no $d; done
            echo x >/dev/null && test $(head -c 3 /dev/zero | wc -c) = 3 && echo y >/tmp/y && echo z >/run/z && echo s >/dev/shm/s && echo ok
            echo x >/dev/full || echo full";
        let outcome = Launch::sh(script).by(by).run().exit(0);
        let words: Vec<_> = outcome.out().lines().next().unwrap().split(' ').map(str::to_owned).collect();
        for name in [
            "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty",
            "urandom", "zero",
        ] {
            outcome.check(words.contains(&name.to_owned()), &format!("expected /dev/{name}"));
        }
        let known = [
            "console", "core", "fd", "full", "mqueue", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin",
            "stdout", "tty", "urandom", "zero",
        ];
        outcome.check(words.iter().all(|word| known.contains(&word.as_str())), "expected no other device");
        outcome.stdout_contains("\nok\nfull\n");
    }
}

fn dangerous_files_of_proc_are_hidden() {
    needs(&[Need::Root]);
    for userns in ["auto", "host"] {
        let script = "
            for f in /proc/kcore /proc/keys /proc/timer_list /proc/sched_debug /proc/latency_stats; do [ ! -e $f ] || [ -z \"$(head -c 1 $f 2>/dev/null)\" ] || echo $f; done
            for f in /proc/sys/kernel/core_pattern /proc/sysrq-trigger /proc/sys/vm/drop_caches; do ( : >>$f ) 2>/dev/null && echo writable $f; done
            umount /proc 2>/dev/null && echo unmounted; mount -t proc p /tmp 2>/dev/null && echo mounted; true";
        Launch::sh_with(script, &format!("userns = {{ mode = \"{userns}\" }}")).run().exit(0).stdout("").quiet();
    }
}
