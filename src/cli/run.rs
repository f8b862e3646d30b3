//! `launch [FILE] [ARGS…]`: runs a file. Quiet on success; standard output belongs to the command.

use super::exit::ExitCode;
use std::time::Instant;

use super::args::Run;
use super::report::Destination;
use super::{style, summary};
use crate::diagnostics::render_alone;
use crate::pipeline::{EXIT_OWN, Error, Loaded, Report, exit_code, load_with};
use crate::runtime::{Outcome, Watch};

/// Runs a file, and returns the command's exit code.
pub(super) fn run(run: Run) -> ExitCode {
    let begin = Instant::now();
    let destination = match run.global.report.as_deref().map(Destination::open).transpose() {
        Ok(destination) => destination,
        Err(message) => {
            eprintln!("launch: {message}");
            return ExitCode::from(EXIT_OWN);
        }
    };
    let mut loaded = load_with(&run.file, run.args, run.replace, &run.global.overrides());
    let watch = if destination.is_some() || run.global.verbose { Watch::Usage } else { Watch::Hits };
    let result = loaded.run(watch);
    let code = result.as_ref().map_or_else(|error| error.exit_code(), exit_code);
    if let Err(error) = &result {
        show_error(&loaded, *error, &run.global);
    }
    if let Some(destination) = destination {
        let wall_us = u64::try_from(begin.elapsed().as_micros()).unwrap_or(u64::MAX);
        destination.write(&Report::of(&loaded, result.as_ref().map_err(|error| *error), code, wall_us));
    }
    if let Ok(outcome) = &result {
        say(&loaded, outcome, &run.global, code, begin);
    }
    ExitCode::from(code)
}

fn say(loaded: &Loaded, outcome: &Outcome, global: &super::args::Global, code: u8, begin: Instant) {
    if !global.quiet {
        for remark in &loaded.remarks {
            eprintln!("launch: {remark}");
        }
    }
    if global.verbose {
        eprintln!("launch: {}", summary::line(code, begin.elapsed(), &outcome.usage));
    }
}

fn show_error(loaded: &Loaded, error: Error, global: &super::args::Global) {
    match error {
        Error::Invalid => style::show(loaded, global),
        Error::Failed(_) => {
            eprint!("{}", render_alone(&loaded.problems, &loaded.tree, &loaded.sources, style::style(global)));
        }
    }
}
