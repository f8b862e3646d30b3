//! The test binary as another process: one that is killed while it unpacks, or that is an ordinary user.

use launch::runtime::image::{Options, Ownership, Root, Source, Store, resolve};
use std::path::Path;
use std::process::{Command, ExitCode};

const ARCHIVE: &str = "LAUNCH_TEST_RESOLVE_ARCHIVE";
const STORE: &str = "LAUNCH_TEST_RESOLVE_STORE";

/// Does what a parent asked for by the environment: resolves an archive, and prints where the tree is.
pub(crate) fn run() -> Option<ExitCode> {
    let path = std::env::var_os(ARCHIVE)?.into();
    let store = Store::open(std::env::var_os(STORE)?);
    let ownership = if rustix::process::geteuid().is_root() { Ownership::Identity } else { Ownership::Caller };
    let source = Source::Archive { path, sha256: None };
    let resolved =
        store.map_err(Into::into).and_then(|store| resolve(&source, &store, &Options::new(ownership), &mut ()));
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

/// Makes the command for such a process.
pub(crate) fn command(archive: &Path, store: &Path) -> Command {
    // Not `current_exe`: the ordinary user cannot reach the build folder, but /proc/self/exe needs no path.
    let mut command = Command::new("/proc/self/exe");
    command.env(ARCHIVE, archive).env(STORE, store);
    command
}
