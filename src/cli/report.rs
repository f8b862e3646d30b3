//! `--report FILE|fd:N`: where the report of a run goes.

use std::ffi::OsStr;
use std::io::Write;
use std::os::unix::ffi::OsStrExt;

use crate::pipeline::Report;

/// A place that is open before the run, so that a report that cannot be written is known before anything is started.
pub(super) struct Destination {
    opened: std::fs::File,
}

impl Destination {
    /// Opens a file, or takes a descriptor of the caller.
    ///
    /// # Errors
    /// In words, where there is no such descriptor or the file cannot be made.
    pub(super) fn open(words: &OsStr) -> Result<Destination, String> {
        let failed = |error: &std::io::Error| {
            format!("the report cannot be written to {:?}: {}", words.to_string_lossy(), crate::runtime::reason(error))
        };
        let opened = match words.as_bytes().strip_prefix(b"fd:") {
            Some(number) => {
                let number = std::str::from_utf8(number).ok().and_then(|number| number.parse::<u32>().ok());
                let number = number.ok_or_else(|| format!("`{}` is no descriptor", words.to_string_lossy()))?;
                crate::runtime::duplicate(number).map(std::fs::File::from)
            }
            None => std::fs::OpenOptions::new().write(true).create(true).truncate(true).open(words),
        };
        opened.map(|opened| Destination { opened }).map_err(|error| failed(&error))
    }

    /// Writes the report as one line of JSON.
    pub(super) fn write(mut self, report: &Report) {
        let text = serde_json::to_string(report).unwrap_or_default();
        if let Err(error) = writeln!(self.opened, "{text}") {
            eprintln!("launch: the report could not be written: {}", crate::runtime::reason(&error));
        }
    }
}
