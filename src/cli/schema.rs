//! `launch schema`: prints the JSON schema.

use super::exit::ExitCode;

use super::args::{SchemaOf, SchemaWords};

/// Prints a schema.
pub(super) fn schema(words: &SchemaWords) -> ExitCode {
    match words.of {
        // The checked-in file, which a test keeps equal to what the types say.
        SchemaOf::Config => print!("{}", include_str!("../../schema/container.schema.json")),
        SchemaOf::Report => print!("{}", crate::pipeline::report_schema()),
        SchemaOf::Plan => println!("{:#}", schemars::schema_for!(crate::plan::Plan).to_value()),
    }
    ExitCode::SUCCESS
}
