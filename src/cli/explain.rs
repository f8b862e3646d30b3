//! `launch explain KEY|CODE`: what a key means, or why something is a mistake.

use super::exit::ExitCode;

use super::args::ExplainWords;
use crate::diagnostics::{CODES, suggest};
use crate::pipeline::EXIT_OWN;

/// Prints the explanation.
pub(super) fn explain(words: &ExplainWords) -> ExitCode {
    if let Some(code) = CODES.iter().find(|code| code.as_str() == words.what) {
        print!("{}", code.explanation());
        return ExitCode::SUCCESS;
    }
    let near = suggest(&words.what, CODES.iter().map(|code| code.as_str()));
    match near {
        Some(near) => eprintln!("launch: `{}` is no code; did you mean `{near}`?", words.what),
        None => eprintln!("launch: `{}` is no code of a mistake", words.what),
    }
    ExitCode::from(EXIT_OWN)
}
