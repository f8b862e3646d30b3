//! `launch init`: writes a first container.toml, and where asked what editors need to know about it.

use super::exit::ExitCode;
use std::io::Write;
use std::path::Path;

use super::args::{Global, InitWords, Template};
use crate::pipeline::EXIT_OWN;

/// Where `--editor` puts the schema; editors find it by the two files beside it.
const SCHEMA: &str = ".container.schema.json";
const TAPLO: &str = "# Which files Even Better TOML checks with the schema of container.toml.\n[[rule]]\ninclude = [\"**/container.toml\", \"**/*.container.toml\"]\n\n[rule.schema]\npath = \"./.container.schema.json\"\n";
const TOMBI: &str = "# Which files tombi checks with the schema of container.toml.\n[[schemas]]\npath = \"./.container.schema.json\"\ninclude = [\"container.toml\", \"*.container.toml\"]\n";

/// Writes the file; one that is there already stays as it is.
pub(super) fn init(words: &InitWords, global: &Global) -> ExitCode {
    let file = words.file.as_deref().unwrap_or(Path::new("container.toml"));
    let mut files = vec![(file, template(words.template))];
    if words.editor {
        files.push((Path::new(SCHEMA), include_str!("../../schema/container.schema.json").to_owned()));
        files.push((Path::new(".taplo.toml"), TAPLO.to_owned()));
        files.push((Path::new("tombi.toml"), TOMBI.to_owned()));
    }
    let mut code = ExitCode::SUCCESS;
    for (path, text) in files {
        match write_new(path, &text) {
            Ok(()) if global.quiet => {}
            Ok(()) if path == file => {
                eprintln!("launch: wrote {}; run it with `launch {}`", file.display(), file.display());
            }
            Ok(()) => eprintln!("launch: wrote {}", path.display()),
            Err(error) => {
                eprintln!("launch: cannot write {}: {}", path.display(), crate::runtime::reason(&error));
                code = ExitCode::from(EXIT_OWN);
            }
        }
    }
    code
}

fn write_new(path: &Path, text: &str) -> std::io::Result<()> {
    let mut opened = std::fs::OpenOptions::new().write(true).create_new(true).open(path)?;
    opened.write_all(text.as_bytes())
}

/// An example of examples/, without the lines that are for the tests.
fn template(template: Template) -> String {
    let text = match template {
        Template::Shell => include_str!("../../examples/shell.toml"),
        Template::Build => include_str!("../../examples/build.toml"),
        Template::Judge => include_str!("../../examples/judge.toml"),
        Template::Service => include_str!("../../examples/service.toml"),
        Template::Agent => include_str!("../../examples/agent.toml"),
        Template::Slurm => include_str!("../../examples/slurm.toml"),
    };
    let kept = text.lines().filter(|line| !line.starts_with("#:schema") && !line.starts_with("# test: "));
    kept.fold(String::new(), |text, line| text + line + "\n")
}
