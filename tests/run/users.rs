//! Users: who root inside is outside, names from the root's own files, what is given up before the command starts.

use crate::support::place;
use crate::support::runner::tests;
use crate::support::{By, Launch, Need, everyone, host, needs};

tests![
    is_root_inside,
    root_inside_is_not_root_outside,
    a_user_with_subordinate_ids_has_a_range,
    a_single_id_is_the_callers,
    keep_id_is_the_same_inside_and_outside,
    host_is_no_user_namespace,
    written_out_maps_are_in_force,
    becomes_a_user_by_number_and_by_name,
    has_the_groups_that_are_written,
    an_unknown_user_is_shown_at_its_key,
    a_user_outside_the_maps_is_refused,
    the_umask_is_set,
    no_capability_is_left,
    setuid_programs_give_nothing,
];

fn caller_uid(by: By) -> u32 {
    if by == By::User && host::is_root() { place::user().unwrap().uid } else { rustix::process::geteuid().as_raw() }
}

/// The lines of a map, its columns separated by one blank.
fn map(launch: Launch) -> Vec<String> {
    let outcome = launch.run().exit(0);
    outcome.out().lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

fn is_root_inside() {
    for &by in everyone() {
        Launch::sh("id -u; id -g; cat /proc/self/setgroups").by(by).run().exit(0).quiet().stdout_contains("0\n0\n");
    }
}

fn root_inside_is_not_root_outside() {
    for &by in everyone() {
        let lines = map(Launch::sh("cat /proc/self/uid_map").by(by));
        let outside: u32 = lines[0].split(' ').nth(1).unwrap().parse().unwrap();
        assert_ne!(outside, 0, "{lines:?}");
    }
    if host::is_root() {
        let lines = map(Launch::sh("cat /proc/self/uid_map"));
        assert!(lines.len() == 1 && lines[0].ends_with(" 65536"), "a free range of 65536 ids: {lines:?}");
    }
}

fn a_user_with_subordinate_ids_has_a_range() {
    needs(&[Need::SubordinateIds]);
    let lines = map(Launch::sh("cat /proc/self/uid_map").as_user());
    let ids: u32 = lines.iter().map(|line| line.split(' ').nth(2).unwrap().parse::<u32>().unwrap()).sum();
    assert!(ids >= 65536, "{lines:?}");
    assert!(lines.iter().any(|line| line.split(' ').nth(1) == Some(&*caller_uid(By::User).to_string())), "{lines:?}");
}

fn a_single_id_is_the_callers() {
    for &by in everyone() {
        let lines =
            map(Launch::sh_with("cat /proc/self/uid_map /proc/self/gid_map", "userns = { mode = \"single\" }").by(by));
        assert_eq!(lines[0], format!("0 {} 1", caller_uid(by)));
        assert_eq!(lines.len(), 2);
    }
}

fn keep_id_is_the_same_inside_and_outside() {
    let uid = caller_uid(By::User);
    let launch = Launch::sh_with("id -u", "userns = { mode = \"keep-id\" }").as_user();
    launch.run().exit(0).stdout(&format!("{uid}\n"));
}

fn host_is_no_user_namespace() {
    let launch = || Launch::sh_with("cat /proc/self/uid_map", "userns = { mode = \"host\" }");
    if host::is_root() {
        assert_eq!(map(launch()), ["0 0 4294967295"]);
    }
    launch().as_user().run().exit(125).stdout("").stderr_contains("userns").stderr_contains("container.toml:4");
}

fn written_out_maps_are_in_force() {
    needs(&[Need::Root]);
    let more = "[userns]\nuid_map = [{ container = 0, host = 300000, size = 10 }, { container = 1000, host = 400000, size = 5 }]\n\
                gid_map = [{ container = 0, host = 300000, size = 10 }]\n";
    let lines = map(Launch::sh_with("cat /proc/self/uid_map /proc/self/gid_map", more));
    assert_eq!(lines, ["0 300000 10", "1000 400000 5", "0 300000 10"]);
}

fn becomes_a_user_by_number_and_by_name() {
    needs(&[Need::Root]);
    for (user, ids) in [
        ("1000:1000", "1000 1000"),
        ("user", "1000 1000"),
        ("user:staff", "1000 50"),
        ("7", "7 7"),
        ("4242", "4242 4242"),
        ("0:50", "0 50"),
    ] {
        Launch::sh_with("echo $(id -u) $(id -g)", &format!("user = \"{user}\""))
            .run()
            .exit(0)
            .stdout(&format!("{ids}\n"))
            .quiet();
    }
    Launch::sh_with("echo $HOME", "user = \"user\"").run().exit(0).stdout("/home/user\n");
}

fn has_the_groups_that_are_written() {
    needs(&[Need::Root]);
    // The caller's own groups are gone, the written ones are there.
    Launch::sh("grep Groups: /proc/self/status | tr -s '\\t ' ' '").run().exit(0).stdout("Groups: \n");
    Launch::sh_with("id -G", "user = \"user\"\ngroups = [\"staff\", 7]").run().exit(0).stdout("1000 7 50\n").quiet();
}

fn an_unknown_user_is_shown_at_its_key() {
    Launch::sh_with("id", "user = \"usr\"")
        .run()
        .exit(125)
        .stdout("")
        .stderr_contains("usr")
        .stderr_contains("container.toml:4");
    Launch::sh_with("id", "groups = [\"nonesuch\"]").run().exit(125).stdout("").stderr_contains("nonesuch");
}

fn a_user_outside_the_maps_is_refused() {
    for &by in everyone() {
        let more = "user = \"5\"\nuserns = { mode = \"single\" }";
        Launch::sh_with("id", more).by(by).run().exit(125).stdout("").stderr_contains("container.toml:4");
    }
}

fn the_umask_is_set() {
    Launch::sh("umask").through(["sh", "-c", "umask 0777; exec \"$@\"", "sh"]).run().exit(0).stdout("0022\n");
    Launch::sh_with("umask", "umask = \"0077\"").run().exit(0).stdout("0077\n");
}

fn no_capability_is_left() {
    for &by in everyone() {
        let none = "CapInh:0000000000000000\nCapPrm:0000000000000000\nCapEff:0000000000000000\nCapBnd:0000000000000000\nCapAmb:0000000000000000\n";
        Launch::sh("grep Cap /proc/self/status | tr -d '\\t '").by(by).run().exit(0).stdout(none).quiet();
    }
}

fn setuid_programs_give_nothing() {
    for &by in everyone() {
        Launch::sh("grep NoNewPrivs: /proc/self/status | tr -d '\\t '")
            .by(by)
            .run()
            .exit(0)
            .stdout("NoNewPrivs:1\n")
            .quiet();
    }
}
