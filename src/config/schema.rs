//! The JSON schema of the file, for editors: generated from the types, in the form that taplo and tombi both read well.
//!
//! Draft-07 without references and without `null`, which TOML cannot write.

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value, json};

use super::Config;

/// The JSON schema (draft-07) of a `container.toml`, as text: what `schema/container.schema.json` holds.
pub fn schema_text() -> String {
    format!("{:#}\n", schema())
}

/// The JSON schema (draft-07) of a `container.toml`.
pub fn schema() -> Value {
    let mut schema = schema_of::<Config>();
    if let Some(root) = schema.as_object_mut() {
        root.insert("$id".into(), json!("container.schema.json"));
        root.insert("title".into(), json!("container.toml"));
        // Tombi reads TOML 1.0 unless it is told; the parser here reads 1.1.
        root.insert("x-tombi-toml-version".into(), json!("v1.1.0"));
    }
    for (table, keys) in REQUIRED {
        if let Some(Value::Object(table)) = schema.pointer_mut(table) {
            table.insert("required".into(), json!(keys));
        }
    }
    schema
}

/// Keys that their table cannot do without; in the types they are optional, so that the rest of the file is still read.
const REQUIRED: [(&str, &[&str]); 5] = [
    ("/properties/mounts/items", &["target"]),
    ("/properties/devices/items", &["path"]),
    ("/properties/limits/properties/io/items", &["device"]),
    ("/properties/userns/properties/uid_map/items", &["container", "host"]),
    ("/properties/userns/properties/gid_map/items", &["container", "host"]),
];

/// The schema of a type, in the same form.
fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().with(|settings| {
        settings.inline_subschemas = true;
        settings.transforms.push(Box::new(RecursiveTransform(plain)));
    });
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// Makes one schema plain: types without `null`, alternatives of words as one `enum`, no wrapping in a single `allOf`.
fn plain(schema: &mut Schema) {
    let Some(object) = schema.as_object_mut() else { return };
    drop_null(object);
    while unwrap_single(object) {}
    words(object);
}

/// `{ "allOf": [X] }` is X; says whether there was one.
fn unwrap_single(object: &mut Map<String, Value>) -> bool {
    let Some(Value::Array(list)) = object.get("allOf") else { return false };
    let [Value::Object(inner)] = list.as_slice() else { return false };
    let inner = inner.clone();
    object.remove("allOf");
    for (key, value) in inner {
        object.entry(key).or_insert(value);
    }
    true
}

/// `Option<T>` is T: a key that is not written is not there.
fn drop_null(object: &mut Map<String, Value>) {
    let is_null = |value: &Value| value == "null" || value.get("type").is_some_and(|kind| kind == "null");
    for list in ["type", "anyOf", "oneOf", "enum"] {
        let Some(Value::Array(values)) = object.get_mut(list) else { continue };
        values.retain(|value| !is_null(value) && !value.is_null());
        if values.len() == 1 && list != "enum" {
            let only = values.remove(0);
            object.remove(list);
            match only {
                Value::Object(inner) => inner.into_iter().for_each(|(key, value)| {
                    object.entry(key).or_insert(value);
                }),
                kind => drop(object.insert("type".into(), kind)),
            }
        }
    }
    if object.get("default").is_some_and(Value::is_null) {
        object.remove("default");
    }
}

/// Documented words are one `enum`, their texts beside it, which is where taplo looks for them.
fn words(object: &mut Map<String, Value>) {
    let Some(Value::Array(list)) = object.get("oneOf") else { return };
    let mut words = Vec::new();
    let mut texts = Vec::new();
    for branch in list {
        match (branch.get("const"), branch.get("enum")) {
            (Some(word @ Value::String(_)), _) => {
                words.push(word.clone());
                texts.push(branch.get("description").cloned().unwrap_or(Value::Null));
            }
            (None, Some(Value::Array(more))) if more.iter().all(Value::is_string) => {
                texts.extend(more.iter().map(|_| Value::Null));
                words.extend(more.iter().cloned());
            }
            _ => return,
        }
    }
    object.remove("oneOf");
    object.insert("type".into(), json!("string"));
    object.insert("enum".into(), words.into());
    object.insert("x-taplo".into(), json!({ "docs": { "enumValues": texts } }));
}
