//! Pulling: from registries that break, lie, stall, redirect and refuse, and from a real one.

use super::child;
use super::faithful::shell;
use super::images::path;
use super::layout::{self, Layout, native};
use super::server::{Reply, Request, Server};
use super::tarball::Tarball;
use super::tree::{self, differences};
use crate::support::place::fresh_dir;
use crate::support::runner::tests;
use crate::support::{Need, needs};
use launch::runtime::image::registry::{Mirror, RegistryOptions};
use launch::runtime::image::{Options, Ownership, Resolved, Source, Store, resolve};
use serde_json::json;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

tests![
    an_image_is_pulled_once,
    a_dying_connection_is_resumed,
    a_registry_without_ranges_starts_again,
    one_that_always_dies_is_given_up,
    lies_about_digests_and_sizes_are_found,
    passing_refusals_are_waited_for,
    final_refusals_are_not_tried_again,
    a_trickle_is_given_up,
    redirects_lose_the_authorization,
    tokens_are_fetched_with_the_credentials_of_the_file,
    mirrors_are_asked_first,
    plain_http_only_when_written,
    layers_come_in_parallel,
    several_platforms,
    a_digest_is_found_without_asking,
    a_real_registry,
    a_real_registry_with_tls_and_a_password,
];

fn options(server: &Server) -> Options {
    let root = rustix::process::geteuid().is_root();
    let mut options = Options::new(if root { Ownership::Identity } else { Ownership::Caller });
    options.registry = RegistryOptions {
        insecure: vec![server.host.clone()],
        pause: Duration::from_millis(5),
        stall: Duration::from_millis(400),
        retries: 2,
        ..RegistryOptions::default()
    };
    options
}

fn source(server: &Server) -> Source {
    Source::Image { reference: format!("{}/some/image:tag", server.host).parse().unwrap(), platform: None }
}

fn pull_with(server: &Server, dir: &Path, change: impl FnOnce(&mut RegistryOptions)) -> Result<Resolved, String> {
    let store = Store::open(dir.join("store")).unwrap();
    let mut options = options(server);
    change(&mut options.registry);
    let found = resolve(&source(server), &store, &options, &mut ()).map_err(|error| error.to_string());
    assert_eq!(store.verify().unwrap(), []);
    if dir.join("store/tmp").exists() {
        assert_eq!(fs::read_dir(dir.join("store/tmp")).unwrap().count(), 0, "something half done was left");
    }
    found
}

fn pull(server: &Server, dir: &Path) -> Result<Resolved, String> {
    pull_with(server, dir, |_| ())
}

#[track_caller]
fn refused(server: &Server, reason: &str) {
    let error = pull(server, &fresh_dir(None)).expect_err("it was pulled");
    assert!(error.contains(reason), "{error:?} does not say {reason:?}");
}

/// A layout with one image of three layers, each of some size.
fn layout(dir: &Path) -> Layout {
    let noise = |seed: u32| {
        let mut state = seed;
        let letters = (0..100_000).map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from(state >> 28).unwrap())
        });
        letters.collect::<String>()
    };
    let layer = |number: u32| Tarball::new().file(&format!("file{number}"), &noise(number)).end();
    layout::of_layers(dir, &[layer(1), layer(2), layer(3)])
}

fn is_layer(request: &Request, reply: &Reply) -> bool {
    request.path.contains("/blobs/") && reply.body.len() > 1000
}

fn an_image_is_pulled_once() {
    let dir = fresh_dir(None);
    let server = Server::of(&layout(&dir), |_, reply| reply);
    let first = pull(&server, &dir).unwrap();
    assert_eq!(fs::read_dir(path(&first)).unwrap().count(), 3);
    assert_eq!(first.config.cmd, ["/bin/sh"]);
    let asked = server.log().len();
    assert_eq!(asked, 5, "manifest, configuration, three layers");
    let second = pull_with(&server, &dir, |options| options.offline = true).unwrap();
    assert_eq!((path(&first), first.digest), (path(&second), second.digest));
    assert_eq!(server.log().len(), asked, "a second launch asked the registry");
    // Looking again costs the manifest, and nothing that is there.
    pull_with(&server, &dir, |options| options.refresh = true).unwrap();
    assert_eq!(server.log().len(), asked + 1);
    let other = fresh_dir(None);
    let error = pull_with(&server, &other, |options| options.offline = true).unwrap_err();
    assert!(error.ends_with("the image is not in the store, and this launch is offline"), "{error}");
    // What the image needs stays as long as it is used; then it goes.
    let store = Store::open(dir.join("store")).unwrap();
    assert_eq!(store.gc(Duration::from_secs(60)).unwrap().blobs, 0);
    drop((first, second));
    let swept = super::store::clean_up(&store);
    assert_eq!((swept.blobs, swept.trees), (5, 1));
}

fn a_dying_connection_is_resumed() {
    let dir = fresh_dir(None);
    let server = Server::of(&layout(&dir), |request, reply| {
        let cut = Some(10_000).filter(|_| is_layer(request, &reply));
        Reply { cut, ..reply }
    });
    let found = pull(&server, &dir).unwrap();
    assert_eq!(fs::read_dir(path(&found)).unwrap().count(), 3);
    let ranges: Vec<_> =
        server.asked("/blobs/").iter().filter_map(|request| request.headers.get("range").cloned()).collect();
    assert!(ranges.contains(&"bytes=10000-".to_owned()) && ranges.contains(&"bytes=20000-".to_owned()), "{ranges:?}");
}

fn a_registry_without_ranges_starts_again() {
    let dir = fresh_dir(None);
    let layout = layout(&dir);
    let blobs = layout.path.join("blobs/sha256");
    let server = Server::of(&layout, move |request, mut reply| {
        if request.path.contains("/blobs/") {
            let name = request.path.rsplit("sha256:").next().unwrap();
            reply = Reply::new(200, &fs::read(blobs.join(name)).unwrap());
            reply.cut = Some(10_000).filter(|_| request.before == 0 && reply.body.len() > 10_000);
        }
        reply
    });
    assert_eq!(fs::read_dir(path(&pull(&server, &dir).unwrap())).unwrap().count(), 3);
    assert_eq!(server.asked("/blobs/").len(), 7);
}

fn one_that_always_dies_is_given_up() {
    let dir = fresh_dir(None);
    let server = Server::of(&layout(&dir), |request, reply| {
        let cut = Some(0).filter(|_| is_layer(request, &reply));
        Reply { cut, ..reply }
    });
    refused(&server, " bytes came: ");
    // Where nothing listens at all.
    let gone = Server::new(|_| Reply::new(200, b""));
    let host = gone.host.clone();
    drop(gone);
    let nobody = Source::Image { reference: format!("{host}/a").parse().unwrap(), platform: None };
    let mut options = options(&server);
    options.registry.insecure = vec![host.clone()];
    let store = Store::open(fresh_dir(None).join("store")).unwrap();
    let error = resolve(&nobody, &store, &options, &mut ()).unwrap_err().to_string();
    assert!(error.contains(&format!("{host}/a:latest: {host}: ")) && error.contains("refused"), "{error}");
}

fn lies_about_digests_and_sizes_are_found() {
    let dir = fresh_dir(None);
    let layout = layout(&dir);
    let with = |fault: fn(&Request, Reply) -> Reply| Server::of(&layout, fault);
    refused(
        &with(|request, mut reply| {
            if is_layer(request, &reply) {
                reply.body[5000] ^= 1;
            }
            reply
        }),
        " for sha256:",
    );
    refused(
        &with(|request, mut reply| {
            if is_layer(request, &reply) {
                reply.body.push(0);
            }
            reply
        }),
        "there are more of them",
    );
    // A tag whose manifest is not what the header says.
    refused(
        &with(|request, mut reply| {
            if request.path.ends_with("/manifests/tag") {
                reply.body.push(b'\n');
            }
            reply
        }),
        " for sha256:",
    );
    refused(
        &with(|request, reply| match request.path.contains("/manifests/") {
            true => Reply::new(200, b"<html>log in here</html>"),
            false => reply,
        }),
        "the manifest sha256:",
    );
    refused(
        &with(|request, reply| match request.path.contains("/manifests/") {
            true => Reply::new(200, &vec![b' '; 5 << 20]),
            false => reply,
        }),
        "which no manifest has",
    );
    // An honest tag, but the name has another digest.
    let server = with(|_, reply| reply);
    let pinned = format!("{}/some/image@sha256:{}", server.host, "1".repeat(64)).parse().unwrap();
    let store = Store::open(dir.join("other")).unwrap();
    let source = Source::Image { reference: pinned, platform: None };
    let error = resolve(&source, &store, &options(&server), &mut ()).unwrap_err().to_string();
    assert!(error.contains("404 (there is no such image)"), "{error}");
}

fn passing_refusals_are_waited_for() {
    let dir = fresh_dir(None);
    for status in [429, 500, 502, 503] {
        let server = Server::of(&layout(&dir), move |request, reply| match request.before {
            0 | 1 => Reply::new(status, b"later").header("retry-after", "0"),
            _ => reply,
        });
        pull(&server, &fresh_dir(None)).unwrap();
    }
    let server = Server::of(&layout(&dir), |request, reply| match request.before {
        0 if request.path.contains("manifests") => Reply::new(429, b"").header("retry-after", "1"),
        _ => reply,
    });
    let start = Instant::now();
    pull(&server, &fresh_dir(None)).unwrap();
    assert!(start.elapsed() >= Duration::from_secs(1), "Retry-After was not honoured: {:?}", start.elapsed());
}

fn final_refusals_are_not_tried_again() {
    let dir = fresh_dir(None);
    for (status, reason) in
        [(403, "403 (not allowed"), (404, "404 (there is no such image)"), (401, "401 (this needs other credentials")]
    {
        let server = Server::new(move |_| Reply::new(status, b""));
        refused(&server, reason);
        assert_eq!(server.log().len(), 1, "{status}");
    }
    let server = Server::of(&layout(&dir), |_, _| Reply::new(503, b""));
    refused(&server, "503 (the registry is in trouble)");
    assert_eq!(server.log().len(), 3, "the first attempt and two more");
    let server = Server::of(&layout(&dir), |_, _| Reply::new(429, b"").header("retry-after", "86400"));
    refused(&server, "asks to wait 86400 seconds before the next request");
    assert_eq!(server.log().len(), 1);
}

fn a_trickle_is_given_up() {
    let dir = fresh_dir(None);
    let layout = layout(&dir);
    let start = Instant::now();
    let server = Server::of(&layout, |request, reply| {
        let trickle = Some(Duration::from_millis(20)).filter(|_| is_layer(request, &reply));
        Reply { trickle, ..reply }
    });
    let error = pull_with(&server, &fresh_dir(None), |options| options.retries = 0).unwrap_err();
    assert!(error.contains(" bytes came in "), "{error}");
    // Nothing at all after the head.
    let server = Server::of(&layout, |request, reply| {
        let trickle = Some(Duration::from_secs(2)).filter(|_| is_layer(request, &reply));
        Reply { trickle, ..reply }
    });
    let error = pull_with(&server, &fresh_dir(None), |options| options.retries = 0).unwrap_err();
    assert!(error.to_lowercase().contains("timeout") || error.contains("timed out"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(15), "{:?}", start.elapsed());
}

fn redirects_lose_the_authorization() {
    let dir = fresh_dir(None);
    let layout = layout(&dir);
    let elsewhere = Server::of(&layout, |_, reply| reply);
    let target = elsewhere.host.clone();
    let auth = r#"Bearer realm="http://HOST/token",service="s""#;
    let own = Arc::new(Mutex::new(String::new()));
    let server = Server::of(&layout, {
        let own = Arc::clone(&own);
        move |request, reply| {
            let host = own.lock().unwrap().clone();
            if request.path.starts_with("/token") {
                return Reply::new(200, br#"{"token":"secret"}"#);
            }
            match request.headers.get("authorization").map(String::as_str) {
                Some("Bearer secret") if is_layer(request, &reply) => {
                    Reply::new(307, b"").header("location", format!("http://{target}{}", request.path))
                }
                Some("Bearer secret") => reply,
                _ => Reply::new(401, b"").header("www-authenticate", auth.replace("HOST", &host)),
            }
        }
    });
    own.lock().unwrap().clone_from(&server.host);
    let found = pull_with(&server, &dir, |options| options.insecure.push(elsewhere.host.clone())).unwrap();
    assert_eq!(fs::read_dir(path(&found)).unwrap().count(), 3);
    assert_eq!(elsewhere.log().len(), 3);
    let told = |request: &Request| request.headers.contains_key("authorization");
    assert!(!elsewhere.log().iter().any(told), "a token went to another host");
    assert_eq!(server.asked("/token")[0].path, "/token?service=s&scope=repository:some/image:pull");
    assert_eq!(server.asked("/token").len(), 1, "one token does for all requests");
    // In a circle, and to what is no registry.
    let circle = Server::new(|request| Reply::new(302, b"").header("location", request.path.clone()));
    refused(&circle, "too many redirects");
    let file = Server::new(|_| Reply::new(302, b"").header("location", "file:///etc/passwd"));
    refused(&file, "redirects to \"file:///etc/passwd\", which is not followed: it is no address");
}

fn tokens_are_fetched_with_the_credentials_of_the_file() {
    let dir = fresh_dir(None);
    let own = Arc::new(Mutex::new(String::new()));
    let server = Server::of(&layout(&dir), {
        let own = Arc::clone(&own);
        move |request, reply| {
            let authorization = request.headers.get("authorization").map(String::as_str);
            if request.path.starts_with("/token") {
                // user:pass in base64
                return match authorization {
                    Some("Basic dXNlcjpwYXNz") => Reply::new(200, br#"{"access_token":"t0ken"}"#),
                    _ => Reply::new(401, b""),
                };
            }
            let realm = format!("Bearer realm=\"http://{}/token\"", own.lock().unwrap());
            if authorization == Some("Bearer t0ken") {
                reply
            } else {
                Reply::new(401, b"").header("www-authenticate", realm)
            }
        }
    });
    own.lock().unwrap().clone_from(&server.host);
    let image = format!("{}/some/image:tag", server.host);
    let attempt = |config: &str, number: usize| {
        let config_dir = dir.join(format!("config{number}"));
        fs::create_dir(&config_dir).unwrap();
        fs::write(config_dir.join("config.json"), config.replace("HOST", &server.host)).unwrap();
        let mut command = child::pull(&image, &dir.join(format!("store{number}")), Some(&server.host));
        command.env("DOCKER_CONFIG", &config_dir).env_remove("REGISTRY_AUTH_FILE").env_remove("XDG_RUNTIME_DIR");
        let path = format!("{}:{}", dir.display(), std::env::var("PATH").unwrap());
        command.env("PATH", path).output().unwrap()
    };
    fs::write(dir.join("docker-credential-ours"), "#!/bin/sh\nread host; echo \"{\\\"ServerURL\\\":\\\"$host\\\",\\\"Username\\\":\\\"user\\\",\\\"Secret\\\":\\\"pass\\\"}\"\n").unwrap();
    shell(&dir, "chmod +x docker-credential-ours");
    let good = [
        r#"{"auths":{"HOST":{"auth":"dXNlcjpwYXNz"}}}"#,
        r#"{"credHelpers":{"HOST":"ours"}}"#,
        r#"{"credsStore":"ours"}"#,
    ];
    for (number, config) in good.iter().enumerate() {
        let output = attempt(config, number);
        assert!(output.status.success(), "{config}: {}", String::from_utf8_lossy(&output.stderr));
    }
    let bad = [
        (r#"{"auths":{"HOST":{"auth":"d3Jvbmc6d3Jvbmc="}}}"#, "401 (this needs other credentials"),
        ("{}", "401 (this needs other credentials"),
        (r#"{"auths":{"HOST":{"auth":"=="}}}"#, "is not the base64 of user:password"),
        (r#"{"credsStore":"absent"}"#, "docker-credential-absent: "),
        ("{", "config.json: EOF while parsing"),
    ];
    for (number, (config, reason)) in (10..).zip(bad) {
        let output = attempt(config, number);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && errors.contains(reason), "{config}: {errors}");
        assert!(!errors.contains("wrong:") && !errors.contains("pass\""), "a secret was printed: {errors}");
    }
}

fn mirrors_are_asked_first() {
    let dir = fresh_dir(None);
    let layout = layout(&dir);
    let origin = Server::of(&layout, |_, reply| reply);
    let mirror = Server::of(&layout, |_, reply| reply);
    let empty = Server::new(|_| Reply::new(404, b""));
    let of = |at: String| Mirror { of: origin.host.clone(), at };
    let through = |mirrors: Vec<Mirror>| {
        let insecure = [&origin, &mirror, &empty].map(|server| server.host.clone()).to_vec();
        pull_with(&origin, &fresh_dir(None), |options| (options.mirrors, options.insecure) = (mirrors, insecure))
            .unwrap();
    };
    through(vec![of(empty.host.clone()), of(format!("{}/cache/hub", mirror.host))]);
    assert_eq!((empty.log().len(), mirror.log().len(), origin.log().len()), (1, 5, 0));
    assert!(mirror.log()[0].path.starts_with("/v2/cache/hub/some/image/manifests/"));
    // No mirror has it: the registry itself does.
    through(vec![of(empty.host.clone()), Mirror { of: "docker.io".into(), at: mirror.host.clone() }]);
    assert_eq!((mirror.log().len(), origin.log().len()), (5, 5));
}

fn plain_http_only_when_written() {
    let server = Server::of(&layout(&fresh_dir(None)), |_, reply| reply);
    let error = pull_with(&server, &fresh_dir(None), |options| options.insecure.clear()).unwrap_err();
    assert!(error.contains("if it speaks plain HTTP, that has to be written down as `insecure`"), "{error}");
    assert!(!server.log().iter().any(|request| request.path.starts_with("/v2")), "it was asked all the same");
}

fn layers_come_in_parallel() {
    let dir = fresh_dir(None);
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let server = Server::of(&layout(&dir), {
        let (now, most) = (Arc::clone(&now), Arc::clone(&most));
        move |request, reply| {
            if is_layer(request, &reply) {
                most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                std::thread::sleep(Duration::from_millis(100));
                now.fetch_sub(1, Ordering::SeqCst);
            }
            reply
        }
    });
    pull(&server, &dir).unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 3);
    most.store(0, Ordering::SeqCst);
    pull_with(&server, &fresh_dir(None), |options| options.parallel = 1).unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 1);
}

/// A layout whose first entry is an index of two platforms.
fn two_platforms(dir: &Path) -> Layout {
    let mut layout = Layout::new(dir.join("layout"));
    let other = if native() == "amd64" { "arm64" } else { "amd64" };
    let manifests = [other, native()].map(|architecture| {
        let mut image = layout.image(&[Tarball::new().file(architecture, "").end()]);
        image.architecture = architecture;
        let mut manifest = layout.manifest(&image);
        manifest["platform"] = json!({"os": "linux", "architecture": architecture});
        manifest
    });
    let index = layout.index(&manifests);
    layout.name(None, index);
    layout
}

fn several_platforms() {
    let dir = fresh_dir(None);
    let server = Server::of(&two_platforms(&dir), |_, reply| reply);
    let found = pull(&server, &dir).unwrap();
    assert!(path(&found).join(native()).exists());
    assert_eq!(server.asked("/manifests/").len(), 2);
}

fn a_digest_is_found_without_asking() {
    let dir = fresh_dir(None);
    let layout = two_platforms(&dir);
    let server = Server::of(&layout, |_, reply| reply);
    let found = pull(&server, &dir).unwrap();
    let index: serde_json::Value = serde_json::from_slice(&fs::read(layout.path.join("index.json")).unwrap()).unwrap();
    let index = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let asked = server.log().len();
    // By the digest of the index, and of the manifest: neither was ever asked for by that name.
    for digest in [index, found.digest.unwrap().to_string()] {
        let reference = format!("{}/some/image@{digest}", server.host).parse().unwrap();
        let store = Store::open(dir.join("store")).unwrap();
        let mut options = options(&server);
        options.registry.offline = true;
        let again = resolve(&Source::Image { reference, platform: None }, &store, &options, &mut ()).unwrap();
        assert_eq!((path(&again), again.digest), (path(&found), found.digest));
    }
    assert_eq!(server.log().len(), asked);
}

/// Debian's docker-registry, on a free port of loopback.
struct Registry {
    child: Child,
    host: String,
}

impl Registry {
    fn start(dir: &Path, http: &str) -> Self {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let host = format!("127.0.0.1:{port}");
        let config = format!(
            "version: 0.1\nlog: {{level: error, accesslog: {{disabled: true}}}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp:\n  addr: {host}\n{http}",
            dir.join("registry").display()
        );
        fs::write(dir.join("registry.yml"), config).unwrap();
        let child = Command::new("docker-registry")
            .args(["serve", "registry.yml"])
            .current_dir(dir)
            .env("OTEL_TRACES_EXPORTER", "none")
            .stdout(Stdio::null())
            .stderr(fs::File::create(dir.join("registry.log")).unwrap())
            .spawn()
            .unwrap();
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(&host).is_err() {
            assert!(
                Instant::now() < deadline,
                "docker-registry: {}",
                fs::read_to_string(dir.join("registry.log")).unwrap()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Self { child, host }
    }
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TOOLS: &[Need] =
    &[Need::Root, Need::Tool("docker-registry"), Need::Tool("skopeo"), Need::Tool("umoci"), Need::Tool("setfattr")];

fn a_real_registry() {
    needs(TOOLS);
    let dir = fresh_dir(None);
    super::peers::make_image(&dir);
    shell(&dir, "umoci unpack --image image:three theirs");
    let registry = Registry::start(&dir, "");
    let host = &registry.host;
    shell(
        &dir,
        &format!("skopeo --insecure-policy copy -q --dest-tls-verify=false oci:image:three docker://{host}/debian:gz"),
    );
    shell(
        &dir,
        &format!(
            "skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-compress-format zstd --dest-force-compress-format oci:image:three docker://{host}/debian:zstd || skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-compress-format zstd oci:image:three docker://{host}/debian:zstd"
        ),
    );
    shell(
        &dir,
        &format!(
            "skopeo --insecure-policy copy -q --dest-tls-verify=false -f v2s2 oci:image:three docker://{host}/debian:docker"
        ),
    );
    let theirs = tree::read(&dir.join("theirs/rootfs"));
    for tag in ["gz", "zstd", "docker"] {
        let mut options = Options::new(Ownership::Identity);
        options.registry.insecure = vec![host.clone()];
        let source = Source::Image { reference: format!("{host}/debian:{tag}").parse().unwrap(), platform: None };
        let store = Store::open(dir.join(format!("store-{tag}"))).unwrap();
        let found = resolve(&source, &store, &options, &mut ()).unwrap();
        let different = differences(&tree::read(&path(&found)), &theirs);
        assert!(different.is_empty(), "{tag}:\n{}", different.join("\n"));
        assert_eq!(store.verify().unwrap(), []);
        let known = shell(
            &dir,
            &format!("skopeo inspect --tls-verify=false --format '{{{{.Digest}}}}' docker://{host}/debian:{tag}"),
        );
        assert_eq!(found.digest.unwrap().to_string(), known.trim());
    }
}

fn a_real_registry_with_tls_and_a_password() {
    needs(TOOLS);
    needs(&[Need::Tool("openssl"), Need::Tool("htpasswd")]);
    let dir = fresh_dir(None);
    layout(&dir);
    shell(
        &dir,
        "openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 2 -subj /CN=test-ca 2>/dev/null
         openssl req -newkey rsa:2048 -nodes -keyout key.pem -out csr.pem -subj /CN=127.0.0.1 2>/dev/null
         printf 'subjectAltName=IP:127.0.0.1\\nbasicConstraints=CA:FALSE\\n' > ext
         openssl x509 -req -in csr.pem -CA ca.pem -CAkey ca.key -CAcreateserial -days 2 -extfile ext -out cert.pem 2>/dev/null
         htpasswd -Bbn me hunter2 > htpasswd",
    );
    let registry = Registry::start(
        &dir,
        "  tls: {certificate: cert.pem, key: key.pem}\nauth: {htpasswd: {realm: basic, path: htpasswd}}\n",
    );
    let host = &registry.host;
    shell(
        &dir,
        &format!(
            "skopeo --insecure-policy copy -q --dest-tls-verify=false --dest-creds me:hunter2 oci:layout docker://{host}/a/b:1"
        ),
    );
    let attempt = |number: usize, ca: &str, auth: &str| {
        fs::write(dir.join("auth.json"), auth.replace("HOST", host)).unwrap();
        let mut command = child::pull(&format!("{host}/a/b:1"), &dir.join(format!("store{number}")), None);
        command.env("REGISTRY_AUTH_FILE", dir.join("auth.json")).env("SSL_CERT_FILE", ca);
        let output = command.output().unwrap();
        (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (ca, good) = (dir.join("ca.pem"), r#"{"auths":{"HOST":{"auth":"bWU6aHVudGVyMg=="}}}"#);
    let (done, errors) = attempt(1, ca.to_str().unwrap(), good);
    assert!(done, "{errors}");
    let (done, errors) = attempt(2, ca.to_str().unwrap(), "{}");
    assert!(!done && errors.contains("401 (this needs other credentials"), "{errors}");
    let (done, errors) = attempt(3, "", good);
    assert!(!done && errors.contains("UnknownIssuer"), "{errors}");
    let (done, errors) = attempt(4, "/dev/null", good);
    assert!(!done && errors.contains("there is no certificate in it"), "{errors}");
}
