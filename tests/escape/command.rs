//! The command is hostile: descriptors, ptrace, terminals, signals, namespaces, what it inherits, what outlives it.

use super::{UNFILTERED, attack, on_host, run_attack};
use crate::support::needs::{Need, needs};
use crate::support::runner::tests;
use crate::support::{Launch, everyone};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::Command;
use std::time::Duration;

tests![
    no_descriptor_but_the_streams_is_inherited,
    a_directory_as_a_stream_is_refused,
    init_cannot_be_looked_into,
    init_does_not_tell_where_the_file_is,
    nothing_is_typed_into_the_callers_terminal,
    groups_of_the_caller_are_dropped,
    capabilities_of_the_caller_are_dropped,
    a_user_namespace_cannot_be_made,
    the_callers_keyring_is_not_there,
    abstract_sockets_are_the_containers_own,
    memory_segments_are_the_containers_own,
    no_setuid_file_gives_privileges,
    what_the_command_leaves_behind_is_killed,
    the_supervisor_cannot_be_killed,
    files_in_memory_are_bounded_in_bytes_and_number,
    no_core_is_dumped,
    landlock_denies_what_it_does_not_name,
];

fn no_descriptor_but_the_streams_is_inherited() {
    let leak = ["sh", "-c", "exec 7</etc/passwd 8</ 9<>/dev/null; exec \"$@\"", "sh"];
    for by in everyone() {
        run_attack("fds", &[], "").by(*by).through(leak).run().exit(0).stdout("0 1 2 \n");
    }
    let control = Command::new(leak[0]).args(&leak[1..]).arg(attack("fds")).output().unwrap();
    assert!(String::from_utf8_lossy(&control.stdout).contains("7 8 9"), "the shell did not leak them");
}

/// Without the refusal, `cd /proc/self/fd/0` in the container is the host's folder.
fn a_directory_as_a_stream_is_refused() {
    for by in everyone() {
        let stdin = ["sh", "-c", "exec \"$@\" </etc", "sh"];
        let outcome = Launch::sh("cat /proc/self/fd/0/hostname").by(*by).through(stdin).run().exit(125);
        outcome.stderr_contains("is a directory of the host");
    }
}

fn init_cannot_be_looked_into() {
    for by in everyone() {
        for more in ["", UNFILTERED, "[security]\nseccomp = \"unconfined\"\ncapabilities = [\"CAP_SYS_PTRACE\"]"] {
            run_attack("peek", &["1"], more).by(*by).run().exit(0).stdout(".\n");
        }
        // The same attack on a process of its own works, so it is a good one.
        run_attack("peek", &["0"], UNFILTERED)
            .by(*by)
            .run()
            .exit(0)
            .stdout("mem environ maps fd/0 root cwd exe process_vm_readv ptrace .\n");
    }
}

fn init_does_not_tell_where_the_file_is() {
    for by in everyone() {
        let outcome = Launch::sh_with("tr '\\0' ' ' </proc/1/cmdline", "name = \"box\"").by(*by).run().exit(0);
        outcome.check(!outcome.out().contains("container.toml"), "the arguments of the supervisor are shown");
        outcome.check(outcome.out().starts_with("launch"), "init has no name");
    }
}

/// The filter refuses it, and a process without a controlling terminal could not do it either.
fn nothing_is_typed_into_the_callers_terminal() {
    needs(&[Need::Tool("script")]);
    let terminal = ["sh", "-c", "script -qec \"$*\" /dev/null </dev/null", "sh"];
    for by in everyone() {
        run_attack("terminal", &[], "[stdio]\ntty = false").by(*by).through(terminal).run().stdout_contains("refused");
        let more = "[stdio]\ntty = false\n[security]\nseccomp = \"unconfined\"";
        run_attack("terminal", &[], more).by(*by).through(terminal).run().stdout_contains("refused");
    }
    let control = Command::new(terminal[0]).args(&terminal[1..]).arg(attack("terminal")).output().unwrap();
    let said = String::from_utf8_lossy(&control.stdout).into_owned();
    // dev.tty.legacy_tiocsti = 0 (Linux 6.2) closes the hole for everyone but root.
    assert!(said.contains("typed") || !crate::support::host::is_root(), "the control did not type: {said}");
}

fn groups_of_the_caller_are_dropped() {
    needs(&[Need::Root, Need::Tool("setpriv")]);
    let groups = ["setpriv", "--groups", "4,20"];
    Launch::sh("id -G; grep Groups /proc/1/status").through(groups).run().exit(0).stdout("0\nGroups:\t \n");
    assert!(on_host("setpriv".as_ref(), &["--groups", "4,20", "id", "-G"]).contains("4 20"));
}

fn capabilities_of_the_caller_are_dropped() {
    needs(&[Need::Root, Need::Tool("setpriv")]);
    let gifts = ["setpriv", "--inh-caps", "+net_raw", "--ambient-caps", "+net_raw"];
    let sets = "grep ^Cap /proc/self/status | cut -f2 | sort -u";
    Launch::sh(sets).through(gifts).run().exit(0).stdout("0000000000000000\n");
    let user = "user = \"1000:1000\"";
    Launch::sh_with(sets, user).through(gifts).run().exit(0).stdout("0000000000000000\n");
    let control =
        Command::new(gifts[0]).args(&gifts[1..]).args(["grep", "CapAmb", "/proc/self/status"]).output().unwrap();
    assert!(String::from_utf8_lossy(&control.stdout).contains("2000"), "nothing was given");
    let some = "[security]\ncapabilities = [\"@default\"]";
    Launch::sh_with(sets, some).run().exit(0).stdout_contains("00000000800405fb");
}

fn a_user_namespace_cannot_be_made() {
    for by in everyone() {
        run_attack("userns", &[], "").by(*by).run().exit(0).stdout(".\n");
        // Without the filter the limit of the namespace itself holds.
        run_attack("userns", &[], UNFILTERED).by(*by).run().exit(0).stdout(".\n");
        let written = "[security]\nnested_userns = true";
        run_attack("userns", &[], written).by(*by).run().exit(0).stdout("unshare clone clone3 .\n");
    }
}

fn the_callers_keyring_is_not_there() {
    let hold = [attack("key").to_str().unwrap().to_owned(), "hold".to_owned()];
    for by in everyone() {
        run_attack("key", &["find"], UNFILTERED).by(*by).through(hold.clone()).run().exit(0).stdout("none\n");
        let host = "[security]\nseccomp = \"unconfined\"\nkeyring = \"host\"";
        run_attack("key", &["find"], host).by(*by).through(hold.clone()).run().exit(0).stdout("found\n");
    }
}

fn abstract_sockets_are_the_containers_own() {
    let name = format!("launch-test-{}", std::process::id());
    let address = SocketAddr::from_abstract_name(&name).unwrap();
    let _listener = UnixListener::bind_addr(&address).unwrap();
    for by in everyone() {
        run_attack("connect", &[&name], "").by(*by).run().exit(0).stdout("refused\n");
        let host = "[network]\nmode = \"host\"";
        run_attack("connect", &[&name], host).by(*by).run().exit(0).stdout("connected\n");
    }
}

fn memory_segments_are_the_containers_own() {
    needs(&[Need::Tool("ipcmk"), Need::Tool("ipcrm")]);
    let made = on_host("ipcmk".as_ref(), &["-M", "4096", "-p", "0644"]);
    let id = made.trim().rsplit(' ').next().unwrap().to_owned();
    let seen = format!("awk '$2 == {id}' /proc/sysvipc/shm | wc -l");
    for by in everyone() {
        Launch::sh(&seen).by(*by).run().stdout("0\n");
        Launch::sh_with(&seen, "[namespaces]\nipc = \"host\"").by(*by).run().stdout("1\n");
    }
    on_host("ipcrm".as_ref(), &["-m", &id]);
}

fn no_setuid_file_gives_privileges() {
    needs(&[Need::Root]);
    let who = attack("who");
    let gain = |more: &str| {
        let toml = format!("rootfs = \"{{root}}\"\ncommand = \"/gain\"\nuser = \"1000:1000\"\n{more}");
        let running = Launch::new(&toml).through([
            "sh",
            "-c",
            &format!("cp {} root/gain && chmod 4755 root/gain && exec \"$@\"", who.display()),
            "sh",
        ]);
        running.writes("root").run().exit(0)
    };
    gain("").stdout("1000 0000000000000000\n");
    gain("[security]\nno_new_privs = false").stdout("0 0000000000000000\n");
}

/// Daemons that forked twice die with the pid namespace; the look for leftovers after each launch is the proof, and
/// tests/support shows that it finds one.
fn what_the_command_leaves_behind_is_killed() {
    for by in everyone() {
        let script = "(setsid sh -c 'trap \"\" TERM HUP INT; sleep 600' >/dev/null 2>&1 &); exit 3";
        Launch::sh(script).by(*by).run().exit(3).within(Duration::from_secs(10));
    }
}

fn the_supervisor_cannot_be_killed() {
    for by in everyone() {
        Launch::sh("kill -9 1; kill -STOP 1; kill -9 0").by(*by).run().exit(137);
        // All but the killer and init die, and init tells of it.
        Launch::sh("(kill -9 -1); echo survived").by(*by).run().exit(137).stdout("");
    }
}

fn files_in_memory_are_bounded_in_bytes_and_number() {
    for by in everyone() {
        let fill =
            "dd if=/dev/zero of=/tmp/x bs=1M count=65 2>/dev/null; test $(stat -c %s /tmp/x) -le 67108864 && echo full";
        Launch::sh(fill).by(*by).run().stdout("full\n");
        let inodes = "for m in /tmp /run /dev; do test $(stat -f -c %c $m) -le 65536 || echo $m; done";
        Launch::sh(inodes).by(*by).run().exit(0).stdout("");
    }
}

fn no_core_is_dumped() {
    for by in everyone() {
        Launch::sh("ulimit -Sc; ulimit -Hc").by(*by).run().exit(0).stdout("0\n0\n");
        Launch::sh_with("ulimit -Sc", "[rlimits]\ncore = 1024").by(*by).run().exit(0).stdout("2\n");
    }
}

fn landlock_denies_what_it_does_not_name() {
    needs(&[Need::Landlock]);
    let script = "cat /etc/passwd >/dev/null 2>&1 && echo read; (: >/tmp/x) 2>/dev/null && echo write; mkdir /run/d 2>/dev/null && echo made; truncate -s 0 /run/f 2>/dev/null && echo cut; true";
    let file = "[[mounts]]\ntarget = \"/run/f\"\ntype = \"file\"\ncontent = \"text\"\nreadonly = false\n";
    for by in everyone() {
        for user in ["", "user = \"0:0\"\n"] {
            let more = format!(
                "{user}{file}[landlock]\nexec = [\"/bin\"]\nwrite = [\"/tmp\", \"/dev/null\"]\nread = [\"/run/f\"]"
            );
            Launch::sh_with(script, &more).by(*by).run().exit(0).stdout("write\n");
        }
        Launch::sh_with(script, file).by(*by).run().exit(0).stdout("read\nwrite\nmade\ncut\n");
    }
}
