//! Attacks: each row of the classes that broke out of containers, tried here, as root and as an ordinary user.
//!
//! Each test shows that it can fail: a control runs the same attack where the defence is off, and sees it succeed.

mod command;
mod kernel;
mod proof;
mod rootfs;
mod services;

use crate::support::Launch;
use crate::support::needs::{Need, needs};
use crate::support::place;
use crate::support::runner::Test;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};

/// All topics' tests.
pub(crate) const TOPICS: &[&[Test]] = &[command::TESTS, kernel::TESTS, proof::TESTS, rootfs::TESTS, services::TESTS];

/// Compiles an attack of tests/escape/attacks into a static program, once.
fn attack(name: &str) -> PathBuf {
    static MADE: LazyLock<(PathBuf, Mutex<BTreeMap<String, PathBuf>>)> =
        LazyLock::new(|| (place::fresh_dir(None), Mutex::default()));
    needs(&[Need::Tool("cc")]);
    let mut made = MADE.1.lock().unwrap();
    let compile = || {
        let source = place::project(&format!("tests/escape/attacks/{name}.c"));
        let program = MADE.0.join(name);
        let status = Command::new("cc").args(["-static", "-O1", "-o"]).arg(&program).arg(source).status().unwrap();
        assert!(status.success(), "cc {name}.c");
        program
    };
    made.entry(name.to_owned()).or_insert_with(compile).clone()
}

/// Runs an attack as the command, in the busybox root, with more of the file: top-level keys first, then tables.
fn run_attack(name: &str, args: &[&str], more: &str) -> Launch {
    let program = attack(name);
    Launch::new(&format!(
        "rootfs = \"{{busybox}}\"\ncommand = \"/mnt/{name}\"\nargs = {args:?}\n{more}\n[[mounts]]\nsource = \"{}\"\ntarget = \"/mnt\"\n",
        program.parent().unwrap().display()
    ))
}

/// What a program of the host says on stdout, and whether it succeeded.
fn on_host(program: &Path, args: &[&str]) -> String {
    let output = Command::new(program).args(args).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Lets the attacker do what the default filter refuses, so that the wall behind it is tried alone.
const UNFILTERED: &str = "[security]\nseccomp = \"unconfined\"";
