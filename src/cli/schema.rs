//! `launch schema`: prints the JSON schema.

use std::process::ExitCode;

use super::args::{SchemaOf, SchemaWords};

/// Prints a schema.
pub(super) fn schema(words: &SchemaWords) -> ExitCode {
    let schema = match words.of {
        SchemaOf::Config => crate::config::schema(),
        SchemaOf::Plan => schemars::schema_for!(crate::plan::Plan).to_value(),
    };
    println!("{}", serde_json::to_string_pretty(&schema).unwrap_or_default());
    ExitCode::SUCCESS
}
