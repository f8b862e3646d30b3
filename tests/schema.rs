//! The JSON schema: fresh, free of what editors trip over, and of one mind with the parser about every sample file.

use crate::invalid::answered;
use crate::support::golden::golden;
use crate::support::needs::{Need, needs};
use crate::support::place::project;
use crate::support::runner::tests;
use launch::config::{schema, schema_text};
use launch::diagnostics::Code;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

tests![the_checked_in_schema_is_fresh, the_reference_is_fresh, editors_can_read_it, schema_and_parser_agree];

/// Mistakes that a schema can see. Whatever else `check` finds needs more than the shape of a file.
const SHAPE: &[Code] = &[Code::UnknownKey, Code::MisplacedKey, Code::UnknownValue, Code::WrongType, Code::MissingKey];

fn the_checked_in_schema_is_fresh() {
    golden(&project("schema/container.schema.json"), &schema_text());
    golden(&project("schema/report.schema.json"), &launch::pipeline::report_schema());
}

fn the_reference_is_fresh() {
    golden(&project("schema/REFERENCE.md"), &launch::cli::reference());
}

/// What taplo and tombi cannot use: references, alternatives, null.
fn editors_can_read_it() {
    let text = schema_text();
    for word in ["\"$ref\"", "\"anyOf\"", "\"oneOf\"", "\"allOf\"", "\"null\"", "\"definitions\""] {
        assert!(!text.contains(word), "{word} in the schema");
    }
    let mut bare = Vec::new();
    undescribed(&schema(), "", &mut bare);
    assert!(bare.is_empty(), "keys without a description: {bare:?}");
}

fn undescribed(schema: &Value, path: &str, bare: &mut Vec<String>) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{path}.{key}");
        if inner["description"].as_str().unwrap_or("").is_empty() {
            bare.push(path.clone());
        }
        undescribed(inner, &path, bare);
        undescribed(&inner["items"], &path, bare);
    }
}

/// Python's jsonschema is the judge: another hand than ours, and nothing to compile.
fn schema_and_parser_agree() {
    needs(&[Need::Tool("python3"), Need::Tool("jsonschema")]);
    let mut samples = BTreeMap::new();
    for file in samples_of_the_tree() {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        if let Ok(tree) = toml::from_str::<toml::Value>(&text) {
            samples.insert(file.display().to_string(), json!(tree));
        }
    }
    assert!(samples.len() > 5, "too few sample files");
    for (file, complaint) in verdicts(&samples) {
        let loaded = answered(PathBuf::from(&file).as_path());
        let shape = loaded.problems.iter().find(|problem| SHAPE.contains(&problem.code));
        let wrong = loaded.problems.has_errors();
        if let (Some(problem), None) = (shape, &complaint) {
            panic!("{file}: the schema takes what the parser refuses: {}", problem.message);
        }
        if let (Some(complaint), false) = (complaint, wrong) {
            panic!("{file}: the parser takes what the schema refuses: {complaint}");
        }
    }
}

fn samples_of_the_tree() -> Vec<PathBuf> {
    let folders = ["examples", "tests/invalid", "tests/valid"].map(project);
    let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.extension().is_some_and(|ext| ext == "toml")).collect()
}

/// For each sample what the judge says against it, if anything.
fn verdicts(samples: &BTreeMap<String, Value>) -> BTreeMap<String, Option<String>> {
    const JUDGE: &str = "import json, sys, jsonschema
given = json.load(sys.stdin)
jsonschema.Draft7Validator.check_schema(given['schema'])
judge = jsonschema.Draft7Validator(given['schema'])
said = {name: next((e.message for e in judge.iter_errors(sample)), None) for name, sample in given['samples'].items()}
json.dump(said, sys.stdout)";
    let mut python =
        Command::new("python3").args(["-c", JUDGE]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let given = json!({ "schema": schema(), "samples": samples }).to_string();
    python.stdin.take().unwrap().write_all(given.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    assert!(output.status.success(), "the judge failed");
    serde_json::from_slice(&output.stdout).unwrap()
}
