//! Layers: files over files, profiles, flags, what strings refer to; a mistake points into the text that has it.

use crate::support::Launch;
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use launch::config::{NumberOrText, RootfsMode};
use launch::diagnostics::{Code, Style, render};
use launch::pipeline::{Loaded, Overrides, load_with};
use std::fs;
use std::path::Path;

tests![
    a_base_gives_what_the_file_leaves_out,
    a_mistake_in_a_base_points_into_the_base,
    a_mistake_in_a_flag_points_into_the_flag,
    paths_of_a_base_start_at_the_base,
    a_circle_is_shown_with_every_place,
    the_same_base_may_be_reached_twice,
    a_profile_changes_the_file,
    an_unknown_profile_names_the_known_ones,
    what_does_not_exist_cannot_be_removed,
    a_profile_that_is_not_chosen_is_checked_too,
    flags_reach_the_container,
];

fn written(files: &[(&str, &str)]) -> std::path::PathBuf {
    let dir = fresh_dir(None);
    for (name, text) in files {
        let path = dir.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    dir
}

fn loaded(dir: &Path, profiles: &[&str], set: &[&str]) -> Loaded {
    let own = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    let overrides = Overrides { profiles: own(profiles), set: own(set) };
    load_with(&dir.join("container.toml"), Vec::new(), None, &overrides)
}

fn picture(loaded: &Loaded) -> String {
    render(&loaded.problems, &loaded.tree, &loaded.sources, Style { width: 200, ..Style::default() })
}

fn a_base_gives_what_the_file_leaves_out() {
    let dir = written(&[
        (
            "base.toml",
            "command = \"/bin/a\"\nrootfs = \"alpine\"\n[limits]\npids = 5\nmemory = \"1MiB\"\n[env]\nA = \"1\"\n",
        ),
        (
            "container.toml",
            "extends = [\"base.toml\"]\n[rootfs]\nmode = \"overlay\"\n[limits]\npids = 7\n[env]\nA = false\n",
        ),
    ]);
    let Loaded { config, problems, .. } = loaded(&dir, &[], &[]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((config.command.as_deref(), config.limits.pids), (Some("/bin/a"), Some(7)));
    assert_eq!(config.limits.memory, Some(NumberOrText::Text("1MiB".into())));
    let rootfs = config.rootfs.unwrap();
    assert_eq!((rootfs.path.as_deref(), rootfs.mode), (Some("alpine"), RootfsMode::Overlay));
}

fn a_mistake_in_a_base_points_into_the_base() {
    let dir = written(&[
        ("base.toml", "[limits]\n\npdis = 5\n"),
        ("container.toml", "extends = [\"base.toml\"]\ncommand = \"/bin/a\"\n"),
    ]);
    let picture = picture(&loaded(&dir, &[], &[]));
    assert!(picture.contains("base.toml:3:1") && picture.contains("`pids`"), "{picture}");
}

fn a_mistake_in_a_flag_points_into_the_flag() {
    let dir = written(&[("container.toml", "command = \"/bin/a\"\n")]);
    for (flag, code, place) in [
        ("limits.pids=many", Code::WrongType, "--set:1:13"),
        ("limits.pdis=1", Code::UnknownKey, "--set:1:8"),
        ("limits", Code::SetInvalid, "--set:1:1"),
        ("extends=[]", Code::ProfileNested, "--set:1:1"),
    ] {
        let loaded = loaded(&dir, &[], &[flag]);
        let picture = picture(&loaded);
        assert!(loaded.problems.contains(code) && picture.contains(place), "{flag}\n{picture}");
    }
}

fn paths_of_a_base_start_at_the_base() {
    let dir = written(&[
        (
            "shared/base.toml",
            "rootfs = \"alpine\"\nenv_file = [\"x.env\"]\n[[mounts]]\ntarget = \"/d\"\nsource = \"${config_dir}/d\"\n[[mounts]]\ntarget = \"/l\"\ntype = \"symlink\"\nsource = \"d\"\n",
        ),
        ("container.toml", "extends = [\"shared/base.toml\"]\n[[mounts]]\ntarget = \"/own\"\nsource = \"own\"\n"),
    ]);
    let Loaded { config, .. } = loaded(&dir, &[], &[]);
    let shared = dir.join("shared").display().to_string();
    assert_eq!(config.rootfs.unwrap().path.clone().unwrap(), format!("{shared}/alpine"));
    assert_eq!(config.env_file, [format!("{shared}/x.env")]);
    let sources: Vec<_> = config.mounts.iter().filter_map(|mount| mount.source.clone()).collect();
    assert_eq!(sources, [format!("{shared}/d"), "d".to_owned(), "own".to_owned()]);
}

fn a_circle_is_shown_with_every_place() {
    let dir = written(&[
        ("container.toml", "extends = [\"a.toml\"]\n"),
        ("a.toml", "extends = [\"b.toml\"]\n"),
        ("b.toml", "extends = [\"container.toml\"]\n"),
    ]);
    let loaded = loaded(&dir, &[], &[]);
    let picture = picture(&loaded);
    assert!(loaded.problems.contains(Code::ExtendsCycle), "{picture}");
    for place in ["container.toml:1:12", "a.toml:1:12", "b.toml:1:12"] {
        assert!(picture.contains(place), "{place}\n{picture}");
    }
}

fn the_same_base_may_be_reached_twice() {
    let dir = written(&[
        ("base.toml", "command = \"/bin/a\"\n"),
        ("a.toml", "extends = [\"base.toml\"]\nhostname = \"a\"\n"),
        ("b.toml", "extends = [\"base.toml\"]\nhostname = \"b\"\n"),
        ("container.toml", "extends = [\"a.toml\", \"b.toml\"]\n"),
    ]);
    let Loaded { config, problems, .. } = loaded(&dir, &[], &[]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!(config.hostname.as_deref(), Some("b"));
}

fn a_profile_changes_the_file() {
    let dir = written(&[
        ("base.toml", "[profiles.ci.limits]\npids = 3\n"),
        (
            "container.toml",
            "extends = [\"base.toml\"]\nhostname = \"${env:NOT_SET_ANYWHERE:-x}\"\n[profiles.ci]\nargs = [\"ci\"]\n[profiles.other]\nhostname = \"${env:NOT_SET_ANYWHERE}\"\n",
        ),
    ]);
    let Loaded { config, problems, .. } = loaded(&dir, &["ci"], &["limits.pids=4"]);
    assert!(problems.is_empty(), "{problems:?}");
    assert_eq!((config.args, config.limits.pids), (vec!["ci".to_owned()], Some(4)));
    assert!(loaded(&dir, &["other"], &[]).problems.contains(Code::EnvUnset));
}

fn an_unknown_profile_names_the_known_ones() {
    let dir = written(&[("container.toml", "[profiles.release]\nhostname = \"r\"\n")]);
    let loaded = loaded(&dir, &["relaese"], &[]);
    let picture = picture(&loaded);
    assert!(loaded.problems.contains(Code::ProfileUnknown) && picture.contains("did you mean `release`"), "{picture}");
}

fn what_does_not_exist_cannot_be_removed() {
    let dir = written(&[
        ("base.toml", "[[devices]]\npath = \"/dev/fuse\"\n[[mounts]]\ntarget = \"/a\"\ntype = \"tmpfs\"\n"),
        (
            "container.toml",
            "extends = [\"base.toml\"]\n[[devices]]\npath = \"/dev/fuse\"\nremove = true\n[[mounts]]\ntarget = \"/b\"\nremove = true\n",
        ),
    ]);
    let loaded = loaded(&dir, &[], &[]);
    assert!(loaded.config.devices.is_empty());
    assert_eq!(loaded.config.mounts.len(), 1);
    assert!(loaded.problems.contains(Code::RemoveNothing));
}

fn a_profile_that_is_not_chosen_is_checked_too() {
    let dir = written(&[("container.toml", "[profiles.ci]\nhostnam = \"r\"\n")]);
    let mut loaded = loaded(&dir, &[], &[]);
    assert!(loaded.problems.is_empty());
    loaded.check_profiles();
    assert!(loaded.problems.contains(Code::UnknownKey));
}

fn flags_reach_the_container() {
    let toml = "rootfs = \"{busybox}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", \"hostname\"]\n[profiles.p]\nhostname = \"profile\"\n";
    let launch = || Launch::new(toml).option("--profile").option("p");
    launch().run().exit(0).stdout("profile\n");
    launch().option("--set").option("hostname=flag").run().exit(0).stdout("flag\n");
}
