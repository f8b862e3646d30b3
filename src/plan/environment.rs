//! `env`, `env_pass`, `env_file`: the environment of the command.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;

use super::accounts::Account;
use super::{Lowering, RawString};
use crate::config::{At, EnvValue};
use crate::diagnostics::{Code, Problem};

/// Where commands are found when the file sets no PATH.
pub const DEFAULT_PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/// Bytes that execve(2) takes for argv and envp together: a quarter of the stack limit, at most 6 MiB (`bprm_stack_limits`).
const TOTAL_MAX: usize = 6 * 1024 * 1024;

/// Returns the environment, sorted by name: base, then `env_pass`, then `env_file`, then `env`.
pub(super) fn lower(
    lowering: &mut Lowering,
    account: &Account,
    tty: super::stdio::TtyPlan,
) -> Vec<(String, RawString)> {
    let mut env: BTreeMap<String, RawString> = BTreeMap::new();
    let mut set = |name: &str, value: RawString| env.insert(name.to_owned(), value);
    set("PATH", DEFAULT_PATH.into());
    set("HOME", account.home.as_str().into());
    set("container", "launch".into());
    if tty.wanted(lowering.host.terminal) {
        let term = lowering
            .host
            .env
            .iter()
            .find(|(name, _)| name == "TERM")
            .map_or("xterm".into(), |(_, term)| RawString(term.clone()));
        set("TERM", term);
    }
    pass(lowering, &mut env);
    files(lowering, &mut env);
    written(lowering, &mut env);
    let total: usize = env.iter().map(|(name, value)| name.len() + value.as_bytes().len() + 2).sum();
    if total > TOTAL_MAX {
        lowering.problem(
            Problem::error(
                Code::EnvironmentTooLarge,
                format!("the environment is {total} bytes, the kernel takes {TOTAL_MAX} with the arguments"),
            )
            .key(At::Key("env"), "too large")
            .help("pass large values by a file, as [[mounts]] with type = \"file\""),
        );
    }
    env.into_iter().collect()
}

/// Passes variables of the caller through.
fn pass(lowering: &mut Lowering, env: &mut BTreeMap<String, RawString>) {
    for (index, pattern) in lowering.config.env_pass.iter().enumerate() {
        if pattern.is_empty() || pattern.contains(['=', '\0']) {
            lowering.problem(invalid_name(pattern, At::Item("env_pass", index)));
            continue;
        }
        for (name, value) in &lowering.host.env {
            if let Some(name) = name.to_str().filter(|name| matches(pattern, name)) {
                env.insert(name.to_owned(), RawString(value.clone()));
            }
        }
    }
}

/// Says whether a name matches a pattern with `*` and `?`.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut p, mut n) = (0, 0);
    let mut retry: Option<(usize, usize)> = None;
    while n < name.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, n));
                p += 1;
            }
            Some(byte) if *byte == b'?' || name.get(n) == Some(byte) => {
                p += 1;
                n += 1;
            }
            _ => {
                let Some((star, from)) = retry else { return false };
                retry = Some((star, from + 1));
                (p, n) = (star + 1, from + 1);
            }
        }
    }
    pattern.get(p..).is_some_and(|rest| rest.iter().all(|byte| *byte == b'*'))
}

/// Reads `NAME=value` lines; empty lines and lines that begin with `#` are skipped.
fn files(lowering: &mut Lowering, env: &mut BTreeMap<String, RawString>) {
    for (index, file) in lowering.config.env_file.iter().enumerate() {
        let at = At::Item("env_file", index);
        let text = match lowering.host.texts.get(&lowering.absolute(file)) {
            Some(Ok(text)) => text,
            Some(Err(reason)) => {
                lowering.problem(unreadable(file, reason, at));
                continue;
            }
            None => {
                lowering.problem(unreadable(file, "it was not looked at", at));
                continue;
            }
        };
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            match line.strip_prefix("export ").unwrap_or(line).split_once('=') {
                Some((name, value)) if is_name(name) && !value.contains('\0') => {
                    env.insert(name.to_owned(), unquoted(value).into());
                }
                _ => lowering.problem(
                    Problem::error(Code::EnvFileLine, format!("line {} of `{file}` is not NAME=value", number + 1))
                        .value(at.clone(), "named here")
                        .help("write one NAME=value a line; lines that begin with # are comments"),
                ),
            }
        }
    }
}

/// Takes one pair of quotes away, as docker and systemd do.
fn unquoted(value: &str) -> &str {
    let value = value.trim_end();
    for quote in ['"', '\''] {
        if let Some(inner) = value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    value
}

fn unreadable(file: &str, reason: &str, at: At) -> Problem {
    Problem::error(Code::EnvFileUnreadable, format!("the environment file `{file}` cannot be read: {reason}"))
        .value(at, "relative to this file")
        .help("correct the path, or make the file readable for the caller")
}

fn written(lowering: &mut Lowering, env: &mut BTreeMap<String, RawString>) {
    for (name, value) in &lowering.config.env {
        let at = At::Entry("env", name.clone());
        if !is_name(name) {
            lowering.problem(invalid_name(name, at));
            continue;
        }
        match value {
            EnvValue::Unset => {
                env.remove(name);
            }
            EnvValue::Set(value) if value.contains('\0') => lowering.problem(super::process::nul(at)),
            EnvValue::Set(value) => {
                env.insert(name.clone(), value.as_str().into());
            }
        }
    }
}

/// Says whether a name can stand before `=` in an environment string.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !OsStr::new(name).as_bytes().iter().any(|byte| matches!(byte, b'=' | 0))
}

fn invalid_name(name: &str, at: At) -> Problem {
    Problem::error(Code::EnvNameInvalid, format!("{name:?} cannot be the name of an environment variable"))
        .key(at, "empty, or with = or NUL")
        .help("write a name as LANG, or a glob as LC_* in env_pass")
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn globs_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("LC_*", "LC_ALL", true),
            ("LC_*", "LANG", false),
            ("*", "", true),
            ("A?C", "ABC", true),
            ("*_*_X", "A_B_C_X", true),
            ("A", "AB", false),
        ] {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }
}
