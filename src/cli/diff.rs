//! `launch diff A B`: what changes between two files for the host, as a reviewer would ask.

use std::path::Path;
use std::process::Command;

use super::exit::ExitCode;

use super::args::{DiffWords, FailOn, Global};
use super::style;
use crate::config::At;
use crate::pipeline::{EXIT_OWN, Loaded, load_text, load_with};
use crate::plan::{Change, Effect, Origin, Plan, diff as changes};

/// One of the two files, planned.
struct Side {
    loaded: Loaded,
    plan: Plan,
    /// What stands before the file's name: the revision.
    revision: String,
}

/// Prints the changes; 1 where one of them is of a kind that the caller does not want.
pub(super) fn diff(words: &DiffWords, global: &Global) -> ExitCode {
    let Some((before, after)) = sides(words, global) else { return ExitCode::from(EXIT_OWN) };
    let changes = changes(&before.plan, &after.plan);
    for change in &changes {
        println!("{}", line(change, &before, &after));
    }
    if changes.is_empty() && !global.quiet {
        eprintln!("launch: no difference");
    }
    let unwanted = |change: &Change| match words.fail_on {
        Some(FailOn::Widen) => change.effect == Effect::Widens,
        Some(FailOn::Any) => true,
        None => false,
    };
    ExitCode::from(u8::from(changes.iter().any(unwanted)))
}

fn sides(words: &DiffWords, global: &Global) -> Option<(Side, Side)> {
    let (before, after) = match (&words.against, words.files.as_slice()) {
        (None, [before, after]) => (load_with(before, Vec::new(), None, &global.overrides()), after.as_path()),
        (Some(revision), files @ ([] | [_])) => {
            let file = files.first().map_or(Path::new("container.toml"), std::path::PathBuf::as_path);
            let text = at_revision(file, revision).map_err(|reason| eprintln!("launch: {reason}")).ok()?;
            (load_text(file, text, &global.overrides()), file)
        }
        _ => {
            eprintln!("launch: write `launch diff OLD NEW`, or `launch diff --against REVISION [FILE]`");
            return None;
        }
    };
    let revision = words.against.as_ref().map_or_else(String::new, |revision| format!("{revision}:"));
    let after = load_with(after, Vec::new(), None, &global.overrides());
    Some((side(before, revision, words, global)?, side(after, String::new(), words, global)?))
}

fn side(mut loaded: Loaded, revision: String, words: &DiffWords, global: &Global) -> Option<Side> {
    let host = super::host(&loaded, &words.host).map_err(|message| eprintln!("launch: {message}")).ok()?;
    let plan = loaded.plan(&host);
    style::show(&loaded, global);
    Some(Side { plan: plan?, loaded, revision })
}

/// The file as git has it.
fn at_revision(file: &Path, revision: &str) -> Result<String, String> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let shown = Command::new("git").arg("-C").arg(folder).args(["show", &format!("{revision}:./{name}")]).output();
    let output = shown.map_err(|error| format!("cannot run git: {}", crate::runtime::reason(&error)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "git has no {revision}:{name}: {}",
            said.lines().next().unwrap_or_default().escape_debug()
        ));
    }
    String::from_utf8(output.stdout).map_err(|_| format!("{revision}:{name} is not UTF-8"))
}

fn line(change: &Change, before: &Side, after: &Side) -> String {
    let effect = match change.effect {
        Effect::Widens => "widens ",
        Effect::Narrows => "narrows",
        Effect::Neutral => "neutral",
    };
    let text = |side: &Option<(String, Origin)>| side.as_ref().map_or("nothing".to_owned(), |(text, _)| text.clone());
    let place = |side: &Option<(String, Origin)>, of: &Side| side.as_ref().and_then(|(_, origin)| place(origin, of));
    let places: Vec<String> =
        [place(&change.before, before), place(&change.after, after)].into_iter().flatten().collect();
    let places = if places.is_empty() { String::new() } else { format!("  [{}]", places.join(" -> ")) };
    format!("{effect}  {}: {} -> {}{places}", change.subject, text(&change.before), text(&change.after))
}

/// `FILE:LINE` of the key that asked for it.
fn place(origin: &Origin, side: &Side) -> Option<String> {
    let Origin::Written(at) = origin else { return None };
    let loaded = &side.loaded;
    let found = loaded.tree.find(at).or_else(|| match at {
        At::Field(list, index, _) => loaded.tree.find(&At::Item(list, *index)),
        _ => None,
    })?;
    let position = loaded.sources.position(found.value.source, found.value.range().start);
    Some(format!("{}{}:{}", side.revision, loaded.sources.name(found.value.source), position.line))
}
