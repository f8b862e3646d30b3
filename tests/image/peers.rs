//! Images made by other tools, unpacked by umoci as the reference: trees are compared entry by entry.

use super::faithful::shell;
use super::images::{oci, path};
use super::tree::{self, differences};
use crate::support::place::{Root, fresh_dir};
use crate::support::runner::tests;
use crate::support::{Need, needs};
use launch::runtime::image::{Options, Ownership, Source, Store, resolve};
use std::path::Path;

tests![umocis_layers_are_the_same_tree, skopeos_copies_are_the_same_tree];

const TOOLS: &[Need] =
    &[Need::Root, Need::Tool("umoci"), Need::Tool("skopeo"), Need::Tool("setfattr"), Need::Rootfs(Root::Debian)];

/// Makes the layout `image` with the image `:three` of three layers: a part of Debian, then changes of every kind.
pub(crate) fn make_image(dir: &Path) {
    let root = Root::Debian.path();
    shell(
        dir,
        &format!(
            r#"
            umoci init --layout image; umoci new --image image:one
            umoci unpack --image image:one bundle
            cp -a {root}/etc {root}/var {root}/bin {root}/dev bundle/rootfs/
            mkdir -p bundle/rootfs/usr/bin bundle/rootfs/old/deep; cp -a {root}/usr/bin/[a-e]* bundle/rootfs/usr/bin/
            echo 1 > bundle/rootfs/old/deep/file; echo 1 > bundle/rootfs/file; mkfifo bundle/rootfs/fifo
            mkdir bundle/rootfs/clear; echo 1 > bundle/rootfs/clear/lower
            ln -s usr/bin bundle/rootfs/link; ln bundle/rootfs/file bundle/rootfs/hard
            umoci repack --image image:one bundle; rm -rf bundle

            umoci unpack --image image:one bundle
            cd bundle/rootfs
            rm -rf etc/apt old usr/bin/awk; rm -f file; mkdir file; echo 2 > file/inside; rm -rf link; echo 2 > link
            rm -rf clear; mkdir clear; echo 2 > clear/upper
            chmod 4750 usr/bin/cat; chown 12:34 usr/bin/cat; chmod 1777 var/log; ln usr/bin/cat usr/bin/dog
            setfattr -n user.note -v hello usr/bin/chmod
            setfattr -n security.capability -v 0x0100000200200000000000000000000000000000 usr/bin/chown
            ln -s /absolute/nowhere dangling; echo odd > "$(printf 'odd \n\377')"
            truncate -s 3000000 sparse; touch -d '2001-02-03 04:05:06.789 UTC' sparse
            cd ../..
            umoci repack --image image:two bundle; rm -rf bundle

            mkdir insert insert/opt; echo 3 > insert/opt/three
            umoci insert --image image:two --tag three insert /inserted
            umoci insert --image image:three --whiteout /etc/passwd
            umoci config --image image:three --config.cmd /bin/bash --config.env A=b --config.workingdir /var
            "#,
            root = root.display()
        ),
    );
}

fn compare(dir: &Path, theirs: &Path, source: &Source) {
    let store = Store::open(dir.join("store")).unwrap();
    let found = resolve(source, &store, &Options::new(Ownership::Identity), &mut ()).unwrap();
    let different = differences(&tree::read(&path(&found)), &tree::read(theirs));
    assert!(different.is_empty(), "{source:?}:\n{}", different.join("\n"));
    assert_eq!((found.config.cmd, found.config.workdir.as_deref()), (vec!["/bin/bash".to_owned()], Some("/var")));
}

fn umocis_layers_are_the_same_tree() {
    needs(TOOLS);
    let dir = fresh_dir(None);
    make_image(&dir);
    shell(&dir, "umoci unpack --image image:three theirs");
    let source = Source::Oci { path: dir.join("image"), reference: Some("three".into()), platform: None };
    compare(&dir, &dir.join("theirs/rootfs"), &source);
}

fn skopeos_copies_are_the_same_tree() {
    needs(TOOLS);
    let dir = fresh_dir(None);
    make_image(&dir);
    shell(&dir, "umoci unpack --image image:three theirs");
    for (target, name) in [
        ("oci-archive:one.tar", "one.tar"),
        ("docker-archive:two.tar:name:tag", "two.tar"),
        ("--dest-compress-format zstd oci:zstd", "zstd"),
    ] {
        shell(&dir, &format!("skopeo --insecure-policy copy -q oci:image:three {target}"));
        compare(&dir, &dir.join("theirs/rootfs"), &oci(&dir.join(name)));
    }
}
