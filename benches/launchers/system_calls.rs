//! System calls of a command line by name, of all the processes that it starts, as `strace -f -c` counts them.

use std::collections::BTreeMap;
use std::fs;
use std::process::{Command, Stdio};

use crate::Result;
use crate::place::Place;
use crate::variant::find;

/// Runs the command line once; an error if it does not end with 0.
pub(crate) fn count(place: &Place, line: &[String]) -> Result<BTreeMap<String, u64>> {
    let strace = find("strace").ok_or("no strace: install the package strace")?;
    let out = place.scratch.join("strace");
    let mut command = Command::new(strace);
    command.args(["-f", "-c", "-o"]).arg(&out).args(line);
    run(place, command, line)?;
    let text = fs::read_to_string(&out).map_err(|e| format!("reading what strace wrote: {e}"))?;
    Ok(text.lines().filter_map(call).collect())
}

/// Runs a prepared command with the environment of the bench and without output.
pub(crate) fn run(place: &Place, mut command: Command, line: &[String]) -> Result<()> {
    let environment = place.environment();
    command.env_clear().envs(environment.iter().filter_map(|v| v.split_once('=')));
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{}: {status}", line.join(" "))),
        Err(e) => Err(format!("{}: {e}", line.join(" "))),
    }
}

/// `% time  seconds  usecs/call  calls  [errors]  name`; the head, the rules and the sum are no such line.
fn call(line: &str) -> Option<(String, u64)> {
    let words: Vec<&str> = line.split_whitespace().collect();
    words.first()?.parse::<f64>().ok()?;
    let name = words.last().filter(|name| **name != "total")?;
    Some(((*name).to_owned(), words.get(3)?.parse().ok()?))
}
