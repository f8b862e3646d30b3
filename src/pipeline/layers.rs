//! Reads a file with all that it is laid over, and lays profiles and `--set` flags over it.

use std::ffi::OsString;
use std::path::{Component, Path, PathBuf};

use super::bytes;
use crate::config::{
    Home, LayerError, Node, Replaced, Sources, Span, Table, Value, assignment, fill, lay, nests, parse, settle,
    take_profile,
};
use crate::diagnostics::{Code, Diagnostics, Problem, cycle, decode, layers, syntax};

/// Most files that lie over each other.
const DEEPEST: usize = 16;

/// What the command line changes about a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Overrides {
    /// Profiles, in this order.
    pub profiles: Vec<String>,
    /// Assignments, as `limits.pids=64`, in this order.
    pub set: Vec<String>,
}

/// A file and everything under and over it, as one tree.
#[derive(Debug, Default)]
pub(super) struct Stack {
    pub(super) sources: Sources,
    pub(super) tree: Table,
    pub(super) problems: Diagnostics,
    pub(super) replaced: Replaced,
    /// False where a text could not be read, or is not TOML.
    pub(super) readable: bool,
    /// Where the paths of each source start.
    homes: Vec<Home>,
    /// The files that are being read, one extending the next, and the place that names each.
    open: Vec<(PathBuf, Span)>,
}

impl Stack {
    /// Reads a file; what is wrong is in the problems.
    pub(super) fn read(file: &Path, overrides: &Overrides) -> Stack {
        let mut stack = Stack { readable: true, ..Stack::default() };
        stack.tree = stack.file(file, None).unwrap_or_default();
        stack.finished(overrides)
    }

    /// Lays profiles and flags over it, and fills its strings in.
    fn finished(mut self, overrides: &Overrides) -> Stack {
        if !self.readable {
            return self;
        }
        let mut errors = Vec::new();
        self.profiles(&overrides.profiles, &mut errors);
        self.set(&overrides.set, &mut errors);
        settle(&mut self.tree, &mut errors);
        let unfilled = fill(&mut self.tree, &self.homes, &|name| std::env::var_os(name), &mut errors);
        layers(&errors, &unfilled, &self.sources, &mut self.problems);
        self
    }

    /// Takes a text for a file of that name.
    pub(super) fn text(file: &Path, text: String, overrides: &Overrides) -> Stack {
        let mut stack = Stack { readable: true, ..Stack::default() };
        stack.tree = stack.parsed(file, text, None);
        stack.finished(overrides)
    }

    /// Reads a file and what it extends; `named` is the place that names it.
    fn file(&mut self, file: &Path, named: Option<Span>) -> Option<Table> {
        let shown = file.display().to_string();
        let text = match bytes(file).and_then(decode) {
            Ok(text) => text,
            Err(problem) => {
                self.readable = false;
                if named.is_none() {
                    self.source(shown, "", file);
                }
                self.problems.push(match named {
                    Some(span) => {
                        problem.span(span, "named here").help("correct the path; it is relative to this file")
                    }
                    None => problem,
                });
                return None;
            }
        };
        Some(self.parsed(file, text, named))
    }

    /// The tree of a text, over what it extends.
    fn parsed(&mut self, file: &Path, text: String, named: Option<Span>) -> Table {
        let id = self.source(file.display().to_string(), text, file);
        let (tree, errors) = parse(&self.sources, id);
        syntax(&errors, &self.sources, &mut self.problems);
        self.readable &= errors.is_empty();
        let Some(entry) = tree.get("extends") else { return tree };
        let bases = self.bases(&entry.node);
        self.open.push((identity(file), named.unwrap_or_default()));
        let below = self.below(file, &bases);
        self.open.pop();
        self.over(below, tree)
    }

    fn source(&mut self, name: String, text: impl Into<String>, file: &Path) -> u16 {
        let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let base = absolute.parent().unwrap_or(Path::new("/")).display().to_string();
        self.homes.push(Home { config_dir: base.clone(), base });
        self.sources.add(name, text)
    }

    /// The files that `extends` names; what is no list of strings is said when the values are read.
    fn bases(&mut self, node: &Node) -> Vec<(String, Span)> {
        let Value::Array(list) = &node.value else { return Vec::new() };
        // A copy, since the file's own tree is filled in when all of it is together.
        let entry =
            |node: &Node| crate::config::Entry { name: "extends".to_owned(), key_span: node.span, node: node.clone() };
        let mut copy = Table { entries: list.iter().map(entry).collect() };
        let mut errors = Vec::new();
        let same = Home::default();
        let homes: Vec<Home> = self.homes.iter().map(|home| Home { base: same.base.clone(), ..home.clone() }).collect();
        fill(&mut copy, &homes, &|name| std::env::var_os(name), &mut errors);
        layers(&errors, &[], &self.sources, &mut self.problems);
        let text = |entry: crate::config::Entry| match entry.node.value {
            Value::String(text) => Some((text, entry.node.span)),
            _ => None,
        };
        copy.entries.into_iter().filter_map(text).collect()
    }

    /// All base files of a file as one tree, without their own `extends`.
    fn below(&mut self, file: &Path, bases: &[(String, Span)]) -> Table {
        let mut below = Table::default();
        for (written, span) in bases {
            let path = beside(file, written);
            let known = identity(&path);
            if let Some(from) = self.open.iter().position(|(open, _)| *open == known) {
                let mut round: Vec<Span> = self.open[from + 1..].iter().map(|(_, span)| *span).collect();
                round.push(*span);
                self.problems.push(cycle(&round, &self.sources));
                self.readable = false;
                continue;
            }
            if self.open.len() >= DEEPEST {
                let message = format!("more than {DEEPEST} files lie over each other");
                let help = "let the file extend its bases directly";
                self.problems.push(Problem::error(Code::ExtendsTooDeep, message).span(*span, "one more").help(help));
                self.readable = false;
                continue;
            }
            if let Some(mut base) = self.file(&path, Some(*span)) {
                base.entries.retain(|entry| entry.name != "extends");
                below = self.over(below, base);
            }
        }
        below
    }

    fn over(&mut self, mut below: Table, above: Table) -> Table {
        lay(&mut below, above, &mut self.replaced);
        below
    }

    fn profiles(&mut self, names: &[String], errors: &mut Vec<LayerError>) {
        for name in names {
            let id = self.flag("--profile", name);
            let flag = Span::new(id, 0..name.len());
            if let Some(profile) = take_profile(&self.tree, name, flag, errors) {
                lay(&mut self.tree, profile, &mut self.replaced);
            }
        }
    }

    fn set(&mut self, flags: &[String], errors: &mut Vec<LayerError>) {
        if flags.is_empty() {
            return;
        }
        let schema = crate::config::schema();
        for flag in flags {
            let id = self.flag("--set", flag);
            match assignment(&self.sources, id, &|path| takes_text(&schema, path)) {
                Ok(mut tree) => {
                    let nested = tree.entries.iter().filter(|entry| nests(&entry.name));
                    errors.extend(
                        nested.map(|entry| LayerError::Nested { span: entry.key_span, key: entry.name.clone() }),
                    );
                    tree.entries.retain(|entry| !nests(&entry.name));
                    lay(&mut self.tree, tree, &mut self.replaced);
                }
                Err(error) => errors.push(error),
            }
        }
    }

    /// A flag as a text. Its paths start where the caller is, as on any command line.
    fn flag(&mut self, name: &str, text: &str) -> u16 {
        let base = std::env::current_dir().map_or_else(|_| "/".to_owned(), |dir| dir.display().to_string());
        let config_dir = self.homes.first().map_or_else(String::new, |home| home.config_dir.clone());
        self.homes.push(Home { base, config_dir });
        self.sources.add(name, text)
    }
}

/// A path written in `file`, from where the caller is; `..` behind a name is resolved, to be read by people.
fn beside(file: &Path, written: &str) -> PathBuf {
    let joined = file.parent().unwrap_or(Path::new("")).join(written);
    let mut path = PathBuf::new();
    for part in joined.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir if matches!(path.components().next_back(), Some(Component::Normal(_))) => {
                path.pop();
            }
            other => path.push(other),
        }
    }
    path
}

/// What a file is known by, whichever way it is named.
fn identity(file: &Path) -> PathBuf {
    file.canonicalize().or_else(|_| std::path::absolute(file)).unwrap_or_else(|_| file.to_owned())
}

/// Says whether a key takes nothing but strings.
fn takes_text(schema: &serde_json::Value, path: &[String]) -> bool {
    let step = |schema: &'_ serde_json::Value, name: &String| {
        let keys = schema.get("properties").and_then(|keys| keys.get(name));
        keys.or_else(|| schema.get("additionalProperties")).cloned()
    };
    let leaf = path.iter().try_fold(schema.clone(), |schema, name| step(&schema, name));
    match leaf.as_ref().and_then(|leaf| leaf.get("type")) {
        Some(serde_json::Value::String(kind)) => kind == "string",
        Some(serde_json::Value::Array(kinds)) => kinds.iter().all(|kind| kind == "string" || kind == "null"),
        _ => false,
    }
}

/// The base directory and the name of a file's container where it gives none.
pub(super) fn invocation(file: &Path, args: Vec<OsString>, replace: Option<Vec<OsString>>) -> crate::plan::Invocation {
    let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
    let base = absolute.parent().map_or_else(|| PathBuf::from("/"), Path::to_owned);
    crate::plan::Invocation { args, replace, default_name: default_name(&absolute), base }
}

/// The file's name without `.container.toml` or `.toml`; its folder's name for a plain `container.toml`.
fn default_name(file: &Path) -> String {
    let name =
        |path: Option<&std::ffi::OsStr>| path.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let own = name(file.file_name());
    if own == "container.toml" {
        return name(file.parent().and_then(Path::file_name));
    }
    own.strip_suffix(".container.toml").or_else(|| own.strip_suffix(".toml")).unwrap_or(&own).to_owned()
}
