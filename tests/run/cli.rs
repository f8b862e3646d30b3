//! The command line: subcommands, options, formats; stdout belongs to the command, stderr is plain where it is no terminal.

use crate::support::Launch;
use crate::support::runner::tests;

tests![
    check_says_yes_or_no,
    check_has_formats,
    check_takes_many_files,
    plan_reads_like_a_table_of_contents,
    plan_has_json,
    plan_changes_nothing,
    schema_is_json,
    init_writes_a_file_that_passes,
    another_folder_can_be_named,
    the_default_file_is_container_toml,
    a_file_named_like_a_subcommand,
    no_colour_where_nobody_sees_it,
    unknown_words_are_refused,
    help_and_version,
];

const RIGHT: &str = "rootfs = \"{busybox}\"\ncommand = \"/bin/true\"\n";
const WRONG: &str = "rootfs = \"{busybox}\"\ncommand = \"/bin/true\"\nhostnam = \"box\"\n[limits]\npids = 0\n";

fn check_says_yes_or_no() {
    Launch::new(RIGHT).option("check").run().exit(0);
    Launch::new(WRONG)
        .option("check")
        .run()
        .exit(1)
        .stderr_contains("container.toml:3:1")
        .stderr_contains("did you mean `hostname`")
        .stderr_contains("container.toml:5:")
        .stderr_contains("unknown_key");
}

fn check_has_formats() {
    let outcome = Launch::new(WRONG).option("check").option("--format").option("json").run().exit(1);
    let text = if outcome.out().is_empty() { outcome.err() } else { outcome.out() };
    let json: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"));
    outcome.check(json.to_string().contains("unknown_key"), "expected the code");
    let outcome = Launch::new(WRONG).option("check").option("--format").option("github").run().exit(1);
    let text = outcome.out() + &outcome.err();
    outcome.check(text.contains("::error file=container.toml,line=3"), "expected a workflow command");
}

fn check_takes_many_files() {
    let launch = Launch::new(RIGHT).file("other.toml", "comand = \"x\"\n").file("third.toml", "hostnam = \"x\"\n");
    launch
        .option("check")
        .arg("other.toml")
        .arg("third.toml")
        .run()
        .exit(1)
        .stderr_contains("other.toml:1")
        .stderr_contains("third.toml:1");
}

fn plan_reads_like_a_table_of_contents() {
    let outcome =
        Launch::new("rootfs = \"{busybox}\"\ncommand = \"/bin/true\"\nhostname = \"box\"\n[rlimits]\nnofile = 64\n")
            .option("plan")
            .run()
            .exit(0);
    let place = |word: &str| outcome.out().find(word).unwrap_or_else(|| panic!("no {word:?} in\n{}", outcome.out()));
    // Names are set before the limits of the process, and the command is last.
    assert!(place("box") < place("nofile") && place("nofile") < place("/bin/true"));
}

fn plan_has_json() {
    let outcome = Launch::new(RIGHT).option("plan").arg("--json").run().exit(0).quiet();
    serde_json::from_slice::<serde_json::Value>(outcome.bytes()).unwrap();
}

fn plan_changes_nothing() {
    // What it would make is in the folder that the leftover check looks at.
    let toml = "rootfs = { path = \"{root}\", mode = \"readwrite\" }\ncommand = \"/bin/true\"\n[[mounts]]\ntarget = \"/new/place\"\ntype = \"tmpfs\"\n";
    Launch::new(toml).option("plan").run().exit(0);
    Launch::new(toml).option("check").run().exit(0);
}

fn schema_is_json() {
    let outcome = Launch::new(RIGHT).through(["sh", "-c", "exec \"$1\" schema", "sh"]).run().exit(0).quiet();
    let schema: serde_json::Value = serde_json::from_slice(outcome.bytes()).unwrap();
    assert!(schema["properties"]["command"].is_object());
    assert_eq!(schema["additionalProperties"], false);
}

fn init_writes_a_file_that_passes() {
    let script = "mkdir new; cd new; \"$1\" init && \"$1\" check --host none container.toml";
    Launch::new(RIGHT).through(["sh", "-c", script, "sh"]).writes("new").run().exit(0).stdout("");
    // It never overwrites.
    Launch::new(RIGHT)
        .through(["sh", "-c", "exec \"$1\" init", "sh"])
        .run()
        .exit(125)
        .stderr_contains("container.toml");
}

fn another_folder_can_be_named() {
    let script = "cd /; exec \"$1\" -C \"$OLDPWD\" container.toml";
    let toml = "rootfs = \"{busybox}\"\ncommand = \"/bin/cat\"\nargs = [\"/etc/motd\"]\n[[mounts]]\ntarget = \"/etc/motd\"\nsource = \"data\"\n";
    Launch::new(toml).file("data", "seen\n").through(["sh", "-c", script, "sh"]).run().exit(0).stdout("seen\n").quiet();
}

fn the_default_file_is_container_toml() {
    Launch::sh("echo ran").through(["sh", "-c", "exec \"$1\"", "sh"]).run().exit(0).stdout("ran\n").quiet();
}

fn a_file_named_like_a_subcommand() {
    Launch::sh("echo ran")
        .through(["sh", "-c", "mv container.toml check; exec \"$1\" ./check", "sh"])
        .writes("check")
        .run()
        .exit(0)
        .stdout("ran\n")
        .quiet();
}

fn no_colour_where_nobody_sees_it() {
    Launch::new(WRONG).run().exit(125).stderr_lacks("\x1b");
    Launch::new(WRONG).option("--color").option("always").run().exit(125).stderr_contains("\x1b");
    Launch::new(WRONG).env("NO_COLOR", "1").run().exit(125).stderr_lacks("\x1b");
}

fn unknown_words_are_refused() {
    Launch::new(RIGHT).option("--nonesuch").run().exit(125).stdout("").stderr_contains("--nonesuch");
}

fn help_and_version() {
    Launch::new(RIGHT).option("--help").run().exit(0).stdout_contains("container.toml").quiet();
    Launch::new(RIGHT).option("--version").run().exit(0).stdout_contains(env!("CARGO_PKG_VERSION")).quiet();
}
