//! Archives that want out, want too much, or stop in the middle. Each is a clear error, or harmless; none leaves half a tree.

use super::tarball::{Head, Tarball, gzip, record};
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use crate::support::{Need, needs};
use launch::runtime::image::{Bounds, Options, Ownership, unpack_into};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

tests![
    names_that_climb_are_refused,
    absolute_names_mean_the_root_of_the_tree,
    links_do_not_lead_out,
    a_file_replaces_a_link_and_not_its_target,
    hard_links_stay_inside,
    devices_need_privilege_and_no_file_takes_their_place,
    a_directory_becomes_a_link_after_all,
    truncated_at_every_block,
    truncated_gzip_at_every_byte,
    a_flipped_bit_is_found,
    bounds_are_held,
    sizes_that_lie,
    sparse_maps_that_lie,
    a_bomb_is_refused,
    what_is_no_archive_says_so,
    ids_that_nobody_has,
    locked_directories_are_removed_after_an_error,
    names_cannot_talk_to_the_terminal,
];

/// The folder of one attempt: the archive, something outside that must not change, and the place for the tree.
struct Attempt {
    dir: PathBuf,
}

impl Attempt {
    fn new(archive: &[u8]) -> Self {
        let dir = fresh_dir(None);
        fs::write(dir.join("archive"), archive).unwrap();
        fs::create_dir(dir.join("outside")).unwrap();
        fs::write(dir.join("outside/file"), "untouched").unwrap();
        Self { dir }
    }

    fn tree(&self) -> PathBuf {
        self.dir.join("tree")
    }

    fn unpack(&self, options: &Options) -> Result<Vec<String>, String> {
        let unpacked = unpack_into(&self.dir.join("archive"), &self.tree(), options);
        assert_eq!(fs::read_to_string(self.dir.join("outside/file")).unwrap(), "untouched");
        assert_eq!(fs::read_dir(self.dir.join("outside")).unwrap().count(), 1, "something was written outside");
        match unpacked {
            Ok(notes) => Ok(notes.iter().map(ToString::to_string).collect()),
            Err(error) => {
                assert!(!self.tree().exists(), "half a tree was left after: {error}");
                Err(error.to_string())
            }
        }
    }
}

fn options() -> Options {
    let root = rustix::process::geteuid().is_root();
    Options::new(if root { Ownership::Identity } else { Ownership::Caller })
}

fn unpack(archive: &[u8]) -> (Attempt, Result<Vec<String>, String>) {
    let attempt = Attempt::new(archive);
    let result = attempt.unpack(&options());
    (attempt, result)
}

#[track_caller]
fn refused(archive: &[u8], reason: &str) {
    let error = unpack(archive).1.expect_err("it was unpacked");
    assert!(error.contains(reason), "{error:?} does not say {reason:?}");
}

#[track_caller]
fn taken(archive: &[u8]) -> Attempt {
    let (attempt, result) = unpack(archive);
    result.unwrap();
    attempt
}

fn names_that_climb_are_refused() {
    for name in ["../outside/file", "a/../../outside/file", "..", "a/..", "/../outside/file", "./../outside/file"] {
        refused(&Tarball::new().file(name, "x").end(), "has a `..` in its name");
        refused(&Tarball::new().pax(&[("path", name.as_bytes())]).file("a", "x").end(), "has a `..` in its name");
        let long = Head { kind: b'L', name: b"././@LongLink", ..Head::default() };
        refused(&Tarball::new().put(&long, name.as_bytes()).file("a", "x").end(), "has a `..` in its name");
        refused(&Tarball::new().file("a", "x").hardlink("b", name).end(), "has a `..` in its name");
    }
    refused(&Tarball::new().pax(&[("path", b"a\0b")]).file("a", "x").end(), "NUL");
}

fn absolute_names_mean_the_root_of_the_tree() {
    let attempt = taken(&Tarball::new().file("/etc/passwd", "x").hardlink("/link", "/etc/passwd").end());
    assert_eq!(fs::read_to_string(attempt.tree().join("link")).unwrap(), "x");
}

fn links_do_not_lead_out() {
    // The names are relative to the tree, and absolute: both must end inside, or nowhere.
    let outside = fresh_dir(None);
    let absolute = outside.to_str().unwrap();
    for target in ["../outside", "../../../../../../../../..", "/", absolute, "/proc/self/cwd", "/proc/self/root"] {
        let archive = Tarball::new().symlink("link", target).file("link/file", "x").end();
        let (attempt, result) = unpack(&archive);
        assert_eq!(fs::symlink_metadata(outside.join("file")).ok().map(|found| found.size()), None);
        if result.is_ok() {
            assert!(attempt.tree().join("file").exists(), "{target}: neither inside nor an error");
        }
        let two = Tarball::new().symlink("a", target).symlink("a/b", "..").file("a/b/../file", "x").end();
        assert!(unpack(&two).1.is_err());
    }
    // A chain of links, each harmless alone.
    let chain =
        Tarball::new().dir("d", 0o755).symlink("d/up", "..").symlink("d/up/up", "..").file("d/up/up/outside/file", "x");
    let (attempt, result) = unpack(&chain.end());
    assert!(result.is_err() || attempt.tree().join("outside/file").exists());
    refused(&Tarball::new().symlink("a", "b").symlink("b", "a").file("a/x", "").end(), "is not a directory");
}

fn a_file_replaces_a_link_and_not_its_target() {
    let archive = Tarball::new().symlink("link", "../outside/file").file("link", "mine").end();
    let attempt = taken(&archive);
    assert_eq!(fs::read_to_string(attempt.tree().join("link")).unwrap(), "mine");
    // The same for attributes: a directory entry over a link to a directory.
    let archive = Tarball::new().symlink("link", "../outside").dir("link", 0o700).file("link/file", "mine").end();
    let attempt = taken(&archive);
    assert!(fs::symlink_metadata(attempt.tree().join("link")).unwrap().is_dir());
}

fn hard_links_stay_inside() {
    refused(&Tarball::new().hardlink("a", "/etc/passwd").end(), "cannot be linked");
    refused(&Tarball::new().symlink("out", "../outside").hardlink("a", "out/file").end(), "cannot be linked");
    refused(&Tarball::new().dir("d", 0o755).hardlink("a", "d").end(), "cannot be linked");
    refused(&Tarball::new().hardlink("a", ".").end(), "cannot be linked");
    refused(&Tarball::new().hardlink("a", "a").end(), "cannot be linked");
    // A link to a link is one to the link: writing through it is what must not happen.
    let archive = Tarball::new().symlink("s", "../outside/file").hardlink("h", "s").file("h", "mine").end();
    assert_eq!(fs::read_to_string(taken(&archive).tree().join("h")).unwrap(), "mine");
    let same = Tarball::new().file("a", "x").hardlink("a", "a").end();
    assert_eq!(fs::read_to_string(taken(&same).tree().join("a")).unwrap(), "x");
}

fn devices_need_privilege_and_no_file_takes_their_place() {
    let archive = Tarball::new().node(b'3', "null", (1, 3)).node(b'4', "disk", (7, 0)).node(b'6', "fifo", (0, 0)).end();
    let (attempt, notes) = unpack(&archive);
    let notes = notes.unwrap();
    let made = |name: &str| {
        fs::symlink_metadata(attempt.tree().join(name)).ok().map(|found| (found.mode() >> 12, found.rdev()))
    };
    assert_eq!(made("fifo"), Some((1, 0)));
    if notes.is_empty() {
        assert_eq!((made("null"), made("disk")), (Some((2, 0x103)), Some((6, 0x700))));
    } else {
        assert_eq!(notes[0], "\"null\": the device node 1:3 was left out");
        assert_eq!((made("null"), made("disk")), (None, None));
    }
}

fn a_directory_becomes_a_link_after_all() {
    // Attributes of directories are set last: not to what took a directory's place.
    let archive = Tarball::new().dir("d", 0o701).file("d/file", "x").symlink("d", "../outside").end();
    let attempt = taken(&archive);
    assert!(fs::symlink_metadata(attempt.tree().join("d")).unwrap().is_symlink());
    let mode = fs::metadata(attempt.dir.join("outside")).unwrap().mode();
    assert_ne!(mode & 0o777, 0o701);
}

/// One of each kind of entry, in an order where each may be the last.
fn one_of_each() -> Tarball {
    let mut map = Head { kind: b'S', name: b"sparse", size: 512, ..Head::default() }.block();
    map[257..265].copy_from_slice(b"ustar  \0");
    map[386..410].copy_from_slice(b"00000010000\x0000000001000\0");
    map[483..495].copy_from_slice(b"00000020000\0");
    super::tarball::seal(&mut map);
    let long = ["n".repeat(80), "m".repeat(80)].join("/");
    Tarball::new()
        .dir("d", 0o755)
        .file("d/file", &"x".repeat(1300))
        .symlink("d/link", "file")
        .hardlink("hard", "d/file")
        .put(&Head { kind: b'L', name: b"././@LongLink", ..Head::default() }, long.as_bytes())
        .dir("short", 0o755)
        .pax(&[("path", b"pax"), ("SCHILY.xattr.user.a", b"b"), ("mtime", b"1.5")])
        .file("short", "y")
        .raw(&map)
        .raw(&[b'z'; 512])
}

fn truncated_at_every_block() {
    let whole = one_of_each();
    taken(&whole.clone().end());
    let bytes = whole.cut();
    for end in (0..=bytes.len()).step_by(512) {
        let reason = if end == 0 { "empty" } else { "truncated" };
        refused(&bytes[..end], reason);
    }
    for end in (1..bytes.len()).step_by(509) {
        let error = unpack(&bytes[..end]).1.expect_err("it was unpacked");
        assert!(error.contains("truncated") || error.contains("not a tar archive"), "{end}: {error}");
    }
}

fn truncated_gzip_at_every_byte() {
    let bytes = gzip(&one_of_each().end());
    taken(&bytes);
    for end in 2..bytes.len() {
        assert!(unpack(&bytes[..end]).1.is_err(), "{end} of {} bytes were enough", bytes.len());
    }
}

fn a_flipped_bit_is_found() {
    // In a compressed archive the checksum covers all; what the decoder does not mind, it minds.
    let bytes = gzip(&one_of_each().end());
    let whole = super::tree::read(&taken(&bytes).tree());
    let mut found = 0;
    for at in 10..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 0x10;
        match unpack(&flipped) {
            (_, Err(_)) => found += 1,
            // A code that no byte uses, or a bit of padding.
            (attempt, Ok(_)) => assert_eq!(super::tree::read(&attempt.tree()), whole, "byte {at}"),
        }
    }
    assert!(found > bytes.len() * 8 / 10, "{found} of {}", bytes.len());
}

fn bounds_are_held() {
    let with = |bounds: Bounds, archive: &[u8]| {
        Attempt::new(archive).unpack(&Options { bounds, ..options() }).expect_err("it was unpacked")
    };
    let defaults = Bounds::default();
    let many = (0..20).fold(Tarball::new(), |tarball, number| tarball.file(&format!("f{number}"), "")).end();
    let error = with(Bounds { entries: 10, ..defaults }, &many);
    assert!(error.contains("\"f10\" is one more than the 10 entries"), "{error}");
    let error = with(Bounds { bytes: 4096, ..defaults }, &Tarball::new().file("big", &"x".repeat(8000)).end());
    assert!(error.contains("\"big\" makes the archive larger than 4096 bytes"), "{error}");
    let error = with(Bounds { depth: 3, ..defaults }, &Tarball::new().file("a/b/c/d/e", "").end());
    assert!(error.contains("\"a/b/c/d/e\" lies below more than 3 directories"), "{error}");
    let name = "n".repeat(90);
    let error = with(Bounds { name: 80, ..defaults }, &Tarball::new().file(&name, "").end());
    assert!(error.contains("name or link target of more than 80 bytes"), "{error}");
    let error =
        with(Bounds { header: 100, ..defaults }, &Tarball::new().pax(&[("comment", &[b'c'; 200])]).file("a", "").end());
    assert!(error.contains("extended headers of more than 100 bytes"), "{error}");
    // After the end mark as well.
    let error = with(Bounds { bytes: 4096, ..defaults }, &[Tarball::new().file("a", "").end(), vec![0; 8192]].concat());
    assert!(error.contains("larger than 4096 bytes"), "{error}");
    // The kernel's own bound on a component.
    refused(&Tarball::new().pax(&[("path", &[b'n'; 300])]).file("a", "").end(), "File name too long");
    let deep = "d/".repeat(2000);
    refused(&Tarball::new().pax(&[("path", deep.as_bytes())]).file("a", "").end(), "more than 256 directories");
}

fn sizes_that_lie() {
    refused(&Tarball::new().pax(&[("size", b"99999999999999")]).file("a", "x").end(), "truncated");
    refused(&Tarball::new().pax(&[("size", b"18446744073709551615")]).file("a", "x").end(), "malformed");
    refused(&Tarball::new().pax(&[("size", b"-1")]).file("a", "x").end(), "malformed");
    refused(&Tarball::new().pax(&[("size", b"1x")]).file("a", "x").end(), "malformed");
    refused(&Tarball::new().put(&Head { name: b"a", size: u64::MAX >> 1, ..Head::default() }, b"").end(), "truncated");
    refused(
        &Tarball::new().put(&Head { kind: b'x', name: b"a", size: 1 << 40, ..Head::default() }, b"").end(),
        "extended headers",
    );
    refused(
        &Tarball::new().put(&Head { kind: b'L', name: b"a", size: 1 << 40, ..Head::default() }, b"").end(),
        "extended headers",
    );
    // A PAX size of 0 over a header that says 512: the block after it is the next header, and no file's data.
    let smuggled = Head { name: b"../outside/file", ..Head::default() }.block();
    refused(
        &Tarball::new().pax(&[("size", b"0")]).put(&Head { name: b"a", ..Head::default() }, &smuggled).end(),
        "`..`",
    );
    // Records whose length lies.
    for data in [&b"9999 path=a\n"[..], b"3 path=a\n", b"path=a\n", b"11 path=../a\n"] {
        refused(
            &Tarball::new().put(&Head { kind: b'x', name: b"x", ..Head::default() }, data).file("a", "").end(),
            "malformed",
        );
    }
    // A link says how long its target is: there is no data after it.
    let archive = Tarball::new()
        .file("a", "x")
        .put(&Head { kind: b'1', name: b"b", link: b"a", size: 700, ..Head::default() }, b"");
    taken(&archive.file("c", "y").end());
}

fn sparse_maps_that_lie() {
    let pax = |records: &[(&str, &[u8])], data: &str| Tarball::new().pax(records).file("s", data).end();
    refused(&pax(&[("GNU.sparse.size", b"100"), ("GNU.sparse.map", b"0,1,0,1")], "xx"), "map of a sparse file");
    refused(&pax(&[("GNU.sparse.size", b"1"), ("GNU.sparse.map", b"5,2")], "xx"), "map of a sparse file");
    refused(
        &pax(&[("GNU.sparse.size", b"9"), ("GNU.sparse.map", b"18446744073709551615,2")], "xx"),
        "map of a sparse file",
    );
    refused(
        &pax(&[("GNU.sparse.size", b"9223372036854775807"), ("GNU.sparse.map", b"0,2")], "xx"),
        "sparse file of more than",
    );
    refused(
        &pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9")], "99999999999\n1\n"),
        "map of a sparse file",
    );
    refused(
        &pax(&[("GNU.sparse.major", b"1"), ("GNU.sparse.realsize", b"9")], &"1".repeat(512)),
        "map of a sparse file",
    );
    // A tebibyte of nothing is a file of no blocks.
    let attempt = taken(&pax(&[("GNU.sparse.size", b"1099511627776"), ("GNU.sparse.map", b"4096,2")], "xx"));
    let found = fs::metadata(attempt.tree().join("s")).unwrap();
    assert_eq!(found.size(), 1 << 40);
    assert!(found.blocks() < 100);
}

fn a_bomb_is_refused() {
    // 2 GiB of zeros: ten levels of what people send; the bound on the ratio looks at it after the first.
    let zeros = vec![0; 1 << 20];
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let head = Head { name: b"bomb", size: 2 << 30, ..Head::default() };
    std::io::Write::write_all(&mut encoder, &head.block()).unwrap();
    for _ in 0..2048 {
        std::io::Write::write_all(&mut encoder, &zeros).unwrap();
    }
    // The data of a comment would not even be written: bombs need no file.
    let attempt = Attempt::new(&encoder.finish().unwrap());
    let bounds = Bounds { ratio: 50, ..Bounds::default() };
    let error = attempt.unpack(&Options { bounds, ..options() }).expect_err("it was unpacked");
    assert!(error.contains("\"bomb\" unpacks to more than 50 times its packed size"), "{error}");
}

fn what_is_no_archive_says_so() {
    refused(b"", "the archive is empty");
    refused(b"#!/bin/sh\necho this is a script\n", "not a tar archive");
    refused(&[0x7f; 2048], "not a tar archive");
    refused(b"PK\x03\x04 and so on", "zip is not supported; the archive may be .tar, .tar.gz, .tar.zst or .tar.xz");
    refused(&gzip(b"#!/bin/sh\n"), "not a tar archive");
    refused(b"\x1f\x8b and no more", "invalid gzip header");
    let mut broken = Tarball::new().file("a", "x").file("b", "y").end();
    broken[1024] ^= 1;
    refused(&broken, "the header at byte 1024 (unpacked), after \"a\", has a wrong checksum");
    let volume = Tarball::new().put(&Head { kind: b'M', name: b"part", ..Head::default() }, b"").end();
    refused(&volume, "\"part\" is of type 'M', which is not supported");
}

fn ids_that_nobody_has() {
    needs(&[Need::Root]);
    refused(
        &Tarball::new().pax(&[("uid", b"4294967295")]).file("a", "").end(),
        "group 4294967295 is outside of the id map",
    );
    refused(
        &Tarball::new().pax(&[("gid", b"99999999999")]).file("a", "").end(),
        "group 99999999999 is outside of the id map",
    );
    let range = |outside| vec![launch::runtime::image::IdRange { inside: 0, outside, size: 10 }];
    let mapped = Options::new(Ownership::Mapped { users: range(200_000), groups: range(300_000) });
    let archive = |owner| Tarball::new().put(&Head { name: b"a", owner, mode: 0o6755, ..Head::default() }, b"").end();
    let attempt = Attempt::new(&archive((9, 1)));
    attempt.unpack(&mapped).unwrap();
    let found = fs::metadata(attempt.tree().join("a")).unwrap();
    assert_eq!((found.uid(), found.gid(), found.mode() & 0o7777), (200_009, 300_001, 0o6755));
    let error = Attempt::new(&archive((10, 0))).unpack(&mapped).unwrap_err();
    assert!(error.contains("\"a\": its owner or group 10 is outside of the id map"), "{error}");
}

fn locked_directories_are_removed_after_an_error() {
    let archive = Tarball::new().dir("a", 0).dir("a/b", 0).file("a/b/c", "x").dir("a", 0o555).file("..", "").end();
    refused(&archive, "`..`");
}

fn names_cannot_talk_to_the_terminal() {
    let name = "\x1b]0;owned\x07\n\r/..";
    let error = unpack(&Tarball::new().file(name, "").end()).1.unwrap_err();
    assert!(error.chars().all(|letter| !letter.is_control()), "{error:?}");
    assert_eq!(record("a", b"b"), b"6 a=b\n");
}
