//! All keys of the file with their descriptions, defaults and examples: what the reference, the man page, `launch explain`
//! and completions are made of. Taken from the schema, which is made from the types.

use serde_json::Value as Json;

/// One key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    /// Dotted path; through arrays of tables as `mounts.target`, names of the user's own as `env.NAME`.
    pub path: String,
    /// The type in words, as `integer or string`.
    pub kind: String,
    /// The words that it takes, each with its meaning where there is one.
    pub words: Vec<(String, String)>,
    /// What it means, without the default.
    pub text: String,
    /// The value where the key is left out.
    pub default: Option<String>,
    /// A line that sets it.
    pub example: Option<String>,
}

impl Key {
    /// The table that it stands in; empty at the top.
    pub fn table(&self) -> &str {
        self.path.rsplit_once('.').map_or("", |(table, _)| table)
    }

    /// Its own name.
    pub fn name(&self) -> &str {
        self.path.rsplit_once('.').map_or(self.path.as_str(), |(_, name)| name)
    }

    /// A line that sets it: the example, else the default or the first word, where they can be written.
    pub fn line(&self) -> Option<String> {
        let value = || self.words.first().map(|(word, _)| word.clone());
        let default = self.default.clone().filter(|text| text.parse::<toml::Value>().is_ok() && !text.contains(' '));
        self.example.clone().or_else(|| default.or_else(value).map(|value| format!("{} = {value}", self.name())))
    }
}

/// All keys: those at the top first, then table by table.
pub fn keys() -> Vec<Key> {
    let mut keys = Vec::new();
    table(&super::schema(), "", &mut keys);
    keys
}

/// Says whether the keys below are elements of an array of tables: written as `[[mounts]]`.
pub fn is_list(table: &str) -> bool {
    matches!(table, "mounts" | "devices" | "limits.io" | "userns.uid_map" | "userns.gid_map")
}

fn table(schema: &Json, path: &str, keys: &mut Vec<Key>) {
    let named = schema.get("properties").and_then(Json::as_object).into_iter().flatten();
    let mut below = Vec::new();
    for (name, schema) in named {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        keys.push(key(schema, path.clone()));
        let items = schema.get("items").filter(|items| items.get("properties").is_some());
        if schema.get("properties").is_some() {
            below.push((schema, path));
        } else if let Some(items) = items {
            below.push((items, path));
        } else if schema.get("additionalProperties").is_some_and(Json::is_object) && path != "profiles" {
            let mut entry = key(&schema["additionalProperties"], format!("{path}.NAME"));
            "One entry, under a name of its own.".clone_into(&mut entry.text);
            keys.push(entry);
        }
    }
    for (schema, path) in below {
        table(schema, &path, keys);
    }
}

fn key(schema: &Json, path: String) -> Key {
    let description = schema.get("description").and_then(Json::as_str).unwrap_or_default();
    let (text, default) = match description.rsplit_once("Default: ") {
        Some((text, default)) => (text.trim_end(), Some(default.trim_end_matches('.').replace('`', ""))),
        None => (description, None),
    };
    let name = path.rsplit('.').next().unwrap_or_default().to_owned();
    let example = between(text, "as in `", "`").filter(|line| line.starts_with(&name) && line.contains('='));
    Key { kind: kind(schema), words: words(schema), text: text.to_owned(), default, example, path }
}

fn between(text: &str, before: &str, after: &str) -> Option<String> {
    let rest = text.split_once(before)?.1;
    rest.split_once(after).map(|(inner, _)| inner.to_owned())
}

fn kind(schema: &Json) -> String {
    let kinds: Vec<&str> = match schema.get("type") {
        Some(Json::String(kind)) => vec![kind],
        Some(Json::Array(kinds)) => kinds.iter().filter_map(Json::as_str).collect(),
        _ => Vec::new(),
    };
    let word = |kind: &str| match kind {
        "object" => "table".to_owned(),
        "array" => format!("array of {}s", self::kind(&schema["items"]).replace(" or ", "s or ")),
        other => other.to_owned(),
    };
    kinds.into_iter().map(word).collect::<Vec<_>>().join(" or ")
}

fn words(schema: &Json) -> Vec<(String, String)> {
    let texts = schema.pointer("/x-taplo/docs/enumValues").and_then(Json::as_array);
    let text = |index: usize| texts.and_then(|texts| texts.get(index)).and_then(Json::as_str).unwrap_or_default();
    let words = schema.get("enum").and_then(Json::as_array).into_iter().flatten().enumerate();
    words.map(|(index, word)| (word.to_string(), text(index).to_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_have_their_parts() {
        let keys = keys();
        let key = |path: &str| keys.iter().find(|key| key.path == path).unwrap_or_else(|| panic!("{path}"));
        let memory = key("limits.memory");
        assert_eq!(memory.example.as_deref(), Some("memory = \"512MiB\""));
        assert_eq!((memory.table(), memory.name()), ("limits", "memory"));
        assert_eq!(key("limits.pids").default.as_deref(), Some("1024"));
        assert_eq!(key("mounts.type").words[0].0, "\"bind\"");
        assert_eq!(key("args").kind, "array of strings");
        key("env.NAME");
    }
}
