//! The test binary as another process: one that is killed while it unpacks, that is an ordinary user, or that has
//! another environment.

use launch::runtime::image::{Options, Ownership, Root, Source, Store, resolve};
use std::path::Path;
use std::process::{Command, ExitCode};

const ARCHIVE: &str = "LAUNCH_TEST_RESOLVE_ARCHIVE";
const IMAGE: &str = "LAUNCH_TEST_RESOLVE_IMAGE";
const INSECURE: &str = "LAUNCH_TEST_RESOLVE_INSECURE";
const STORE: &str = "LAUNCH_TEST_RESOLVE_STORE";

/// Does what a parent asked for by the environment: resolves a source, and prints where the tree is.
pub(crate) fn run() -> Option<ExitCode> {
    let source = match (std::env::var_os(ARCHIVE), std::env::var(IMAGE)) {
        (Some(path), _) => Source::Archive { path: path.into(), sha256: None },
        (None, Ok(name)) => Source::Image { reference: name.parse().unwrap(), platform: None },
        (None, Err(_)) => return None,
    };
    let root = rustix::process::geteuid().is_root();
    let mut options = Options::new(if root { Ownership::Identity } else { Ownership::Caller });
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
            Some(ExitCode::SUCCESS)
        }
        Err(error) => {
            eprintln!("{error}");
            Some(ExitCode::FAILURE)
        }
    }
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
