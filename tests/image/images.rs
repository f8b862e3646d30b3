//! Images on disk: layers with whiteouts, several platforms, lies in every place.

use super::faithful::shell;
use super::layout::{self, Layout, native};
use super::tarball::Tarball;
use super::tree::{self, differences};
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use crate::support::{Need, needs};
use launch::runtime::image::{self, Opaque, Options, Ownership, Resolved, Root, Source, Store, resolve};
use serde_json::json;
use std::fs;
use std::path::{Path, PathBuf};

tests![
    whiteouts_hide_what_lower_layers_have,
    whiteouts_that_hide_no_name_are_refused,
    layers_for_an_overlay_are_the_same_tree,
    layers_are_shared_between_images,
    an_entry_below_a_link_lands_behind_it,
    platforms_and_names_are_chosen,
    every_lie_is_found,
    foreign_layers_are_refused,
    the_configuration_is_handed_on,
    an_archive_is_read_where_it_lies,
    what_docker_saves_is_read,
    what_is_no_layout_says_so,
];

fn options() -> Options {
    let root = rustix::process::geteuid().is_root();
    Options::new(if root { Ownership::Identity } else { Ownership::Caller })
}

pub(crate) fn oci(path: &Path) -> Source {
    Source::Oci { path: path.to_owned(), reference: None, platform: None }
}

fn find(source: &Source, dir: &Path) -> Result<Resolved, String> {
    let store = Store::open(dir.join("store")).unwrap();
    let found = resolve(source, &store, &options(), &mut ()).map_err(|error| error.to_string());
    assert_eq!(store.verify().unwrap(), []);
    if found.is_err() && dir.join("store/tmp").exists() {
        assert_eq!(fs::read_dir(dir.join("store/tmp")).unwrap().count(), 0, "half a tree was left");
    }
    found
}

pub(crate) fn path(resolved: &Resolved) -> PathBuf {
    let Root::Tree(tree) = &resolved.root else { panic!("{resolved:?}") };
    tree.path().to_owned()
}

/// Unpacks an image of these layers, and returns the names of what is there, sorted.
fn names(layers: &[Vec<u8>]) -> String {
    let dir = fresh_dir(None);
    let layout = layout::of_layers(&dir, layers);
    let found = find(&oci(&layout.path), &dir).unwrap();
    let tree = tree::read(&path(&found));
    let names: Vec<_> = tree.keys().map(|name| name.to_str().unwrap()).filter(|name| !name.is_empty()).collect();
    names.join(" ")
}

fn base() -> Tarball {
    Tarball::new()
        .dir("d", 0o755)
        .file("d/a", "1")
        .file("d/b", "1")
        .dir("d/sub", 0o755)
        .file("d/sub/c", "1")
        .file("f", "1")
}

fn whiteouts_hide_what_lower_layers_have() {
    let over = |upper: Tarball| names(&[base().end(), upper.end()]);
    assert_eq!(over(Tarball::new().file("d/.wh.a", "")), "d d/b d/sub d/sub/c f");
    assert_eq!(over(Tarball::new().file(".wh.d", "")), "f");
    assert_eq!(over(Tarball::new().file("d/.wh.sub", "").file(".wh.f", "")), "d d/a d/b");
    assert_eq!(over(Tarball::new().file("d/.wh..wh..opq", "").file("d/n", "2")), "d d/n f");
    // What the same layer brings stays, whichever comes first.
    assert_eq!(over(Tarball::new().file("d/n", "2").file("d/.wh..wh..opq", "")), "d d/n f");
    assert_eq!(over(Tarball::new().file("d/a", "2").file("d/.wh.a", "")), "d d/a d/b d/sub d/sub/c f");
    assert_eq!(over(Tarball::new().file("d/.wh.a", "").file("d/a", "2")), "d d/a d/b d/sub d/sub/c f");
    assert_eq!(over(Tarball::new().file("d/sub/n", "2").file(".wh.d", "")), "d d/sub d/sub/n f");
    assert_eq!(over(Tarball::new().file(".wh.d", "").file("d/sub/n", "2")), "d d/sub d/sub/n f");
    // A directory takes the place of a file, and the other way round.
    assert_eq!(over(Tarball::new().dir("f", 0o755).file("f/x", "2").file("d", "2")), "d f f/x");
    // What is not there can be hidden; bookkeeping of aufs is no name.
    assert_eq!(
        over(Tarball::new().file("x/y/.wh.z", "").file(".wh..wh.plnk", "").file("f/.wh.x", "")),
        "d d/a d/b d/sub d/sub/c f"
    );
    // Through a link: the names behind it.
    let linked = Tarball::new().dir("usr/bin", 0o755).file("usr/bin/a", "").symlink("bin", "usr/bin").end();
    assert_eq!(names(&[linked, Tarball::new().file("bin/.wh.a", "").end()]), "bin usr usr/bin");
}

fn whiteouts_that_hide_no_name_are_refused() {
    for name in [".wh.", ".wh..", ".wh...", "d/.wh...", "d/.wh.."] {
        let dir = fresh_dir(None);
        fs::write(dir.join("outside"), "").unwrap();
        let layout = layout::of_layers(&dir, &[base().end(), Tarball::new().file(name, "").end()]);
        let error = find(&oci(&layout.path), &dir).expect_err(name);
        assert!(error.contains("layer 2: ") && error.contains("a whiteout that hides no name"), "{name}: {error}");
        assert!(dir.join("outside").exists());
    }
}

/// Layers with every kind of whiteout, and every order of it.
fn layers() -> Vec<Vec<u8>> {
    // A layer that changes something in a directory has an entry for that: of an overlay it hides the one below.
    let upper = || Tarball::new().dir("d", 0o755).dir("d/sub", 0o755);
    vec![
        base().dir("o", 0o750).file("o/old", "1").dir("again", 0o755).file("again/old", "1").file("kept", "1").end(),
        upper().file("d/.wh.a", "").file("o/new", "2").file("o/.wh..wh..opq", "").dir("o", 0o700).end(),
        upper().file(".wh.again", "").dir("again", 0o711).file("again/new", "3").file("d/sub/.wh.c", "").end(),
        upper()
            .file(".wh.nothing", "")
            .dir("f", 0o755)
            .file("f/in", "4")
            .file("x/y/z", "4")
            .hardlink("x/h", "x/y/z")
            .end(),
        upper().file(".wh.f", "").file("f/implied", "5").end(),
    ]
}

fn layers_for_an_overlay_are_the_same_tree() {
    needs(&[Need::Root]);
    for (opaque, option) in [(Opaque::Trusted, ""), (Opaque::User, ",userxattr")] {
        let dir = fresh_dir(None);
        let layout = layout::of_layers(&dir, &layers());
        let store = Store::open(dir.join("store")).unwrap();
        let whole = find(&oci(&layout.path), &dir).unwrap();
        let in_layers = Options { layout: image::Layout::Layers(opaque), ..options() };
        let apart = resolve(&oci(&layout.path), &store, &in_layers, &mut ()).unwrap();
        let Root::Layers(trees) = &apart.root else { panic!("{apart:?}") };
        let top_first: Vec<_> = trees.iter().rev().map(|tree| tree.path().to_str().unwrap()).collect();
        fs::create_dir(dir.join("merged")).unwrap();
        shell(&dir, &format!("mount -t overlay overlay -o ro,lowerdir={}{option} merged", top_first.join(":")));
        let mut merged = tree::read(&dir.join("merged"));
        shell(&dir, "umount merged");
        for entry in merged.values_mut() {
            entry.xattrs.retain(|name, _| !name.contains("overlay."));
        }
        // Directories that no entry describes have the time of the layer that they come from.
        let different = differences(&tree::read(&path(&whole)), &merged);
        assert!(different.is_empty(), "{opaque:?}:\n{}", different.join("\n"));
        assert_eq!(store.verify().unwrap(), []);
    }
}

fn layers_are_shared_between_images() {
    let dir = fresh_dir(None);
    let mut layout = Layout::new(dir.join("layout"));
    for (name, upper) in [("one", "1"), ("two", "2")] {
        let manifest = layout.manifest(&layout.image(&[base().end(), Tarball::new().file("upper", upper).end()]));
        layout.name(Some(name), manifest);
    }
    let store = Store::open(dir.join("store")).unwrap();
    let in_layers = Options { layout: image::Layout::Layers(Opaque::User), ..options() };
    let layers = |name: &str| {
        let source = Source::Oci { path: layout.path.clone(), reference: Some(name.into()), platform: None };
        let found = resolve(&source, &store, &in_layers, &mut ()).unwrap();
        let Root::Layers(trees) = &found.root else { panic!("{found:?}") };
        trees.iter().map(|tree| tree.path().to_owned()).collect::<Vec<_>>()
    };
    let (one, two) = (layers("one"), layers("two"));
    assert_eq!(one[0], two[0]);
    assert_ne!(one[1], two[1]);
}

fn an_entry_below_a_link_lands_behind_it() {
    let lower =
        Tarball::new().dir("usr", 0o755).dir("usr/lib", 0o755).symlink("lib", "/usr/lib").symlink("up", "../..").end();
    let upper = Tarball::new().file("lib/x", "").file("up/y", "").end();
    assert_eq!(names(&[lower, upper]), "lib up usr usr/lib usr/lib/x y");
}

fn platforms_and_names_are_chosen() {
    let dir = fresh_dir(None);
    let mut layout = Layout::new(dir.join("layout"));
    let other = if native() == "amd64" { "arm64" } else { "amd64" };
    let of = |architecture: &'static str, layout: &Layout| {
        let mut image = layout.image(&[Tarball::new().file(architecture, "").end()]);
        image.architecture = architecture;
        let mut manifest = layout.manifest(&image);
        manifest["platform"] = json!({"os": "linux", "architecture": architecture});
        manifest
    };
    let attestation = json!({"mediaType": layout::MANIFEST, "digest": format!("sha256:{}", "0".repeat(64)), "size": 7,
        "platform": {"os": "unknown", "architecture": "unknown"}});
    let inner = layout.index(&[attestation, of(other, &layout), of(native(), &layout)]);
    let outer = layout.index(&[inner]);
    layout.name(Some("registry.example/both:1.0"), outer);
    let lonely = of(other, &layout);
    layout.name(Some("lonely"), lonely);
    let find = |reference: Option<&str>, platform: Option<&str>| {
        let platform = platform.map(|text| text.parse().unwrap());
        let source = Source::Oci { path: layout.path.clone(), reference: reference.map(Into::into), platform };
        find(&source, &dir).map(|found| {
            fs::read_dir(path(&found)).unwrap().next().unwrap().unwrap().file_name().into_string().unwrap()
        })
    };
    assert_eq!(find(Some("registry.example/both:1.0"), None).as_deref(), Ok(native()));
    assert_eq!(find(Some("1.0"), None).as_deref(), Ok(native()));
    assert_eq!(find(Some("1.0"), Some(&format!("linux/{other}"))).as_deref(), Ok(other));
    let says = |result: Result<String, String>, reason: &str| {
        let error = result.expect_err("it was found");
        assert!(error.contains(reason), "{error}");
    };
    says(find(None, None), "there are several images; write `ref` = one of \"lonely\", \"registry.example/both:1.0\"");
    says(find(Some("2.0"), None), "no image has the ref \"2.0\"; there is \"lonely\", \"registry.example/both:1.0\"");
    says(find(Some("lonely"), None), &format!("the image is not for linux/{}, but for linux/{other}", native()));
    says(
        find(Some("1.0"), Some("linux/riscv64")),
        "the image is not for linux/riscv64, but for linux/amd64, linux/arm64",
    );
}

fn every_lie_is_found() {
    let layer = || base().end();
    let says = |reason: &str, change: &dyn Fn(&mut Layout)| {
        let dir = fresh_dir(None);
        let mut layout = Layout::new(dir.join("layout"));
        change(&mut layout);
        let error = find(&oci(&layout.path), &dir).expect_err(reason);
        assert!(error.contains(reason), "{error:?} does not say {reason:?}");
    };
    let name = |layout: &mut Layout, image: &layout::Image| {
        let manifest = layout.manifest(image);
        layout.name(None, manifest);
    };
    says("bytes, its descriptor says 3", &|layout| {
        let image = layout.image(&[layer()]).layer(0, |layer| layer["size"] = json!(3));
        name(layout, &image);
    });
    says("its descriptor says 999999", &|layout| {
        let image = layout.image(&[layer()]).layer(0, |layer| layer["size"] = json!(999_999));
        name(layout, &image);
    });
    // A flipped bit in a layer, which the decoder may find first: the blob is what is wrong.
    for at in [0, 1, 20, 60] {
        says("has the digest sha256:", &|layout| {
            let image = layout.image(&[layer()]);
            name(layout, &image);
            let blob = layout.blob(layout::GZIP, &super::tarball::gzip(&layer()));
            let mut bytes = fs::read(layout.blob_path(&blob)).unwrap();
            bytes[at] ^= 1;
            fs::write(layout.blob_path(&blob), bytes).unwrap();
        });
    }
    says("layer 1 unpacks to sha256:", &|layout| {
        let image = layout.image(&[layer()]).diff_ids(|ids| ids[0] = format!("sha256:{}", "1".repeat(64)));
        name(layout, &image);
    });
    says("the manifest has 1 layers, the image configuration 2", &|layout| {
        let image = layout.image(&[layer()]).diff_ids(|ids| ids.push(ids[0].clone()));
        name(layout, &image);
    });
    says("is missing", &|layout| {
        let image = layout.image(&[layer()]);
        name(layout, &image);
        let blob = layout.blob(layout::GZIP, &super::tarball::gzip(&layer()));
        fs::remove_file(layout.blob_path(&blob)).unwrap();
    });
    says("the blob sha256:", &|layout| {
        let manifest = layout.manifest(&layout.image(&[layer()]));
        fs::write(layout.blob_path(&manifest), "{}").unwrap();
        layout.name(None, manifest);
    });
    says("bytes; indexes, manifests and configurations may have 4 MiB", &|layout| {
        let mut manifest = layout.manifest(&layout.image(&[layer()]));
        manifest["size"] = json!(1u64 << 40);
        layout.name(None, manifest);
    });
    says("is not of the form sha256:…", &|layout| {
        let mut manifest = layout.manifest(&layout.image(&[layer()]));
        manifest["digest"] = json!(format!("sha512:{}", "0".repeat(128)));
        layout.name(None, manifest);
    });
    says("index index.json cannot be read", &|layout| {
        let mut manifest = layout.manifest(&layout.image(&[layer()]));
        manifest["digest"] = json!("sha256:../../../../etc/passwd");
        layout.name(None, manifest);
    });
    says("leads to more than 8 others", &|layout| {
        let mut inner = layout.manifest(&layout.image(&[layer()]));
        for _ in 0..10 {
            inner = layout.index(&[inner]);
        }
        layout.name(None, inner);
    });
}

fn foreign_layers_are_refused() {
    for (media_type, reason) in [
        ("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip", "fetched from elsewhere"),
        ("application/vnd.oci.image.layer.nondistributable.v1.tar+gzip", "fetched from elsewhere"),
        ("application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "encrypted"),
        ("application/vnd.cncf.helm.chart.content.v1.tar+gzip", "may be an artifact"),
    ] {
        let dir = fresh_dir(None);
        let mut layout = Layout::new(dir.join("layout"));
        let image =
            layout.image(&[base().end(), base().end()]).layer(1, |layer| layer["mediaType"] = json!(media_type));
        let manifest = layout.manifest(&image);
        layout.name(None, manifest);
        let error = find(&oci(&layout.path), &dir).expect_err(media_type);
        assert!(error.contains(&format!("layer 2 is of type {media_type:?}")) && error.contains(reason), "{error}");
    }
}

fn the_configuration_is_handed_on() {
    let dir = fresh_dir(None);
    let mut layout = Layout::new(dir.join("layout"));
    let mut image = layout.image(&[base().end()]);
    image.config = json!({"Entrypoint": ["/e", "x"], "Cmd": ["c"], "Env": ["A=b"], "User": "1:2", "WorkingDir": "/w", "StopSignal": "SIGINT"});
    let manifest = layout.manifest(&image);
    layout.name(None, manifest.clone());
    std::thread::sleep(std::time::Duration::from_millis(150));
    // The first reads the blobs; the second knows it.
    for _ in 0..2 {
        let found = find(&oci(&layout.path), &dir).unwrap();
        let config = &found.config;
        assert_eq!(
            (&config.entrypoint[..], &config.cmd[..]),
            (&["/e".to_owned(), "x".to_owned()][..], &["c".to_owned()][..])
        );
        assert_eq!((config.user.as_deref(), config.workdir.as_deref()), (Some("1:2"), Some("/w")));
        assert_eq!((config.env[0].as_str(), config.stop_signal.as_deref()), ("A=b", Some("SIGINT")));
        assert_eq!(found.digest.unwrap().to_string(), manifest["digest"].as_str().unwrap());
        fs::remove_dir_all(layout.path.join("blobs")).ok();
    }
}

fn an_archive_is_read_where_it_lies() {
    let dir = fresh_dir(None);
    let layout = layout::of_layers(&dir, &layers());
    let wanted = tree::read(&path(&find(&oci(&layout.path), &dir).unwrap()));
    shell(
        &dir,
        "tar -cf plain.tar -C layout . ; gzip -k plain.tar; tar -cf bare.tar -C layout blobs index.json oci-layout",
    );
    for name in ["plain.tar", "plain.tar.gz", "bare.tar"] {
        let other = fresh_dir(None);
        let found = find(&oci(&dir.join(name)), &other).unwrap();
        assert_eq!(differences(&tree::read(&path(&found)), &wanted), Vec::<String>::new());
        assert!(!other.join("store/blobs").exists(), "its blobs were copied");
    }
    let whole = fs::read(dir.join("plain.tar")).unwrap();
    fs::write(dir.join("cut.tar"), &whole[..whole.len() / 2]).unwrap();
    assert!(find(&oci(&dir.join("cut.tar")), &dir).unwrap_err().contains("truncated"));
}

fn what_docker_saves_is_read() {
    let dir = fresh_dir(None);
    let (lower, upper) = (base().end(), Tarball::new().file("d/.wh.a", "").file("n", "").end());
    let config = json!({"architecture": native(), "os": "linux", "config": {"Cmd": ["sh"], "Entrypoint": null},
        "rootfs": {"type": "layers", "diff_ids": [image::Digest::of(&lower).to_string(), image::Digest::of(&upper).to_string(), image::Digest::of(&lower).to_string()]}});
    let manifest = json!([{"Config": "c.json", "RepoTags": ["name:one", "name:two"], "Layers": ["1/layer.tar", "2/layer.tar", "3/layer.tar"]}]);
    fs::create_dir_all(dir.join("save/1")).unwrap();
    fs::create_dir_all(dir.join("save/2")).unwrap();
    fs::create_dir_all(dir.join("save/3")).unwrap();
    fs::write(dir.join("save/c.json"), config.to_string()).unwrap();
    fs::write(dir.join("save/manifest.json"), manifest.to_string()).unwrap();
    fs::write(dir.join("save/1/layer.tar"), lower).unwrap();
    fs::write(dir.join("save/2/layer.tar"), upper).unwrap();
    // Old versions of docker write a layer that comes twice as a link.
    std::os::unix::fs::symlink("../1/layer.tar", dir.join("save/3/layer.tar")).unwrap();
    shell(&dir, "tar -cf saved.tar -C save manifest.json c.json 3 1 2");
    let source = Source::Oci { path: dir.join("saved.tar"), reference: Some("two".into()), platform: None };
    let found = find(&source, &dir).unwrap();
    assert!(path(&found).join("d/a").exists() && path(&found).join("n").exists());
    assert_eq!(found.config.cmd, ["sh"]);
    let error = find(&oci(&dir.join("saved.tar")), &dir).unwrap_err();
    assert!(error.contains("one of \"name:one\", \"name:two\""), "{error}");
}

fn what_is_no_layout_says_so() {
    let dir = fresh_dir(None);
    let says = |path: &Path, reason: &str| {
        let error = find(&oci(path), &dir).expect_err(reason);
        assert!(error.contains(reason), "{error:?} does not say {reason:?}");
    };
    says(&dir.join("absent"), "No such file or directory");
    fs::create_dir(dir.join("empty")).unwrap();
    says(&dir.join("empty"), "is not an OCI image layout: there is no \"oci-layout\" in it");
    fs::write(dir.join("rootfs.tar"), base().end()).unwrap();
    says(&dir.join("rootfs.tar"), "is not an OCI image layout: there is no \"index.json\" in it");
    let layout = Layout::new(dir.join("new"));
    fs::write(layout.path.join("index.json"), "{}").unwrap();
    fs::write(layout.path.join("oci-layout"), r#"{"imageLayoutVersion":"2.0.0"}"#).unwrap();
    says(&layout.path, "of version \"2.0.0\", this program knows 1.x");
    fs::write(layout.path.join("oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
    fs::write(layout.path.join("index.json"), r#"{"schemaVersion":2,"manifests":[]}"#).unwrap();
    says(&layout.path, "there is no image in it");
}
