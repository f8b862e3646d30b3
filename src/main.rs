//! The `launch` command.

use std::process::ExitCode;

fn main() -> ExitCode {
    launch::cli::main(std::env::args_os().collect())
}
