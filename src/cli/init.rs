//! `launch init`: writes a first container.toml.

use super::exit::ExitCode;
use std::io::Write;
use std::path::Path;

use super::args::{Global, InitWords};
use crate::pipeline::EXIT_OWN;

const SHELL: &str = r#"#:schema https://json.schemastore.org/launch-container.json

# A shell in a read-only root made from the host's own /usr. Run it with: launch
command = "/bin/sh"
args = ["-c", "echo hello from $(hostname), user $(id -u)"]
hostname = "hello"

[rootfs]
host = true

[limits]
pids = 64
memory = "256MiB"
"#;

/// Writes the file; one that is there already stays as it is.
pub(super) fn init(words: &InitWords, global: &Global) -> ExitCode {
    let file = words.file.as_deref().unwrap_or(Path::new("container.toml"));
    let written = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(file)
        .and_then(|mut opened| opened.write_all(SHELL.as_bytes()));
    match written {
        Ok(()) => {
            if !global.quiet {
                eprintln!("launch: wrote {}; run it with `launch {}`", file.display(), file.display());
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("launch: cannot write {}: {}", file.display(), crate::runtime::reason(&error));
            ExitCode::from(EXIT_OWN)
        }
    }
}
