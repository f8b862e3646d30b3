//! What came of a run, and what a test says about it.

use super::process::Ended;
use std::fmt::Write;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A finished run of `launch`; each assertion shows the whole of it when it fails.
pub(crate) struct Outcome {
    toml: String,
    command: String,
    dir: PathBuf,
    ended: Ended,
}

impl Outcome {
    #[track_caller]
    pub(crate) fn new(toml: String, command: String, dir: PathBuf, ended: Ended) -> Self {
        let outcome = Self { toml, command, dir, ended };
        outcome.check(outcome.ended.status.is_some(), "it did not end in time and was killed");
        outcome
    }

    #[track_caller]
    pub(crate) fn without_leftovers(self, left: &[String]) -> Self {
        self.check(left.is_empty(), &format!("it left behind:\n  {}", left.join("\n  ")));
        self
    }

    /// The exit status of `launch` itself.
    #[track_caller]
    pub(crate) fn exit(self, code: i32) -> Self {
        self.check(self.code() == Some(code), &format!("expected exit {code}"));
        self
    }

    /// `launch` itself was killed by this signal.
    #[track_caller]
    pub(crate) fn killed_by(self, signal: nix::sys::signal::Signal) -> Self {
        let status = self.ended.status.and_then(|status| status.signal());
        self.check(status == Some(signal as i32), &format!("expected death by {signal}"));
        self
    }

    /// The whole of stdout.
    #[track_caller]
    pub(crate) fn stdout(self, text: &str) -> Self {
        self.check(self.ended.stdout == text.as_bytes(), &format!("expected stdout {text:?}"));
        self
    }

    #[track_caller]
    pub(crate) fn stdout_contains(self, text: &str) -> Self {
        self.check(self.out().contains(text), &format!("expected {text:?} in stdout"));
        self
    }

    #[track_caller]
    pub(crate) fn stderr_contains(self, text: &str) -> Self {
        self.check(self.err().contains(text), &format!("expected {text:?} in stderr"));
        self
    }

    #[track_caller]
    pub(crate) fn stderr_lacks(self, text: &str) -> Self {
        self.check(!self.err().contains(text), &format!("expected no {text:?} in stderr"));
        self
    }

    /// Nothing on stderr.
    #[track_caller]
    pub(crate) fn quiet(self) -> Self {
        self.check(self.ended.stderr.is_empty(), "expected silence on stderr");
        self
    }

    #[track_caller]
    pub(crate) fn within(self, limit: Duration) -> Self {
        let limit = super::process::patience(limit);
        self.check(self.ended.duration <= limit, &format!("expected an end within {limit:?}"));
        self
    }

    /// A condition of the test's own, shown with the whole run where it does not hold.
    #[track_caller]
    pub(crate) fn check(&self, holds: bool, expected: &str) {
        assert!(holds, "{expected}\n{}", self.picture());
    }

    pub(crate) fn code(&self) -> Option<i32> {
        self.ended.status.and_then(|status| status.code())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.ended.stdout
    }

    pub(crate) fn out(&self) -> String {
        String::from_utf8_lossy(&self.ended.stdout).into_owned()
    }

    pub(crate) fn err(&self) -> String {
        String::from_utf8_lossy(&self.ended.stderr).into_owned()
    }

    pub(crate) fn duration(&self) -> Duration {
        self.ended.duration
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The file, the command line, how it ended, what it said.
    fn picture(&self) -> String {
        let mut text = String::from("--- container.toml\n");
        for (number, line) in (1..).zip(self.toml.lines()) {
            let _ = writeln!(text, "{number:3} | {line}");
        }
        let ended = self.ended.status.map_or_else(|| "killed".to_owned(), |status| status.to_string());
        let _ = writeln!(text, "--- {}\n{ended} after {:?}", self.command, self.ended.duration);
        let _ = write!(text, "--- stdout\n{}--- stderr\n{}---", shortened(&self.out()), shortened(&self.err()));
        text
    }
}

/// The first part of a long text; whole lines, ended by a line break.
fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(8000).collect();
    if short.len() < text.len() {
        short.push_str(" […]");
    }
    if !short.is_empty() && !short.ends_with('\n') {
        short.push('\n');
    }
    short
}
