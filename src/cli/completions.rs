//! `launch completions SHELL`: a script that asks launch itself for what can stand next: files, keys, codes, profiles.

use super::exit::ExitCode;
use std::ffi::OsString;
use std::path::Path;

use clap::{Arg, Command, CommandFactory};

use super::args::{Cli, CompletionsWords, Shell};
use crate::config::{Value, keys};
use crate::diagnostics::CODES;
use crate::pipeline::load;

const BASH: &str = r#"_launch() {
  local IFS=$'\n' word="${COMP_WORDS[COMP_CWORD]}"
  COMPREPLY=($(launch completions bash --next -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2> /dev/null))
  [[ ${#COMPREPLY[@]} = 1 && ${COMPREPLY[0]} == *= ]] && compopt -o nospace
}
complete -o default -o bashdefault -F _launch launch
"#;
const ZSH: &str = r#"#compdef launch
_launch() {
  local -a found
  found=("${(@f)$(launch completions zsh --next -- "${(@)words[2,CURRENT]}" 2> /dev/null)}")
  compadd -Q -S '' -a found
  _files
}
compdef _launch launch
"#;
const FISH: &str = r"complete -c launch -a '(launch completions fish --next -- (commandline -opc)[2..] (commandline -ct) 2> /dev/null)'
";

/// Prints the script, or what can stand next.
pub(super) fn completions(words: &CompletionsWords) -> ExitCode {
    if words.next {
        for candidate in next(&words.words) {
            println!("{candidate}");
        }
        return ExitCode::SUCCESS;
    }
    print!(
        "{}",
        match words.shell {
            Shell::Bash => BASH,
            Shell::Zsh => ZSH,
            Shell::Fish => FISH,
        }
    );
    ExitCode::SUCCESS
}

/// What can stand in the place of the last word.
fn next(words: &[OsString]) -> Vec<String> {
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    let (current, before) = words.split_last().map_or(("", [].as_slice()), |(last, rest)| (last.as_str(), rest));
    let command = Cli::command();
    let sub = before.iter().find_map(|word| command.find_subcommand(word));
    let mut found = match before.last().map(String::as_str) {
        Some("--set") => keys().iter().map(|key| format!("{}=", key.path)).collect(),
        Some("--profile") => profiles(before),
        Some(option) if option.starts_with("--") && !values(&command, sub, option).is_empty() => {
            values(&command, sub, option)
        }
        _ if current.starts_with('-') => options(&command).chain(sub.into_iter().flat_map(options)).collect(),
        _ => operands(&command, sub),
    };
    found.retain(|word| word.starts_with(current));
    found.sort();
    found.dedup();
    found
}

fn operands(command: &Command, sub: Option<&Command>) -> Vec<String> {
    match sub.map(Command::get_name) {
        None => {
            let subs = command.get_subcommands().filter(|sub| !sub.is_hide_set());
            subs.map(|sub| sub.get_name().to_owned()).chain(files()).collect()
        }
        Some("explain") => {
            CODES.iter().map(ToString::to_string).chain(keys().into_iter().map(|key| key.path)).collect()
        }
        Some("man" | "completions") => {
            let values = sub.into_iter().flat_map(Command::get_positionals).flat_map(Arg::get_possible_values);
            values.map(|value| value.get_name().to_owned()).collect()
        }
        Some(_) => files().collect(),
    }
}

fn options(command: &Command) -> impl Iterator<Item = String> + '_ {
    command.get_arguments().filter_map(Arg::get_long).map(|long| format!("--{long}"))
}

fn values(command: &Command, sub: Option<&Command>, option: &str) -> Vec<String> {
    let arguments = command.get_arguments().chain(sub.into_iter().flat_map(Command::get_arguments));
    let named = arguments.filter(|argument| argument.get_long().is_some_and(|long| option[2..] == *long));
    named.flat_map(Arg::get_possible_values).map(|value| value.get_name().to_owned()).collect()
}

fn is_file(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "toml")
}

/// The files here that can be launched.
fn files() -> impl Iterator<Item = String> {
    let names = std::fs::read_dir(".").into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.map(|name| name.to_string_lossy().into_owned()).filter(|name| is_file(name))
}

/// The profiles of the file on the command line, or of container.toml.
fn profiles(before: &[String]) -> Vec<String> {
    let file = before.iter().find(|word| is_file(word)).map_or("container.toml", String::as_str);
    let loaded = load(file.as_ref(), Vec::new(), None);
    match loaded.tree.get("profiles").map(|entry| &entry.node.value) {
        Some(Value::Table(profiles)) => profiles.entries.iter().map(|entry| entry.name.clone()).collect(),
        _ => Vec::new(),
    }
}
