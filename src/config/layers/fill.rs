//! Fills in what strings refer to, `${env:NAME}` and `${config_dir}`, and makes paths of base files what they mean there.

use std::ffi::OsString;
use std::path::Path;

use super::super::tree::{Node, Span, Table, Value};
use super::{LayerError, paths};

/// Where the paths of one text start.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Home {
    /// Directory that relative paths start at, absolute.
    pub base: String,
    /// What `${config_dir}` stands for.
    pub config_dir: String,
}

/// Fills in all strings but those of profiles that were not chosen. `homes` is by the number of the text; the first is
/// the file that is launched. Returns the values that could not be filled in, but for elements of arrays.
pub fn fill(
    tree: &mut Table,
    homes: &[Home],
    env: &dyn Fn(&str) -> Option<OsString>,
    errors: &mut Vec<LayerError>,
) -> Vec<Span> {
    let mut filling = Filling { homes, env, errors, unfilled: Vec::new() };
    for entry in tree.entries.iter_mut().filter(|entry| entry.name != "profiles") {
        filling.node(&mut entry.node, false);
    }
    let unfilled = filling.unfilled;
    let top = homes.first().cloned().unwrap_or_default();
    if homes.iter().any(|home| home.base != top.base) {
        paths::each(tree, &mut |text, span| {
            let home = homes.get(usize::from(span.source)).unwrap_or(&top);
            if home.base != top.base {
                *text = Path::new(&home.base).join(&*text).to_string_lossy().into_owned();
            }
        });
    }
    unfilled
}

struct Filling<'f> {
    homes: &'f [Home],
    env: &'f dyn Fn(&str) -> Option<OsString>,
    errors: &'f mut Vec<LayerError>,
    unfilled: Vec<Span>,
}

impl Filling<'_> {
    fn node(&mut self, node: &mut Node, element: bool) {
        match &mut node.value {
            Value::String(text) if text.contains("${") => {
                let before = self.errors.len();
                *text = self.text(text, node.span);
                if self.errors.len() > before && !element {
                    self.unfilled.push(node.span);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(|node| self.node(node, true)),
            Value::Table(table) => table.entries.iter_mut().for_each(|entry| self.node(&mut entry.node, false)),
            _ => {}
        }
    }

    /// `$${env:…}` stands for itself; other `${…}` belong to the command, which may be a shell.
    fn text(&mut self, text: &str, span: Span) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.find("${") {
            let (before, from) = rest.split_at(at);
            let Some(kind) = ["${env:", "${config_dir}"].into_iter().find(|kind| from.starts_with(kind)) else {
                out.push_str(&rest[..at + 2]);
                rest = &from[2..];
                continue;
            };
            if let Some(before) = before.strip_suffix('$') {
                out.push_str(before);
                out.push_str(kind);
                rest = &from[kind.len()..];
                continue;
            }
            out.push_str(before);
            rest = if kind == "${config_dir}" {
                out.push_str(self.homes.get(usize::from(span.source)).map_or("", |home| home.config_dir.as_str()));
                &from[kind.len()..]
            } else {
                self.variable(from, span, &mut out)
            };
        }
        out.push_str(rest);
        out
    }

    /// Takes `${env:NAME}` or `${env:NAME:-default}` from the front, and returns what is behind it.
    fn variable<'t>(&mut self, from: &'t str, span: Span, out: &mut String) -> &'t str {
        let inner = &from["${env:".len()..];
        let end = inner.find('}');
        let (body, rest) = match end {
            Some(end) => (&inner[..end], &inner[end + 1..]),
            None => (inner, ""),
        };
        let (name, default) = body.split_once(":-").map_or((body, None), |(name, default)| (name, Some(default)));
        if end.is_none() || name.is_empty() || name.contains(|c: char| !c.is_ascii_alphanumeric() && c != '_') {
            let text = from[..from.len() - rest.len()].to_owned();
            self.errors.push(LayerError::Placeholder { span, text });
            return rest;
        }
        match ((self.env)(name).map(OsString::into_string), default) {
            (Some(Ok(value)), _) if !value.is_empty() || default.is_none() => out.push_str(&value),
            (Some(Err(_)), _) => self.errors.push(LayerError::NotText { span, name: name.to_owned() }),
            (_, Some(default)) => out.push_str(default),
            (_, None) => self.errors.push(LayerError::Unset { span, name: name.to_owned() }),
        }
        rest
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(text: &str) -> (String, Vec<LayerError>) {
        let homes = [Home { base: "/b".into(), config_dir: "/b".into() }];
        let env = |name: &str| match name {
            "USER" => Some(OsString::from("me")),
            "EMPTY" => Some(OsString::new()),
            _ => None,
        };
        let mut errors = Vec::new();
        let mut filling = Filling { homes: &homes, env: &env, errors: &mut errors, unfilled: Vec::new() };
        let text = filling.text(text, Span::default());
        (text, errors)
    }

    #[test]
    fn what_is_known_is_filled_in() {
        for (text, expected) in [
            ("/home/${env:USER}/x", "/home/me/x"),
            ("${env:NONE:-a}${env:EMPTY:-b}${env:EMPTY}", "ab"),
            ("${config_dir}/data", "/b/data"),
            ("echo ${HOME} $${env:USER}", "echo ${HOME} ${env:USER}"),
            ("${", "${"),
        ] {
            assert_eq!(filled(text), (expected.to_owned(), Vec::new()), "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_an_error() {
        assert!(matches!(filled("${env:NONE}").1.as_slice(), [LayerError::Unset { name, .. }] if name == "NONE"));
        for text in ["${env:}", "${env:A", "${env:A B}"] {
            assert!(matches!(filled(text).1.as_slice(), [LayerError::Placeholder { .. }]), "{text}");
        }
    }
}
