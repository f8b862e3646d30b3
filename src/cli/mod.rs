//! The command line: one file a subcommand, and the only place that prints.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the one layer that talks to people")]
#![allow(clippy::disallowed_methods, reason = "reads NO_COLOR and the terminal, writes what `init` is asked to write")]

mod args;
mod check;
mod completions;
mod diff;
mod doctor;
mod exit;
mod explain;
mod facts;
mod gc;
mod init;
mod man;
mod plan;
mod reference;
mod report;
mod run;
mod schema;
mod style;
mod summary;

use exit::ExitCode;
use std::ffi::OsString;

use clap::Parser;

use args::{Cli, Command};

pub use crate::runtime::prepare_streams;
pub use reference::markdown as reference;

/// Runs the command line; the first word is the program's own name.
pub fn main(words: Vec<OsString>) -> ExitCode {
    // `launch FILE …` is what scripts call a thousand times: it needs no parser.
    if let Some(run) = args::fast(&words) {
        return run::run(run);
    }
    match Cli::try_parse_from(args::with_run(words)) {
        Ok(cli) => dispatch(cli),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { crate::pipeline::EXIT_OWN } else { 0 })
        }
    }
}

/// The host that a file is judged on.
fn host(loaded: &crate::pipeline::Loaded, choice: &args::HostChoice) -> Result<crate::plan::Host, String> {
    Ok(match choice {
        args::HostChoice::This => crate::runtime::probe(&loaded.questions()),
        args::HostChoice::None => crate::plan::ideal(&loaded.config, &loaded.questions(), &loaded.invocation.base),
        args::HostChoice::Facts(file) => facts::read(file, loaded)?,
    })
}

fn dispatch(cli: Cli) -> ExitCode {
    let global = cli.global;
    if let Some(directory) = &global.directory
        && let Err(error) = std::env::set_current_dir(directory)
    {
        eprintln!("launch: cannot enter {:?}: {}", directory.display().to_string(), crate::runtime::reason(&error));
        return ExitCode::from(crate::pipeline::EXIT_OWN);
    }
    match cli.command {
        Command::Run(words) => run::run(args::Run::of(words, &global)),
        Command::Check(words) => check::check(&words, &global),
        Command::Plan(words) => plan::plan(&words, &global),
        Command::Schema(words) => schema::schema(&words),
        Command::Init(words) => init::init(&words, &global),
        Command::Explain(words) => explain::explain(&words),
        Command::Completions(words) => completions::completions(&words),
        Command::Diff(words) => diff::diff(&words, &global),
        Command::Man(words) => man::man(&words),
        Command::Doctor(words) => doctor::doctor(&words, &global),
        Command::Facts(words) => facts::facts(&words),
        Command::Gc => gc::gc(&global),
    }
}
