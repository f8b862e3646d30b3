//! The test binary as another process: one that is killed while it unpacks, that is an ordinary user, or that has
//! another environment.

use launch::runtime::image::{IdRange, Options, Ownership, Root, Source, Store, resolve};
use std::path::Path;
use std::process::{Command, ExitCode};

const ARCHIVE: &str = "LAUNCH_TEST_RESOLVE_ARCHIVE";
const IMAGE: &str = "LAUNCH_TEST_RESOLVE_IMAGE";
const INSECURE: &str = "LAUNCH_TEST_RESOLVE_INSECURE";
/// The first subordinate id that files are to belong to.
pub(crate) const SUBORDINATE: &str = "LAUNCH_TEST_RESOLVE_SUBORDINATE";
/// Verifies and cleans up the store afterwards.
pub(crate) const CLEAN_UP: &str = "LAUNCH_TEST_RESOLVE_CLEAN_UP";
const STORE: &str = "LAUNCH_TEST_RESOLVE_STORE";

/// Does what a parent asked for by the environment: resolves a source, and prints where the tree is.
pub(crate) fn run() -> Option<ExitCode> {
    let source = match (std::env::var_os(ARCHIVE), std::env::var(IMAGE)) {
        (Some(path), _) => Source::Archive { path: path.into(), sha256: None },
        (None, Ok(name)) => Source::Image { reference: name.parse().unwrap(), platform: None },
        (None, Err(_)) => return None,
    };
    let mut options = Options::new(ownership());
    options.registry.insecure.extend(std::env::var(INSECURE));
    options.registry.retries = 0;
    let store = Store::open(std::env::var_os(STORE)?);
    let resolved = store.map_err(Into::into).and_then(|store| resolve(&source, &store, &options, &mut ()));
    match resolved {
        Ok(resolved) => {
            let Root::Tree(tree) = &resolved.root else { return Some(ExitCode::FAILURE) };
            println!("{}", tree.path().display());
            for note in &tree.notes {
                eprintln!("{note}");
            }
            if std::env::var_os(CLEAN_UP).is_some() {
                drop(resolved);
                let store = Store::open(std::env::var_os(STORE)?).unwrap();
                println!("{:?}", store.verify().unwrap());
                println!("{:?}", store.gc(std::time::Duration::ZERO).unwrap());
            }
            Some(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Some(ExitCode::FAILURE)
        }
    }
}

/// Root's files keep their owners; those of an ordinary user are his, or of ids that the parent names.
fn ownership() -> Ownership {
    let Ok(first) = std::env::var(SUBORDINATE) else {
        let root = rustix::process::geteuid().is_root();
        return if root { Ownership::Identity } else { Ownership::Caller };
    };
    let own = rustix::process::geteuid().as_raw();
    let range = |inside, outside, size| IdRange { inside, outside, size };
    let ranges = vec![range(0, own, 1), range(1, first.parse().unwrap(), 65535)];
    Ownership::Mapped { users: ranges.clone(), groups: ranges }
}

/// Makes the command for a process that unpacks an archive.
pub(crate) fn command(archive: &Path, store: &Path) -> Command {
    // Not `current_exe`: the ordinary user cannot reach the build folder, but /proc/self/exe needs no path.
    let mut command = Command::new("/proc/self/exe");
    command.env(ARCHIVE, archive).env(STORE, store);
    command
}

/// Makes the command for one that pulls.
pub(crate) fn pull(image: &str, store: &Path, insecure: Option<&str>) -> Command {
    let mut command = Command::new("/proc/self/exe");
    command.env(IMAGE, image).env(STORE, store).envs(insecure.map(|host| (INSECURE, host)));
    command
}
