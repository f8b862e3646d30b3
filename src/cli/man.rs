//! `launch man [PAGE]`: the manual pages, from the same words as the help and the schema.

use super::exit::ExitCode;
use std::fmt::Write as _;

use clap::CommandFactory;

use super::args::{Cli, ManPage, ManWords};
use super::reference::{manual, roff};

/// Prints a page.
pub(super) fn man(words: &ManWords) -> ExitCode {
    match words.page {
        ManPage::Launch => print!("{}", launch()),
        ManPage::ContainerToml => print!("{}", manual()),
    }
    ExitCode::SUCCESS
}

/// launch(1).
fn launch() -> String {
    let command = Cli::command();
    let mut text = String::from(
        ".TH LAUNCH 1 \"\" launch\n.SH NAME\nlaunch \\- run a command in a container that a file describes\n.SH SYNOPSIS\n.nf\nlaunch [OPTIONS] [FILE] [ARGS...]\nlaunch [OPTIONS] [FILE] \\-\\- COMMAND [ARGS...]\nlaunch [OPTIONS] SUBCOMMAND ...\n.fi\n.SH DESCRIPTION\nRuns the command that FILE, by default container.toml, describes. ARGS are appended to its args; what follows \\-\\- takes the place of its command. A file whose name is a subcommand's is reached as ./NAME.\n.SH OPTIONS\n",
    );
    options(&mut text, &command);
    text.push_str(".SH SUBCOMMANDS\n");
    for sub in command.get_subcommands().filter(|sub| !sub.is_hide_set() && sub.get_name() != "help") {
        let about = sub.get_about().map(ToString::to_string).unwrap_or_default();
        let _ = writeln!(text, ".SS {}\n{}", roff(sub.get_name()), roff(&about));
        options(&mut text, sub);
    }
    text.push_str(
        ".SH EXIT STATUS\nThe command's own; 124 after its timeout; 125 for anything of launch's own, a wrong file included; 126 where the command cannot be executed; 127 where it is not there; 128+n where signal n killed it. check: 0 or 1.\n.SH ENVIRONMENT\n.TP\n.B NO_COLOR\nTurns colours off.\n.SH SEE ALSO\ncontainer.toml(5)\n",
    );
    text
}

fn options(text: &mut String, command: &clap::Command) {
    for argument in command.get_arguments().filter(|argument| !argument.is_hide_set()) {
        let help = argument.get_help().map(ToString::to_string).unwrap_or_default();
        let long = argument.get_long().map(|long| format!("\\-\\-{}", roff(long)));
        let short = argument.get_short().map(|short| format!("\\-{short}"));
        let mut names: Vec<String> = short.into_iter().chain(long).collect();
        if names.is_empty() {
            names.push(roff(argument.get_id().as_str()).to_uppercase());
        }
        let _ = writeln!(text, ".TP\n.B {}\n{}", names.join(", "), roff(&help));
    }
}
