//! `command`, `args`, `cwd`, `name`: what is executed and where.

use std::os::unix::ffi::OsStrExt;

use super::{Action, Lowering, Phase, RawString};
use crate::config::At;
use crate::diagnostics::{Code, Problem};

/// Bytes that execve(2) takes in one string (MAX_ARG_STRLEN, 32 pages) and in all of argv and envp together, with the
/// default stack limit of 8 MiB (a quarter of it, getrlimit(2)).
const STRING_MAX: usize = 32 * 4096;

/// Returns the container's name.
pub(super) fn name(lowering: &mut Lowering) -> String {
    let Some(name) = &lowering.config.name else {
        return cleaned(&lowering.invocation.default_name);
    };
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.is_empty() || name.len() > 64 || !name.chars().all(allowed) || matches!(name.as_str(), "." | "..") {
        let suggestion = cleaned(name);
        lowering.problem(
            Problem::error(Code::NameInvalid, format!("`{name}` cannot be the name of a container"))
                .value(At::Key("name"), format!("{} bytes", name.len()))
                .help(format!("write 1 to 64 of A-Z a-z 0-9 . _ -, as in name = \"{suggestion}\"")),
        );
    }
    name.clone()
}

/// Makes a name of any text.
fn cleaned(text: &str) -> String {
    let mapped: String = text
        .chars()
        .take(64)
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') { c } else { '-' })
        .collect();
    if mapped.is_empty() || mapped.chars().all(|c| c == '.') { "container".to_owned() } else { mapped }
}

/// Plans the working directory and the command.
pub(super) fn lower(lowering: &mut Lowering, env: &[(String, RawString)]) {
    cwd(lowering);
    let Some(argv) = argv(lowering) else { return };
    check_strings(lowering, &argv);
    let Some(command) = argv.first().cloned() else { return };
    let candidates = candidates(&command, env);
    let action = Action::Exec { candidates, argv };
    if lowering.invocation.replace.is_some() {
        lowering.default(Phase::Exec, action);
    } else {
        lowering.written(At::Key("command"), Phase::Exec, action);
    }
}

fn cwd(lowering: &mut Lowering) {
    let written = lowering.config.cwd.as_deref();
    let path = written.unwrap_or("/");
    if !path.starts_with('/') {
        lowering.problem(
            Problem::error(Code::CwdRelative, format!("the working directory `{path}` is not absolute"))
                .value(At::Key("cwd"), "a path inside the root starts with /")
                .help(format!("write cwd = \"/{path}\"")),
        );
        return;
    }
    lowering.step(written.is_some(), "cwd", Phase::Directory, Action::SetCwd { path: path.to_owned() });
}

/// Returns argv: the command line's own where it gives one, else `command`, `args` and what the command line appends.
fn argv(lowering: &mut Lowering) -> Option<Vec<RawString>> {
    if let Some(replace) = &lowering.invocation.replace {
        return Some(replace.iter().cloned().map(RawString).collect());
    }
    let Some(command) = &lowering.config.command else {
        lowering.problem(
            Problem::error(Code::CommandMissing, "no command is given")
                .key(At::File, "this file names no `command`")
                .help("write `command = \"/bin/sh\"` at the top, or call `launch FILE -- COMMAND`"),
        );
        return None;
    };
    if command.is_empty() {
        lowering.problem(
            Problem::error(Code::CommandEmpty, "the command is empty")
                .value(At::Key("command"), "no program has this name")
                .help("write the path of a program inside the root, as command = \"/bin/sh\""),
        );
        return None;
    }
    if command.contains('/') && !command.starts_with('/') {
        lowering.problem(
            Problem::error(
                Code::CommandRelative,
                format!("the command `{command}` is neither absolute nor a plain name"),
            )
            .value(At::Key("command"), "which directory is meant is not said")
            .help(format!(
                "write an absolute path inside the root, as command = \"/{}\", or a name found through PATH",
                command.trim_start_matches("./")
            )),
        );
        return None;
    }
    if command.contains(char::is_whitespace) && lowering.config.args.is_empty() {
        let mut words = command.split_whitespace();
        let program = words.next().unwrap_or_default();
        let rest: Vec<String> = words.map(|word| format!("{word:?}")).collect();
        lowering.problem(
            Problem::warning(Code::CommandWithSpaces, format!("the command `{command}` holds a space"))
                .value(At::Key("command"), "taken as one program's name; no shell splits it")
                .help(format!("write command = \"{program}\" and args = [{}]", rest.join(", "))),
        );
    }
    let written = std::iter::once(command).chain(&lowering.config.args).map(|text| RawString::from(text.as_str()));
    Some(written.chain(lowering.invocation.args.iter().cloned().map(RawString)).collect())
}

/// Checks what execve(2) would refuse.
fn check_strings(lowering: &mut Lowering, argv: &[RawString]) {
    let from_file = lowering.invocation.replace.is_none();
    for (index, argument) in argv.iter().enumerate() {
        let at = match index.checked_sub(1) {
            None => At::Key("command"),
            Some(index) if from_file && index < lowering.config.args.len() => At::Item("args", index),
            Some(_) => At::Key("args"),
        };
        let bytes = argument.as_os_str().as_bytes();
        if bytes.contains(&0) {
            lowering.problem(nul(at));
        } else if bytes.len() >= STRING_MAX {
            lowering.problem(
                Problem::error(
                    Code::ArgumentTooLong,
                    format!("an argument is {} bytes, the kernel takes {}", bytes.len(), STRING_MAX - 1),
                )
                .value(at, "too long")
                .help("pass it by a file or standard input: execve(2), MAX_ARG_STRLEN"),
            );
        }
    }
}

/// The mistake of a NUL byte where the kernel takes a C string.
pub(super) fn nul(at: At) -> Problem {
    Problem::error(Code::NulByte, "a NUL byte cannot be passed to the kernel")
        .value(at, "the string ends at its first NUL byte for the kernel")
        .help("remove \\u0000 from the string")
}

/// Returns the paths that are tried for a command, as execvp(3) does with the container's PATH.
fn candidates(command: &RawString, env: &[(String, RawString)]) -> Vec<RawString> {
    if command.as_bytes().contains(&b'/') {
        return vec![command.clone()];
    }
    let path = env.iter().find(|(name, _)| name == "PATH").map(|(_, value)| value.as_bytes()).unwrap_or_default();
    path.split(|byte| *byte == b':')
        .filter(|directory| directory.starts_with(b"/"))
        .map(|directory| {
            let mut joined = std::ffi::OsString::from(std::ffi::OsStr::from_bytes(directory));
            joined.push("/");
            joined.push(command.as_os_str());
            RawString(joined)
        })
        .collect()
}
