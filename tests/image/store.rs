//! The store: one tree for many launches, whole at any moment, whoever is killed.

use super::child;
use super::faithful::shell;
use super::tarball::Tarball;
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use launch::runtime::image::store::Swept;
use launch::runtime::image::{Digest, ImageError, Options, Ownership, Resolved, Root, Source, Store, resolve};
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

tests![
    a_second_launch_finds_the_tree,
    an_archive_that_changed_is_unpacked_again,
    a_wrong_digest_leaves_nothing,
    killed_at_any_moment,
    eight_at_once_make_one_tree,
    cleaning_up_spares_what_is_in_use,
    damage_is_found,
    a_power_cut_is_noticed_after_the_next_boot,
    a_shared_store_is_only_read,
    a_store_of_others_is_refused,
];

fn options() -> Options {
    let root = rustix::process::geteuid().is_root();
    Options::new(if root { Ownership::Identity } else { Ownership::Caller })
}

fn find(archive: &Path, store: &Store) -> Result<Resolved, ImageError> {
    resolve(&Source::Archive { path: archive.to_owned(), sha256: None }, store, &options(), &mut ())
}

fn tree(resolved: &Resolved) -> PathBuf {
    let Root::Tree(tree) = &resolved.root else { panic!("{resolved:?}") };
    tree.path().to_owned()
}

/// An archive with some files, old enough to be believed.
fn archive(dir: &Path, text: &str) -> PathBuf {
    let files = (0..50).fold(Tarball::new().dir("locked", 0), |tarball, number| {
        tarball.file(&format!("d{}/f{number}", number % 7), &text.repeat(1000))
    });
    let path = dir.join("archive.tar");
    fs::write(&path, files.end()).unwrap();
    std::thread::sleep(Duration::from_millis(150));
    path
}

fn a_second_launch_finds_the_tree() {
    let dir = fresh_dir(None);
    let path = archive(&dir, "a");
    let store = Store::open(dir.join("store")).unwrap();
    let first = find(&path, &store).unwrap();
    let made = fs::metadata(tree(&first)).unwrap();
    // Whatever happens to the archive's bytes, they are not read again: the second launch would fail on them.
    let second = find(&path, &store).unwrap();
    assert_eq!(tree(&first), tree(&second));
    assert_eq!(fs::metadata(tree(&second)).unwrap().ino(), made.ino());
    assert_eq!(first.digest, Some(Digest::of(&fs::read(&path).unwrap())));
    assert_eq!(store.verify().unwrap(), []);
    let listed = store.ls().unwrap();
    assert_eq!(
        (listed.len(), listed[0].bytes, &listed[0].trees[0]),
        (1, 50_000, &tree(&first).parent().unwrap().to_owned())
    );
}

fn an_archive_that_changed_is_unpacked_again() {
    let dir = fresh_dir(None);
    let store = Store::open(dir.join("store")).unwrap();
    let one = find(&archive(&dir, "a"), &store).unwrap();
    let two = find(&archive(&dir, "b"), &store).unwrap();
    assert_ne!((one.digest, tree(&one)), (two.digest, tree(&two)));
    assert_eq!(fs::read_to_string(tree(&two).join("d0/f0")).unwrap(), "b".repeat(1000));
    // Changed within the tick of a clock: the same size, the same times, and yet not believed.
    let path = dir.join("quick");
    for text in ["1", "2", "3", "4", "5"] {
        fs::write(&path, Tarball::new().file("f", text).end()).unwrap();
        let found = find(&path, &store).unwrap();
        assert_eq!(fs::read_to_string(tree(&found).join("f")).unwrap(), text);
    }
}

fn a_wrong_digest_leaves_nothing() {
    let dir = fresh_dir(None);
    let path = archive(&dir, "a");
    let store = Store::open(dir.join("store")).unwrap();
    let wrong = Source::Archive { path: path.clone(), sha256: Some(Digest::of(b"another")) };
    for _ in 0..2 {
        let error = resolve(&wrong, &store, &options(), &mut ()).unwrap_err().to_string();
        assert!(error.contains("and `sha256` says sha256:"), "{error}");
        assert_eq!(store.ls().unwrap(), []);
        assert_eq!(fs::read_dir(dir.join("store/tmp")).unwrap().count(), 0);
    }
    // Known under its right digest, it is still the wrong one for who wrote another.
    find(&path, &store).unwrap();
    assert!(resolve(&wrong, &store, &options(), &mut ()).is_err());
}

fn killed_at_any_moment() {
    let dir = fresh_dir(None);
    let path = archive(&dir, &"k".repeat(100));
    let store = dir.join("store");
    let whole = {
        let start = Instant::now();
        assert!(child::command(&path, &dir.join("calibration")).output().unwrap().status.success());
        start.elapsed()
    };
    let (mut killed, mut finished) = (0, 0);
    for round in 0..40u32 {
        let mut running = child::command(&path, &store).stdout(std::process::Stdio::null()).spawn().unwrap();
        // Spread over the whole run, and a little beyond it.
        std::thread::sleep(whole * round / 36);
        let _ = running.kill();
        if running.wait().unwrap().success() {
            finished += 1;
        } else {
            killed += 1;
        }
        let opened = Store::open(&store).unwrap();
        assert_eq!(opened.verify().unwrap(), [], "after round {round}");
        if round % 8 == 7 {
            // Whatever it was killed in, the next one finds or makes the whole tree, and clears up.
            let found = find(&path, &opened).unwrap();
            assert_eq!(fs::read_dir(tree(&found)).unwrap().count(), 8);
            assert_eq!(opened.verify().unwrap(), []);
            drop(found);
            opened.gc(Duration::ZERO).unwrap();
        }
    }
    assert!(killed > 5, "the test killed nobody: {killed} killed, {finished} finished, {whole:?} for one");
    let opened = Store::open(&store).unwrap();
    opened.gc(Duration::ZERO).unwrap();
    assert_eq!(shell(&store, "find . -type f ! -name lock | wc -l").trim(), "0", "something stayed in the store");
}

fn eight_at_once_make_one_tree() {
    let dir = fresh_dir(None);
    let path = archive(&dir, &"e".repeat(100));
    let store = dir.join("store");
    let running: Vec<_> =
        (0..8).map(|_| child::command(&path, &store).stdout(std::process::Stdio::piped()).spawn().unwrap()).collect();
    let mut trees: Vec<_> = running
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            assert!(output.status.success());
            output.stdout
        })
        .collect();
    trees.dedup();
    assert_eq!(trees.len(), 1);
    let opened = Store::open(&store).unwrap();
    assert_eq!(opened.verify().unwrap(), []);
    assert_eq!(opened.ls().unwrap().len(), 1);
    assert_eq!(fs::read_dir(store.join("tmp")).unwrap().count(), 0);
}

/// Removes everything. A process that another test starts right now holds our locks as well, until it executes its
/// program: that is waited for.
pub(crate) fn clean_up(store: &Store) -> Swept {
    let mut all = Swept::default();
    for _ in 0..100 {
        let swept = store.gc(Duration::ZERO).unwrap();
        (all.trees, all.blobs, all.bytes) = (all.trees + swept.trees, all.blobs + swept.blobs, all.bytes + swept.bytes);
        all.in_use = swept.in_use;
        if swept.in_use == 0 {
            break;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    all
}

fn cleaning_up_spares_what_is_in_use() {
    let dir = fresh_dir(None);
    let store = Store::open(dir.join("store")).unwrap();
    let held = find(&archive(&dir, "a"), &store).unwrap();
    let swept = store.gc(Duration::from_secs(3600)).unwrap();
    assert_eq!((swept.trees, swept.in_use, swept.sources.len()), (0, 0, 0));
    let swept = store.gc(Duration::ZERO).unwrap();
    assert_eq!((swept.trees, swept.in_use), (0, 1));
    assert!(tree(&held).join("d0/f0").exists());
    drop(held);
    let swept = clean_up(&store);
    assert_eq!((swept.trees, swept.in_use, swept.bytes), (1, 0, 50_000));
    assert_eq!(store.ls().unwrap(), []);
}

fn damage_is_found() {
    let dir = fresh_dir(None);
    let store = Store::open(dir.join("store")).unwrap();
    let held = find(&archive(&dir, "a"), &store).unwrap();
    let file = tree(&held).join("d0/f0");
    let before = fs::metadata(&file).unwrap();
    // The same size, and the time set back: only reading finds it.
    fs::write(&file, "b".repeat(1000)).unwrap();
    fs::File::options().write(true).open(&file).unwrap().set_modified(before.modified().unwrap()).unwrap();
    let damage = store.verify().unwrap();
    assert_eq!(damage.len(), 1);
    assert!(damage[0].to_string().contains("the tree is not what was unpacked"), "{}", damage[0]);
}

fn a_power_cut_is_noticed_after_the_next_boot() {
    let dir = fresh_dir(None);
    let path = archive(&dir, "a");
    let store = Store::open(dir.join("store")).unwrap();
    let found = tree(&find(&path, &store).unwrap());
    let entry = found.parent().unwrap().join("entry");
    let note = fs::read_to_string(&entry).unwrap();
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let earlier = note.replace(boot.trim_end(), "an earlier one");
    assert_ne!(note, earlier);
    // It survived: it is read once, and then known to be whole.
    fs::write(&entry, &earlier).unwrap();
    let inode = fs::metadata(&found).unwrap().ino();
    find(&path, &store).unwrap();
    assert_eq!(fs::metadata(&found).unwrap().ino(), inode);
    assert!(fs::read_to_string(&entry).unwrap().contains("\"boot\":null"));
    // What a power cut leaves: a name, and nothing in it; a note that is empty; a tree that is.
    let cut: [&dyn Fn(); 3] =
        [&|| fs::write(found.join("d0/f0"), "").unwrap(), &|| fs::write(&entry, "").unwrap(), &|| {
            fs::remove_dir_all(found.join("d1")).unwrap();
        }];
    for cut in cut {
        fs::write(&entry, &earlier).unwrap();
        cut();
        assert_eq!(tree(&find(&path, &store).unwrap()), found);
        assert_eq!(store.verify().unwrap(), []);
        assert_eq!(fs::read_to_string(found.join("d0/f0")).unwrap().len(), 1000);
    }
}

fn a_shared_store_is_only_read() {
    let dir = fresh_dir(None);
    let path = archive(&dir, "a");
    let shared = dir.join("shared");
    let made = tree(&find(&path, &Store::open(&shared).unwrap()).unwrap());
    let own = Store::open(dir.join("own")).unwrap().with_shared(&shared);
    let found = find(&path, &own).unwrap();
    assert_eq!(tree(&found), made);
    assert!(!dir.join("own").exists(), "nothing had to be stored, and yet a store was made");
}

fn a_store_of_others_is_refused() {
    let dir = fresh_dir(None);
    let store = dir.join("store");
    fs::create_dir(&store).unwrap();
    fs::set_permissions(&store, fs::Permissions::from_mode(0o777)).unwrap();
    let error = Store::open(&store).unwrap_err().to_string();
    assert!(error.contains("others may write") && error.contains("`chmod go-w` it"), "{error}");
    if rustix::process::geteuid().is_root() {
        fs::set_permissions(&store, fs::Permissions::from_mode(0o700)).unwrap();
        std::os::unix::fs::chown(&store, Some(1), None).unwrap();
        let error = Store::open(&store).unwrap_err().to_string();
        assert!(error.contains("belongs to user 1 and not to 0"), "{error}");
    }
}
