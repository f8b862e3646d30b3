//! Mounts: each type and flag, in order, resolved inside the root.

use crate::support::runner::tests;
use crate::support::{Launch, Need, everyone, needs};

tests![
    a_bind_is_read_only_unless_written,
    a_bind_can_be_one_file,
    a_bind_takes_what_is_mounted_below,
    a_tmpfs_has_its_size_and_mode,
    flags_are_in_force,
    a_file_has_its_content,
    a_link_and_a_folder_are_made,
    an_overlay_joins_folders,
    an_overlay_keeps_writes_in_its_upper_folder,
    kernel_file_systems_can_be_mounted,
    the_own_cgroup_can_be_mounted,
    mounts_are_made_in_order,
    relative_sources_are_relative_to_the_file,
    a_missing_source_is_shown_at_its_key,
    an_optional_mount_is_left_out,
    a_target_cannot_leave_the_root,
    many_mounts_are_possible,
    owners_are_as_on_disk,
];

fn with(script: &str, mounts: &str) -> Launch {
    Launch::sh_with(script, mounts)
}

fn a_bind_is_read_only_unless_written() {
    for &by in everyone() {
        let launch = |readonly: &str| {
            with(
                "cat /mnt/file; echo new >/mnt/new && cat /mnt/new",
                &format!("[[mounts]]\ntarget = \"/mnt\"\nsource = \"data\"\n{readonly}\n"),
            )
            .folder("data")
            .file("data/file", "seen\n")
            .by(by)
        };
        launch("").run().exit(1).stdout("seen\n").stderr_contains("Read-only file system");
        let outcome = launch("readonly = false").writes("data/new").run().exit(0).stdout("seen\nnew\n");
        assert!(outcome.dir().join("data/new").exists());
    }
}

fn a_bind_can_be_one_file() {
    for &by in everyone() {
        with("cat /etc/motd /etc/group; echo x >>/etc/group", "[[mounts]]\ntarget = \"/etc/motd\"\nsource = \"file\"\n[[mounts]]\ntarget = \"/etc/group\"\nsource = \"file\"\n")
            .file("file", "seen\n")
            .by(by)
            .run()
            .exit(1)
            .stdout("seen\nseen\n");
    }
}

fn a_bind_takes_what_is_mounted_below() {
    needs(&[Need::Root]);
    // /dev has file systems mounted below it: with them, and with the flags all the way down.
    with(
        "test -d /mnt/shm && echo x >/mnt/shm/launch-test || echo read-only",
        "[[mounts]]\ntarget = \"/mnt\"\nsource = \"/dev\"\nidmap = false\n",
    )
    .run()
    .exit(0)
    .stdout("read-only\n");
    with("ls /mnt/shm", "[[mounts]]\ntarget = \"/mnt\"\nsource = \"/dev\"\nrecursive = false\nidmap = false\n")
        .run()
        .stdout("");
}

fn a_tmpfs_has_its_size_and_mode() {
    for &by in everyone() {
        let script = "stat -c %a /mnt; head -c 900000 /dev/zero >/mnt/one && echo fits; head -c 900000 /dev/zero >/mnt/two || echo full";
        with(script, "[[mounts]]\ntarget = \"/mnt\"\ntype = \"tmpfs\"\nsize = \"1MiB\"\nmode = \"1700\"\n")
            .by(by)
            .run()
            .exit(0)
            .stdout("1700\nfits\nfull\n");
    }
}

fn flags_are_in_force() {
    for &by in everyone() {
        let script = "cp /bin/busybox /mnt/busybox && /mnt/busybox true || echo $?; grep ' /mnt ' /proc/self/mountinfo | cut -d' ' -f6";
        let outcome = with(script, "[[mounts]]\ntarget = \"/mnt\"\ntype = \"tmpfs\"\nnoexec = true\n")
            .by(by)
            .run()
            .exit(0)
            .stdout_contains("126\n");
        let flags = outcome.out().lines().last().unwrap().to_owned();
        for flag in ["nosuid", "nodev", "noexec"] {
            outcome.check(flags.split(',').any(|f| f == flag), &format!("expected {flag}"));
        }
    }
}

fn a_file_has_its_content() {
    for &by in everyone() {
        let mounts = "[[mounts]]\ntarget = \"/etc/motd\"\ntype = \"file\"\ncontent = \"\"\"\none\ntwo \\\" ☃\n\"\"\"\nmode = \"0640\"\n";
        with("cat /etc/motd; stat -c %a /etc/motd", mounts).by(by).run().exit(0).stdout("one\ntwo \" ☃\n640\n").quiet();
    }
}

fn a_link_and_a_folder_are_made() {
    for &by in everyone() {
        let mounts = r#"
            [[mounts]]
            target = "/run/folder"
            type = "dir"
            mode = "0711"
            [[mounts]]
            target = "/run/link"
            type = "symlink"
            source = "/etc/passwd"
            "#;
        with("readlink /run/link; stat -c %a /run/folder; test -s /run/link && echo ok", mounts)
            .by(by)
            .run()
            .exit(0)
            .stdout("/etc/passwd\n711\nok\n")
            .quiet();
    }
}

fn an_overlay_joins_folders() {
    for &by in everyone() {
        let mounts = "[[mounts]]\ntarget = \"/mnt\"\ntype = \"overlay\"\nlower = [\"top\", \"bottom\"]\n";
        with("cat /mnt/a /mnt/b; echo new >/mnt/c && cat /mnt/c", mounts)
            .folder("top")
            .folder("bottom")
            .file("top/a", "top\n")
            .file("bottom/a", "bottom\n")
            .file("bottom/b", "bottom\n")
            .by(by)
            .run()
            .exit(0)
            .stdout("top\nbottom\nnew\n")
            .quiet();
    }
}

fn an_overlay_keeps_writes_in_its_upper_folder() {
    needs(&[Need::Root]);
    let mounts = "userns = { mode = \"host\" }\n[[mounts]]\ntarget = \"/mnt\"\ntype = \"overlay\"\nlower = [\"lower\"]\nupper = \"upper\"\nwork = \"work\"\n";
    let outcome = with("echo new >/mnt/new; rm /mnt/old; ls /mnt", mounts)
        .folder("lower")
        .folder("upper")
        .folder("work")
        .file("lower/old", "")
        .writes("upper")
        .writes("work")
        .run()
        .exit(0)
        .stdout("new\n")
        .quiet();
    assert!(outcome.dir().join("upper/new").exists() && outcome.dir().join("lower/old").exists());
}

fn kernel_file_systems_can_be_mounted() {
    for &by in everyone() {
        let mounts = r#"
            [[mounts]]
            target = "/opt"
            type = "tmpfs"
            [[mounts]]
            target = "/opt/proc"
            type = "proc"
            [[mounts]]
            target = "/opt/sys"
            type = "sysfs"
            [[mounts]]
            target = "/opt/pts"
            type = "devpts"
            [[mounts]]
            target = "/opt/mq"
            type = "mqueue"
            "#;
        let script = "grep -E ' /opt/[a-z]+ ' /proc/self/mountinfo | sed 's/.* - \\([a-z]*\\) .*/\\1/'; ls /opt/sys/class/net; test -e /opt/proc/self && ls /opt/pts";
        with(script, mounts).by(by).run().exit(0).stdout("proc\nsysfs\ndevpts\nmqueue\nlo\nptmx\n").quiet();
    }
}

fn the_own_cgroup_can_be_mounted() {
    needs(&[Need::CgroupV2, Need::Controller("pids")]);
    let mounts = "[limits]\npids = 10\n[[mounts]]\ntarget = \"/sys/fs/cgroup\"\ntype = \"cgroup\"\n";
    // Its own and no other's, and nothing of it can be changed.
    let script = "cat /sys/fs/cgroup/pids.max; echo 99 2>/dev/null >/sys/fs/cgroup/pids.max || echo read-only";
    with(script, mounts).run().exit(0).stdout("11\nread-only\n").quiet();
}

fn mounts_are_made_in_order() {
    let mounts = r#"
        [[mounts]]
        target = "/opt"
        source = "one"
        [[mounts]]
        target = "/opt/below"
        source = "two"
        [[mounts]]
        target = "/mnt"
        source = "one"
        "#;
    with("cat /opt/below/file; ls /mnt", mounts)
        .folder("one")
        .folder("one/below")
        .folder("two")
        .file("two/file", "two\n")
        .run()
        .exit(0)
        .stdout("two\nbelow\n")
        .quiet();
}

fn relative_sources_are_relative_to_the_file() {
    // Called from another folder.
    with("cat /etc/motd", "[[mounts]]\ntarget = \"/etc/motd\"\nsource = \"./data\"\n")
        .file("data", "seen\n")
        .through(["sh", "-c", "file=$PWD/container.toml; cd /; exec \"$1\" \"$file\"", "sh"])
        .run()
        .exit(0)
        .stdout("seen\n")
        .quiet();
}

fn a_missing_source_is_shown_at_its_key() {
    for &by in everyone() {
        with("true", "[[mounts]]\ntarget = \"/mnt\"\nsource = \"none\"\n")
            .by(by)
            .run()
            .exit(125)
            .stdout("")
            .stderr_contains("none")
            .stderr_contains("container.toml:6");
    }
}

fn an_optional_mount_is_left_out() {
    with("ls /mnt", "[[mounts]]\ntarget = \"/mnt\"\nsource = \"none\"\noptional = true\n")
        .run()
        .exit(0)
        .stdout("")
        .quiet();
}

fn a_target_cannot_leave_the_root() {
    for &by in everyone() {
        let toml = r#"
            rootfs = { path = "{root}", mode = "readwrite" }
            command = "/bin/sh"
            args = ["-c", "cat /victim/file /real/file 2>/dev/null; true"]
            [[mounts]]
            target = "/mnt/out/below"
            source = "data"
            "#;
        for text in ["{dir}/victim", "../../victim", "/proc/self/root/{dir}/victim", "/proc/1/cwd"] {
            let outcome = Launch::new(toml)
                .folder("victim")
                .folder("data")
                .file("data/file", "payload\n")
                .link("root/mnt/out", text)
                .writes("root")
                .by(by)
                .run();
            let victim = outcome.dir().join("victim");
            outcome.check(std::fs::read_dir(victim).unwrap().next().is_none(), "expected an untouched victim");
        }
    }
}

fn many_mounts_are_possible() {
    let mounts: String =
        (0..100).map(|n| format!("[[mounts]]\ntarget = \"/opt/m{n}\"\ntype = \"tmpfs\"\nsize = \"64KiB\"\n")).collect();
    let mounts = format!("[[mounts]]\ntarget = \"/opt\"\ntype = \"tmpfs\"\n{mounts}");
    with("ls /opt | wc -l; grep -c ' /opt/m' /proc/self/mountinfo", &mounts).run().exit(0).stdout("100\n100\n").quiet();
}

fn owners_are_as_on_disk() {
    needs(&[Need::Root]);
    // Root's own range of ids, and still a file of uid 0 on disk is one of uid 0 inside: an idmapped mount.
    with("stat -c %u:%g /mnt/file /etc/passwd /home/user", "[[mounts]]\ntarget = \"/mnt\"\nsource = \"data\"\n")
        .folder("data")
        .file("data/file", "")
        .run()
        .exit(0)
        .stdout("0:0\n0:0\n1000:1000\n")
        .quiet();
}
