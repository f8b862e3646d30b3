//! Our own rows: a `container.toml` for each group that does no less than the floor, and one with plain defaults.

use std::path::{Path, PathBuf};

use crate::Result;
use crate::arguments::Arguments;
use crate::place::Place;
use crate::variant::{Group, Job, Variant};

/// The program of this build.
pub(crate) const LAUNCH: &str = env!("CARGO_BIN_EXE_launch");

/// The rows of every build of launch.
pub(crate) fn variants(place: &Place, arguments: &Arguments) -> Result<Vec<Variant>> {
    let mut builds = vec![("launch".to_owned(), PathBuf::from(LAUNCH))];
    builds.extend(arguments.builds.iter().map(|(name, path)| (format!("launch {name}"), PathBuf::from(path))));
    let mut variants = Vec::new();
    for (name, program) in &builds {
        for group in Group::ALL {
            variants.push(row(place, name, program, group, "", &equal(place, group))?);
            variants.push(row(place, name, program, group, ", all defaults", &defaults(place))?.with_note(SAFER));
        }
    }
    Ok(variants)
}

const SAFER: &str =
    "read-only root, 65536 ids, no net, limits, seccomp, no capabilities, no_new_privs, masks, /dev, /tmp, /run";

fn row(place: &Place, name: &str, program: &Path, group: Group, kind: &str, text: &str) -> Result<Variant> {
    let stem = format!("{}{}", group.letter(), if kind.is_empty() { "" } else { "-defaults" });
    for job in Job::ALL {
        let file = file(&place.scratch, &stem, job);
        let (command, args) = job.argv().split_first().ok_or("a job without a command")?;
        let text = format!("command = {command:?}\nargs = {args:?}\n{text}");
        std::fs::write(&file, text).map_err(|e| format!("writing {}: {e}", file.display()))?;
    }
    let (program, scratch) = (program.display().to_string(), place.scratch.clone());
    Ok(Variant::new(
        format!("{name}{kind}"),
        group,
        Box::new(move |job, _| vec![program.clone(), file(&scratch, &stem, job).display().to_string()]),
    ))
}

fn file(scratch: &Path, stem: &str, job: Job) -> PathBuf {
    scratch.join(format!("launch-{stem}-{}.toml", job.name()))
}

/// A file that says nothing but where the root is.
pub(crate) fn defaults(place: &Place) -> String {
    format!("rootfs = {:?}\n", place.mapped_rootfs.display().to_string())
}

/// The job of the group and no less; what cannot be switched off (the minimal /dev, /tmp, /run) is done on top.
fn equal(place: &Place, group: Group) -> String {
    match group {
        Group::Sandbox => format!("{}{SANDBOX}", rootfs(&place.rootfs)),
        Group::Container => format!("{}{MAP}{LIMITS}{CONTAINER}", rootfs(&place.mapped_rootfs)),
        Group::Full => format!("{}{MAP}{LIMITS}", rootfs(&place.mapped_rootfs)),
    }
}

fn rootfs(path: &Path) -> String {
    format!("[rootfs]\npath = {:?}\nmode = \"readwrite\"\n", path.display().to_string())
}

const SANDBOX: &str = r#"
[userns]
mode = "host"
[network]
mode = "host"
[namespaces]
cgroup = "host"
[cgroup]
manager = "none"
[security]
seccomp = "unconfined"
no_new_privs = false
masked_paths = []
readonly_paths = []
"#;

const MAP: &str = r"
[userns]
uid_map = [{ container = 0, host = 100000, size = 65536 }]
gid_map = [{ container = 0, host = 100000, size = 65536 }]
";

const LIMITS: &str = "
[limits]
pids = 20
memory = 50000000
";

const CONTAINER: &str = r#"
[network]
mode = "host"
[namespaces]
cgroup = "host"
[security]
seccomp = "unconfined"
no_new_privs = false
masked_paths = []
readonly_paths = []
"#;

/// A file of so many lines, most of them variables; for `launch check`.
pub(crate) fn file_of_lines(place: &Place, lines: usize) -> Result<String> {
    let head = format!("command = \"/bin/true\"\n{}[env]\n", defaults(place));
    let variables: String = (head.lines().count()..lines).map(|i| format!("VARIABLE_{i} = \"value {i}\"\n")).collect();
    let file = place.scratch.join(format!("{lines}-lines.toml"));
    std::fs::write(&file, head + &variables).map_err(|e| format!("writing {}: {e}", file.display()))?;
    Ok(file.display().to_string())
}
