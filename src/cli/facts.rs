//! `launch facts [FILE]`: what is known of this host, as JSON, for `launch check --host` elsewhere.

use std::path::{Path, PathBuf};

use super::args::FactsWords;
use super::exit::ExitCode;
use crate::pipeline::{Loaded, load};
use crate::plan::{Host, Questions, ideal};
use crate::runtime::probe;

/// Prints the facts; those about the paths that a file names too, where one is given.
pub(super) fn facts(words: &FactsWords) -> ExitCode {
    let questions =
        words.file.as_ref().map_or_else(Questions::default, |file: &PathBuf| load(file, Vec::new(), None).questions());
    println!("{}", serde_json::to_string_pretty(&probe(&questions)).unwrap_or_default());
    ExitCode::SUCCESS
}

/// Reads the facts of another machine. What lies at the paths of the file is known only where they were asked for there;
/// otherwise it is taken to be there.
pub(super) fn read(file: &Path, loaded: &Loaded) -> Result<Host, String> {
    let failed = |reason: String| format!("{:?} has no facts of a host: {reason}", file.display().to_string());
    let text = std::fs::read_to_string(file).map_err(|error| failed(crate::runtime::reason(&error)))?;
    let mut host: Host = serde_json::from_str(&text).map_err(|error| failed(error.to_string()))?;
    let assumed = ideal(&loaded.config, &loaded.questions(), &loaded.invocation.base);
    if host.paths.is_empty() && host.texts.is_empty() {
        (host.paths, host.texts, host.root) = (assumed.paths, assumed.texts, assumed.root);
    }
    Ok(host)
}
