//! `launch [FILE] [ARGS…]`: runs a file. Quiet on success; standard output belongs to the command.

use super::exit::ExitCode;
use std::time::Instant;

use super::args::Run;
use super::style;
use crate::diagnostics::render_alone;
use crate::pipeline::{Error, exit_code, load_with};

/// Runs a file, and returns the command's exit code.
pub(super) fn run(run: Run) -> ExitCode {
    let begin = Instant::now();
    let mut loaded = load_with(&run.file, run.args, run.replace, &run.global.overrides());
    match loaded.run() {
        Ok(outcome) => {
            if !run.global.quiet {
                for remark in &loaded.remarks {
                    eprintln!("launch: {remark}");
                }
            }
            let code = exit_code(&outcome);
            if run.global.verbose {
                eprintln!("launch: exit code {code} after {:.3} s", begin.elapsed().as_secs_f64());
            }
            ExitCode::from(code)
        }
        Err(error) => {
            match error {
                Error::Invalid => style::show(&loaded, &run.global),
                _ => eprint!(
                    "{}",
                    render_alone(&loaded.problems, &loaded.tree, &loaded.sources, style::style(&run.global))
                ),
            }
            ExitCode::from(error.exit_code())
        }
    }
}
