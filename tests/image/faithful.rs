//! Honest archives: what comes out is what tar(1) takes out of them, entry by entry.

use super::tree::{self, differences};
use crate::support::place::{Root, fresh_dir};
use crate::support::runner::tests;
use crate::support::{Need, needs};
use launch::runtime::image::{Options, Ownership, unpack_into};
use std::fs;
use std::path::Path;
use std::process::Command;

tests![
    every_format_of_tar,
    every_compression,
    a_whole_debian,
    a_tarball_of_busybox_as_one_user,
    a_tarball_for_subordinate_ids
];

/// Runs a shell script with `set -e`.
#[track_caller]
pub(crate) fn shell(directory: &Path, script: &str) -> String {
    let output = Command::new("sh").args(["-ec", script]).current_dir(directory).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{script}\n{errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A tree with one of everything that a root may have.
const EVERYTHING: &str = r#"
    mkdir -p tree/d/deep tree/ro tree/sticky tree/setgid
    printf hello > tree/d/file; chmod 4755 tree/d/file
    ln tree/d/file tree/hard; ln -s ../d/file tree/d/link; ln -s /absolute/nowhere tree/dangling
    ln tree/dangling tree/hardlink-to-link 2>/dev/null || cp -P tree/dangling tree/hardlink-to-link
    mkfifo -m 600 tree/fifo; mknod tree/null c 1 3; mknod tree/disk b 259 70000
    truncate -s 5000000 tree/sparse; printf x | dd of=tree/sparse bs=1 seek=3000000 conv=notrunc 2>/dev/null
    truncate -s 1000000 tree/all-hole
    chmod 555 tree/ro; chmod 1777 tree/sticky; chmod 2755 tree/setgid; chmod 000 tree/d/deep
    chown 1234:5678 tree/d/file tree/sticky; chown -h 42:43 tree/d/link; chown 0:7 tree/setgid
    long=$(printf 'x%.0s' $(seq 200)); mkdir -p "tree/$long/$long"; echo long > "tree/$long/$long/$long"
    ln -s "$long$long" tree/long-target
    printf odd > "$(printf 'tree/odd \n\t\001\377name')"
    touch -d '1969-12-31 23:59:58.25 UTC' tree/before; touch -d '2040-01-01 UTC' tree/after
    touch -d '2001-02-03 04:05:06.789 UTC' tree/d
    setfattr -n user.text -v "$(printf 'two\nlines=1')" tree/d/file; setfattr -n user.empty tree/d
    setcap cap_net_raw+ep tree/hard 2>/dev/null || setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/hard
    touch -d '2001-02-03 04:05:06.789 UTC' tree
"#;

fn compare(dir: &Path, archive: &str, ignore_fractions: bool) {
    unpack_into(&dir.join(archive), &dir.join("ours"), &Options::new(Ownership::Identity)).unwrap();
    shell(dir, &format!("mkdir theirs; tar --numeric-owner --xattrs --xattrs-include='*' -xpf {archive} -C theirs"));
    let (mut ours, mut theirs) = (tree::read(&dir.join("ours")), tree::read(&dir.join("theirs")));
    if ignore_fractions {
        ours.values_mut().chain(theirs.values_mut()).for_each(|entry| entry.mtime.1 = 0);
    }
    let different = differences(&ours, &theirs);
    assert!(different.is_empty(), "{archive}:\n{}", different.join("\n"));
    shell(dir, "rm -rf ours theirs");
}

fn every_format_of_tar() {
    needs(&[Need::Root, Need::Tool("setfattr")]);
    let dir = fresh_dir(None);
    shell(&dir, EVERYTHING);
    for (name, options) in [
        ("gnu", "--format=gnu"),
        ("gnu-sparse", "--format=gnu --sparse"),
        ("pax", "--format=pax --xattrs --xattrs-include=*"),
        ("pax-sparse-0.0", "--format=pax --sparse --sparse-version=0.0"),
        ("pax-sparse-0.1", "--format=pax --sparse --sparse-version=0.1"),
        ("pax-sparse-1.0", "--format=pax --sparse --sparse-version=1.0 --xattrs --xattrs-include=*"),
    ] {
        shell(&dir, &format!("tar {options} --numeric-owner -cf {name}.tar -C tree ."));
        compare(&dir, &format!("{name}.tar"), false);
    }
    // These cannot say everything: fractions, negative times, long names.
    shell(&dir, "rm -rf tree/xxx* tree/before tree/long-target");
    for name in ["ustar", "v7"] {
        let leave_out = if name == "v7" { "--exclude=./null --exclude=./disk --exclude=./fifo" } else { "" };
        shell(&dir, &format!("tar --format={name} {leave_out} --numeric-owner -cf {name}.tar -C tree . || [ $? = 2 ]"));
        compare(&dir, &format!("{name}.tar"), false);
    }
    shell(&dir, "chmod -R u+rwx tree");
}

fn every_compression() {
    needs(&[Need::Root, Need::Tool("zstd"), Need::Tool("xz")]);
    let dir = fresh_dir(None);
    let bytes =
        "mkdir tree; seq 200000 > tree/numbers; head -c 3000000 /dev/urandom > tree/noise; tar -cf plain.tar -C tree .";
    shell(&dir, bytes);
    shell(
        &dir,
        "gzip -k plain.tar; zstd -q -19 --long=27 plain.tar -o long.tar.zst; zstd -q -1 plain.tar; xz -k -6 -T2 --block-size=1MiB plain.tar",
    );
    // Several members, frames or streams in one file; names that say nothing.
    shell(
        &dir,
        "split -n 3 plain.tar part.; for f in part.a?; do gzip -c $f >> many-gz; zstd -q -c $f >> many-zst; xz -c $f >> many-xz; done",
    );
    for archive in
        ["plain.tar", "plain.tar.gz", "plain.tar.zst", "long.tar.zst", "plain.tar.xz", "many-gz", "many-zst", "many-xz"]
    {
        compare(&dir, archive, false);
        let whole = fs::read(dir.join(archive)).unwrap();
        fs::write(dir.join("cut"), &whole[..whole.len() - 3]).unwrap();
        let cut = unpack_into(&dir.join("cut"), &dir.join("half"), &Options::new(Ownership::Identity));
        // Three zero bytes less after the end mark of a plain archive are nothing to miss.
        assert_eq!(cut.is_err(), archive != "plain.tar", "{archive}");
        shell(&dir, "rm -rf half");
    }
}

fn a_whole_debian() {
    needs(&[Need::Root, Need::Rootfs(Root::Debian)]);
    let dir = fresh_dir(None);
    let root = Root::Debian.path();
    shell(
        &dir,
        &format!(
            "tar --format=pax --xattrs --xattrs-include='*' --numeric-owner -I 'gzip -1' -cf debian.tar.gz -C {} --exclude=./usr/lib/x86_64-linux-gnu --exclude=./usr/lib/gcc --exclude=./usr/lib/postgresql .",
            root.display()
        ),
    );
    compare(&dir, "debian.tar.gz", false);
}

fn a_tarball_of_busybox_as_one_user() {
    needs(&[Need::TestUser, Need::Root, Need::Rootfs(Root::Busybox)]);
    let user = crate::support::place::user().unwrap();
    let dir = fresh_dir(Some(user));
    let root = Root::Busybox.path();
    shell(
        &dir,
        &format!(
            "cp -a {} tree; mkdir tree/locked tree/own; mknod tree/null c 1 3; touch tree/locked/x tree/own/y; chown 5:5 tree/own; chmod 0 tree/locked",
            root.display()
        ),
    );
    shell(&dir, "tar -czf archive.tar.gz -C tree .; rm -rf tree");
    let mut command = super::child::command(&dir.join("archive.tar.gz"), &dir.join("store"));
    user.apply(&mut command);
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(errors.contains("\"null\": the device node 1:3 was left out"), "{errors}");
    assert!(errors.contains("entries belong to other users than root"), "{errors}");
    let tree = tree::read(Path::new(String::from_utf8(output.stdout).unwrap().trim_end()));
    assert!(tree.values().all(|entry| entry.owner == (user.uid, user.gid)));
    assert_eq!(tree[Path::new("locked")].mode, 0);
    assert!(tree.contains_key(Path::new("own/y")) && tree.contains_key(Path::new("bin/busybox")));
}

fn a_tarball_for_subordinate_ids() {
    needs(&[Need::Root, Need::SubordinateIds, Need::UserNamespaces, Need::Tool("setfattr")]);
    let user = crate::support::place::user().unwrap();
    let line = fs::read_to_string("/etc/subuid").unwrap();
    let line = line.lines().find(|line| line.starts_with(&format!("{}:", user.name))).unwrap().to_owned();
    let first: u32 = line.split(':').nth(1).unwrap().parse().unwrap();
    let dir = fresh_dir(Some(user));
    shell(
        &dir,
        "mkdir -p tree/locked tree/own; echo x > tree/own/file; chmod 4755 tree/own/file; chown -R 33:34 tree/own
         echo y > tree/locked/file; chmod 0600 tree/locked/file; chmod 0700 tree/locked; chown -R 7:0 tree/locked
         setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 tree/own/file
         tar --xattrs --xattrs-include='*' -czf archive.tar.gz -C tree .",
    );
    let command = |store: &str| {
        let mut command = super::child::command(&dir.join("archive.tar.gz"), &dir.join(store));
        user.apply(&mut command);
        command.env(super::child::SUBORDINATE, first.to_string());
        command
    };
    let run = |mut command: Command| {
        let output = command.output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{errors}");
        (String::from_utf8(output.stdout).unwrap(), errors)
    };
    let (out, notes) = run(command("store"));
    assert_eq!(notes, "");
    let ours = tree::read(Path::new(out.trim_end()));
    // As in the archive, each owner that many ids higher; root is the user himself.
    let mut theirs = tree::read(&dir.join("tree"));
    for entry in theirs.values_mut() {
        let outside = |id, own| if id == 0 { own } else { first + id - 1 };
        entry.owner = (outside(entry.owner.0, user.uid), outside(entry.owner.1, user.gid));
        if let Some(capability) = entry.xattrs.get_mut("security.capability") {
            // Of version 3: it counts in a namespace whose root is the user, and nowhere else.
            capability[3] = 3;
            capability.extend(user.uid.to_le_bytes());
        }
    }
    let different = differences(&ours, &theirs);
    assert!(different.is_empty(), "{}", different.join("\n"));
    // A second time it is there; and the user can verify and remove what is not his own.
    let (again, _) = run(command("store"));
    assert_eq!(again, out);
    let mut clean = command("store");
    clean.env(super::child::CLEAN_UP, "1");
    let (said, _) = run(clean);
    assert!(said.contains("\n[]\n") && said.contains("trees: 1"), "{said}");
    assert!(!Path::new(out.trim_end()).exists());
    // Ids that newuidmap does not give him.
    let mut foreign = command("other");
    foreign.env(super::child::SUBORDINATE, "1");
    let output = foreign.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && errors.starts_with("newuidmap: "), "{errors}");
}
