//! The reference of all keys: as Markdown for `schema/REFERENCE.md`, and as container.toml(5).

use std::fmt::Write as _;

use crate::config::{Key, is_list, keys};

/// `schema/REFERENCE.md`.
pub fn markdown() -> String {
    let mut text = String::from(
        "# container.toml\n\nEvery key, its type, its default and an example. Made from the types; `launch explain KEY` says what one does here.\n\nSizes are bytes, or strings as `\"50MiB\"` (K, M, G, T are powers of 1024). Durations are seconds, or strings as `\"1h30m\"`.\nRelative paths start at the file. In strings, `${env:NAME}`, `${env:NAME:-default}` and `${config_dir}` are filled in;\n`$${env:` stands for itself.\n",
    );
    each_table(|table, keys| {
        let _ = writeln!(text, "\n## {}\n", title(table));
        for key in keys {
            let default =
                key.default.as_deref().map_or_else(String::new, |default| format!(" · default {}", code(default)));
            let _ = writeln!(text, "### `{}`\n\n{}{default}\n\n{}", key.path, key.kind, key.text);
            for (word, meaning) in key.words.iter().filter(|(_, meaning)| !meaning.is_empty()) {
                let _ = writeln!(text, "- `{word}`: {meaning}");
            }
            text.push('\n');
        }
    });
    text.truncate(text.trim_end().len());
    text + "\n"
}

/// Marks what can be written in a file.
fn code(default: &str) -> String {
    let plain = default.starts_with('"') || default.parse::<f64>().is_ok() || matches!(default, "true" | "false");
    if plain { format!("`{default}`") } else { default.to_owned() }
}

fn title(table: &str) -> String {
    match table {
        "" => "The top of the file".to_owned(),
        table if is_list(table) => format!("`[[{table}]]`"),
        table => format!("`[{table}]`"),
    }
}

fn each_table(mut then: impl FnMut(&str, &[&Key])) {
    let keys = keys();
    let mut tables: Vec<&str> = Vec::new();
    for key in &keys {
        if !tables.contains(&key.table()) {
            tables.push(key.table());
        }
    }
    for table in tables {
        let own: Vec<&Key> = keys.iter().filter(|key| key.table() == table).collect();
        then(table, &own);
    }
}

/// container.toml(5), in man(7) macros.
pub(super) fn manual() -> String {
    let mut text = String::from(
        ".TH CONTAINER.TOML 5 \"\" launch\n.SH NAME\ncontainer.toml \\- a container for launch(1)\n.SH DESCRIPTION\nA TOML file that describes one command and its container. What is written is enforced or nothing starts; an unknown key is an error.\n.PP\nSizes are bytes, or strings as \"50MiB\"; durations are seconds, or strings as \"1h30m\"; relative paths start at the file. In strings, ${env:NAME}, ${env:NAME:\\-default} and ${config_dir} are filled in.\n",
    );
    each_table(|table, keys| {
        let title = if table.is_empty() { "TOP OF THE FILE".to_owned() } else { title(table).replace('`', "") };
        let _ = writeln!(text, ".SH \"{}\"", roff(&title));
        for key in keys {
            let _ = writeln!(text, ".TP\n.BR {} \" ({})\"\n{}", roff(key.name()), roff(&key.kind), roff(&key.text));
            for (word, meaning) in key.words.iter().filter(|(_, meaning)| !meaning.is_empty()) {
                let _ = writeln!(text, ".br\n{}: {}", roff(word), roff(meaning));
            }
            if let Some(default) = &key.default {
                let _ = writeln!(text, ".br\nDefault: {}.", roff(default));
            }
        }
    });
    text + ".SH SEE ALSO\nlaunch(1), namespaces(7), cgroups(7), capabilities(7), seccomp(2), getrlimit(2)\n"
}

/// A text without what man(7) would take for a request.
pub(super) fn roff(text: &str) -> String {
    let text = text.replace('\\', "\\e").replace('-', "\\-").replace("\n\n", "\n.PP\n").replace('`', "");
    if text.starts_with(['.', '\'']) { format!("\\&{text}") } else { text }
}
