//! The JSON schema of the file, generated from the types.

/// Returns the JSON schema (draft-07) of a `container.toml`.
pub fn schema() -> serde_json::Value {
    serde_json::Value::from(
        schemars::generate::SchemaSettings::draft07().into_generator().into_root_schema_for::<super::Config>(),
    )
}
