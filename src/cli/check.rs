//! `launch check [FILES…]`: says everything that is wrong, and starts nothing.

use super::exit::ExitCode;
use std::path::{Path, PathBuf};

use super::args::{CheckWords, Format, Global};
use super::style;
use crate::diagnostics::{github, json, sarif_of_all};
use crate::pipeline::{EXIT_OWN, Loaded, load_with};

/// Checks files; 0 where none has an error, else 1.
pub(super) fn check(words: &CheckWords, global: &Global) -> ExitCode {
    let default = [PathBuf::from("container.toml")];
    let files = if words.files.is_empty() { &default } else { words.files.as_slice() };
    let mut failed = false;
    let mut all = Vec::with_capacity(files.len());
    for file in files {
        let loaded = match checked(file, words, global) {
            Ok(loaded) => loaded,
            Err(message) => {
                eprintln!("launch: {message}");
                return ExitCode::from(EXIT_OWN);
            }
        };
        failed |= loaded.problems.has_errors();
        show(&loaded, words.format, global);
        all.push(loaded);
    }
    if words.format == Format::Sarif {
        print!("{}", sarif_of_all(all.iter().map(|loaded| (&loaded.problems, &loaded.tree, &loaded.sources))));
    }
    ExitCode::from(u8::from(failed))
}

fn checked(file: &Path, words: &CheckWords, global: &Global) -> Result<Loaded, String> {
    let mut loaded = load_with(file, Vec::new(), None, &global.overrides());
    loaded.check_profiles();
    let host = super::host(&loaded, &words.host)?;
    loaded.plan(&host);
    Ok(loaded)
}

fn show(loaded: &Loaded, format: Format, global: &Global) {
    let form = match format {
        Format::Human => return style::show(loaded, global),
        Format::Json => json,
        Format::Github => github,
        // One log for all files, at the end.
        Format::Sarif => return,
    };
    print!("{}", form(&loaded.problems, &loaded.tree, &loaded.sources));
}
