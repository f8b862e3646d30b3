//! What the schema of the types knows about keys: descriptions, types, in which tables a name is.
//!
//! Made only when something is wrong.

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde_json::Value as Json;

use super::super::suggest::normal;
use super::place::{Part, Path};

/// The schema of a type, without references.
#[derive(Debug)]
pub(super) struct Known {
    root: Json,
}

impl Known {
    /// Asks the type for its schema.
    pub(super) fn of<T: JsonSchema>() -> Self {
        let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
        Self { root: settings.into_generator().into_root_schema_for::<T>().to_value() }
    }

    /// The schema of a path.
    pub(super) fn at(&self, path: &Path) -> Option<&Json> {
        path.0.iter().try_fold(&self.root, |schema, part| self.step(schema, part))
    }

    /// The first sentence of what a key is for.
    pub(super) fn purpose(&self, path: &Path) -> Option<&str> {
        self.at(path)?.get("description")?.as_str().map(first_sentence)
    }

    /// The schema of a dotted name, through arrays of tables, as `mounts.target`.
    pub(super) fn dotted(&self, name: &str) -> Option<&Json> {
        Path::dotted(name).0.iter().try_fold(&self.root, |schema, part| {
            self.step(schema, part).or_else(|| self.step(self.items(schema)?, part))
        })
    }

    /// Says whether a dotted name is an array of tables: `[[mounts]]`.
    pub(super) fn is_list_of_tables(&self, name: &str) -> bool {
        let items = self.dotted(name).and_then(|schema| self.items(schema));
        items.is_some_and(|items| self.takes(items, "object"))
    }

    /// The tables that have such a key, dotted; empty for the root.
    pub(super) fn tables_with(&self, is_it: impl Fn(&str) -> bool) -> Vec<String> {
        let mut found = Vec::new();
        self.search(&self.root, "", &is_it, &mut found, 0);
        found
    }

    /// How a table spells a key that is written with other case, `-` or `_`.
    pub(super) fn spelling(&self, table: &str, key: &str) -> Option<String> {
        let schema = self.dotted(table)?;
        let items = self.items(schema);
        let keys = self.branches(schema).into_iter().chain(items.into_iter().flat_map(|items| self.branches(items)));
        let mut names = keys.filter_map(|branch| branch.get("properties")?.as_object()).flatten();
        names.find(|(name, _)| normal(name) == normal(key)).map(|(name, _)| name.clone())
    }

    /// Words for the type, as "an array of strings".
    pub(super) fn words(&self, schema: &Json) -> Option<String> {
        let mut words: Vec<String> = Vec::new();
        for branch in self.branches(schema) {
            for kind in kinds(branch) {
                let word = match kind {
                    "string" => "a string".to_owned(),
                    "integer" => "an integer".to_owned(),
                    "number" => "a number".to_owned(),
                    "boolean" => "true or false".to_owned(),
                    "object" => "a table".to_owned(),
                    "array" => {
                        format!("an array{}", branch.get("items").map(|items| self.of_many(items)).unwrap_or_default())
                    }
                    _ => continue,
                };
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        let (last, rest) = words.split_last()?;
        Some(if rest.is_empty() { last.clone() } else { format!("{} or {last}", rest.join(", ")) })
    }

    /// Says whether the type takes values of one of the kinds of JSON schema.
    pub(super) fn takes(&self, schema: &Json, kind: &str) -> bool {
        self.branches(schema)
            .into_iter()
            .any(|branch| kinds(branch).any(|known| known == kind || (known == "number" && kind == "integer")))
    }

    /// The type of the elements.
    pub(super) fn items<'s>(&'s self, schema: &'s Json) -> Option<&'s Json> {
        self.branches(schema).into_iter().find_map(|branch| branch.get("items"))
    }

    /// What the doc comment of an enum's word says.
    pub(super) fn word_purpose<'s>(&'s self, schema: &'s Json, word: &str) -> Option<&'s str> {
        self.branches(schema).into_iter().find_map(|branch| {
            let is_it = branch.get("const").is_some_and(|known| known == word);
            is_it.then(|| branch.get("description")?.as_str().map(first_sentence)).flatten()
        })
    }

    fn of_many(&self, items: &Json) -> String {
        let many = [
            ("string", "strings"),
            ("integer", "integers"),
            ("number", "numbers"),
            ("object", "tables"),
            ("array", "arrays"),
        ];
        let words: Vec<&str> =
            many.iter().filter(|(kind, _)| self.takes_exactly(items, kind)).map(|(_, word)| *word).collect();
        if words.is_empty() { String::new() } else { format!(" of {}", words.join(" or ")) }
    }

    fn takes_exactly(&self, schema: &Json, kind: &str) -> bool {
        self.branches(schema).into_iter().any(|branch| kinds(branch).any(|known| known == kind))
    }

    fn step<'s>(&'s self, schema: &'s Json, part: &Part) -> Option<&'s Json> {
        self.branches(schema).into_iter().find_map(|branch| match part {
            Part::Key(name) => branch
                .get("properties")
                .and_then(|keys| keys.get(name))
                .or_else(|| branch.get("additionalProperties").filter(|any| any.is_object())),
            Part::Index(_) => branch.get("items"),
        })
    }

    /// A schema and the alternatives that it is made of.
    fn branches<'s>(&'s self, schema: &'s Json) -> Vec<&'s Json> {
        let mut branches = vec![schema];
        let mut next = 0;
        // The bound ends recursive types, which keep their references.
        while let Some(branch) = branches.get(next).copied().filter(|_| next < 64) {
            next += 1;
            for word in ["allOf", "anyOf", "oneOf"] {
                branches.extend(branch.get(word).and_then(Json::as_array).into_iter().flatten());
            }
            let target = branch.get("$ref").and_then(Json::as_str).and_then(|reference| reference.strip_prefix('#'));
            branches.extend(target.and_then(|pointer| self.root.pointer(pointer)));
        }
        branches
    }

    fn search(&self, schema: &Json, table: &str, is_it: &dyn Fn(&str) -> bool, found: &mut Vec<String>, depth: usize) {
        if depth > 3 {
            return;
        }
        for branch in self.branches(schema) {
            for (name, inner) in branch.get("properties").and_then(Json::as_object).into_iter().flatten() {
                if is_it(name) && !found.iter().any(|known| known == table) {
                    found.push(table.to_owned());
                }
                let dot = if table.is_empty() { "" } else { "." };
                self.search(inner, &format!("{table}{dot}{name}"), is_it, found, depth + 1);
                if let Some(items) = self.items(inner) {
                    self.search(items, &format!("{table}{dot}{name}"), is_it, found, depth + 1);
                }
            }
        }
    }
}

/// The types that a schema names, `null` aside, which TOML does not have.
fn kinds(schema: &Json) -> impl Iterator<Item = &str> {
    let list = match schema.get("type") {
        Some(Json::Array(list)) => list.as_slice(),
        Some(one) => std::slice::from_ref(one),
        None => &[],
    };
    let by_word = schema.get("const").or_else(|| schema.get("enum")?.get(0)).is_some_and(Json::is_string);
    let named = list.iter().filter_map(Json::as_str).filter(|kind| *kind != "null");
    named.chain((list.is_empty() && by_word).then_some("string"))
}

/// A text up to the end of its first sentence.
fn first_sentence(text: &str) -> &str {
    let text = text.split("\n\n").next().unwrap_or(text);
    text.find(". ").map_or(text, |end| &text[..=end])
}
