//! The words of the command line.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::pipeline::Overrides;

/// Runs a command in a container that a file describes.
#[derive(Debug, Parser)]
#[command(
    name = "launch",
    version,
    about,
    override_usage = "launch [OPTIONS] [FILE] [ARGS]...\n       launch [OPTIONS] [FILE] -- COMMAND [ARGS]...\n       launch [OPTIONS] SUBCOMMAND ..."
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// Options of every subcommand.
#[derive(Debug, Clone, Default, Args)]
pub(super) struct Global {
    /// Enters this directory first.
    #[arg(short = 'C', long = "directory", value_name = "DIR", global = true)]
    pub(super) directory: Option<PathBuf>,
    /// Says nothing but errors.
    #[arg(short, long, global = true)]
    pub(super) quiet: bool,
    /// Says how the run went.
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
    /// Writes what came of a run and why, as JSON, to a file or an open descriptor.
    #[arg(long, value_name = "FILE|fd:N", global = true)]
    pub(super) report: Option<OsString>,
    /// Colours: auto, always or never. NO_COLOR turns them off.
    #[arg(long, value_name = "WHEN", default_value = "auto", global = true)]
    pub(super) color: Color,
    /// Sets a key, as --set limits.pids=64; over the file and its profiles. Paths are relative to here.
    #[arg(long, value_name = "KEY=VALUE", global = true)]
    pub(super) set: Vec<String>,
    /// Lays the table [profiles.NAME] over the file.
    #[arg(long, value_name = "NAME", global = true)]
    pub(super) profile: Vec<String>,
}

impl Global {
    /// What the flags change about a file.
    pub(super) fn overrides(&self) -> Overrides {
        Overrides { profiles: self.profile.clone(), set: self.set.clone() }
    }
}

/// When colours are used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(super) enum Color {
    /// On a terminal.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Runs a file (the default).
    #[command(hide = true)]
    Run(RunWords),
    /// Says everything that is wrong with files, and starts nothing.
    Check(CheckWords),
    /// Shows what would be done, and starts nothing.
    Plan(PlanWords),
    /// Prints the JSON schema of the file.
    Schema(SchemaWords),
    /// Writes a first container.toml.
    Init(InitWords),
    /// Explains a key or the code of a mistake.
    Explain(ExplainWords),
    /// Compares two files: what widens and what narrows what the container may do.
    Diff(DiffWords),
    /// Prints a script for a shell that completes what is typed.
    Completions(CompletionsWords),
    /// Prints a manual page.
    Man(ManWords),
    /// Says what this host can do, and mends what it cannot.
    Doctor(DoctorWords),
    /// Prints what is known of this host, for `check --host`.
    Facts(FactsWords),
    /// Removes what killed launches left.
    Gc,
}

/// Words of a run.
#[derive(Debug, Clone, Args)]
pub(super) struct RunWords {
    /// File, and arguments that are appended to its `args`.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, value_name = "FILE [ARGS]")]
    pub(super) words: Vec<OsString>,
}

/// Words of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckWords {
    /// Files. Default: container.toml.
    pub(super) files: Vec<PathBuf>,
    /// Form of the answer.
    #[arg(long, value_name = "FORM", default_value = "human")]
    pub(super) format: Format,
    /// On which host: `this`, `none` to judge the file alone, or a file that `launch facts` wrote elsewhere.
    #[arg(long, value_name = "HOST", default_value = "this")]
    pub(super) host: HostChoice,
}

/// What a file is judged on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) enum HostChoice {
    /// This machine.
    #[default]
    This,
    /// One that has everything.
    None,
    /// The machine whose facts a file has.
    Facts(PathBuf),
}

impl std::str::FromStr for HostChoice {
    type Err = std::convert::Infallible;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Ok(match text {
            "this" => HostChoice::This,
            "none" => HostChoice::None,
            file => HostChoice::Facts(file.into()),
        })
    }
}

/// Forms of `check`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Pictures for people.
    Human,
    /// JSON.
    Json,
    /// Annotations of GitHub Actions.
    Github,
    /// SARIF 2.1.0.
    Sarif,
}

/// Words of `plan`.
#[derive(Debug, Args)]
pub(super) struct PlanWords {
    /// File. Default: container.toml.
    pub(super) file: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
    /// Shows which file or flag each value comes from.
    #[arg(long)]
    pub(super) origin: bool,
    /// On which host: `this`, `none` to judge the file alone, or a file that `launch facts` wrote elsewhere.
    #[arg(long, value_name = "HOST", default_value = "this")]
    pub(super) host: HostChoice,
    /// Command and arguments in the place of the file's, as for a run.
    #[arg(last = true)]
    pub(super) replace: Vec<OsString>,
}

/// Words of `schema`.
#[derive(Debug, Args)]
pub(super) struct SchemaWords {
    /// Of what.
    #[arg(long, value_name = "WHAT", default_value = "config")]
    pub(super) of: SchemaOf,
}

/// What there are schemas of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum SchemaOf {
    /// The file.
    Config,
    /// What `plan --json` prints.
    Plan,
    /// What `--report` writes.
    Report,
}

/// Words of `init`.
#[derive(Debug, Args)]
pub(super) struct InitWords {
    /// File to write. Default: container.toml.
    pub(super) file: Option<PathBuf>,
    /// What to begin with.
    #[arg(long, value_name = "NAME", default_value = "shell")]
    pub(super) template: Template,
    /// Writes the schema, .taplo.toml and tombi.toml beside it, for completion and hover in editors.
    #[arg(long)]
    pub(super) editor: bool,
}

/// What a file can begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Template {
    /// A shell to look around in.
    Shell,
    /// A reproducible build step.
    Build,
    /// A judge for untrusted code.
    Judge,
    /// A service in the foreground.
    Service,
    /// A sandbox around a project for an agent.
    Agent,
    /// A step of a Slurm job.
    Slurm,
}

/// Words of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffWords {
    /// The file before and the file after; with --against the file after alone.
    pub(super) files: Vec<PathBuf>,
    /// Compares with the file as git has it at this revision. What it extends is taken from here.
    #[arg(long, value_name = "REVISION")]
    pub(super) against: Option<String>,
    /// Exits with 1 where there is such a change.
    #[arg(long, value_name = "KIND")]
    pub(super) fail_on: Option<FailOn>,
    /// On which host: `this`, or `none` to judge the files alone.
    #[arg(long, value_name = "HOST", default_value = "this")]
    pub(super) host: HostChoice,
}

/// Changes that a caller does not want.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum FailOn {
    /// The container may do or use more.
    Widen,
    /// Anything.
    Any,
}

/// Words of `completions`.
#[derive(Debug, Args)]
pub(super) struct CompletionsWords {
    /// For which shell.
    pub(super) shell: Shell,
    /// Prints what can stand in the place of the last of the words; the scripts call it.
    #[arg(long, hide = true)]
    pub(super) next: bool,
    /// The words so far.
    #[arg(last = true, hide = true)]
    pub(super) words: Vec<OsString>,
}

/// Shells that there are completions for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// Words of `man`.
#[derive(Debug, Args)]
pub(super) struct ManWords {
    /// Which page.
    #[arg(default_value = "launch")]
    pub(super) page: ManPage,
}

/// Manual pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum ManPage {
    /// launch(1).
    Launch,
    /// container.toml(5).
    #[value(name = "container.toml")]
    ContainerToml,
}

/// Words of `doctor`.
#[derive(Debug, Args)]
pub(super) struct DoctorWords {
    /// File to be judged too.
    pub(super) file: Option<PathBuf>,
    /// Prints JSON.
    #[arg(long)]
    pub(super) json: bool,
}

/// Words of `facts`.
#[derive(Debug, Args)]
pub(super) struct FactsWords {
    /// File whose paths are looked at too.
    pub(super) file: Option<PathBuf>,
}

/// Words of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainWords {
    /// A key, as `limits.memory`, or a code, as `unknown_key`.
    pub(super) what: String,
}

/// A run.
#[derive(Debug, Clone, Default)]
pub(super) struct Run {
    pub(super) file: PathBuf,
    pub(super) args: Vec<OsString>,
    pub(super) replace: Option<Vec<OsString>>,
    pub(super) global: Global,
}

const DEFAULT_FILE: &str = "container.toml";
const SUBCOMMANDS: [&str; 13] = [
    "check",
    "completions",
    "diff",
    "doctor",
    "explain",
    "facts",
    "gc",
    "help",
    "init",
    "man",
    "plan",
    "run",
    "schema",
];
/// Names that later versions take; a file of that name is reached as ./NAME.
const RESERVED: [&str; 14] = [
    "ps", "stop", "exec", "stats", "pull", "unpack", "lock", "store", "test", "trust", "tune", "import", "export",
    "logs",
];

impl Run {
    /// Takes a run's words: the file, then arguments; what follows `--` takes the place of the command.
    pub(super) fn of(words: RunWords, global: &Global) -> Run {
        Run { global: global.clone(), ..split(words.words) }
    }
}

fn split(words: Vec<OsString>) -> Run {
    let mut words = words.into_iter().peekable();
    let file = words.next_if(|word| word != "--").map_or_else(|| DEFAULT_FILE.into(), PathBuf::from);
    let (mut args, mut replace) = (Vec::new(), None);
    while let Some(word) = words.next() {
        if word == "--" && args.is_empty() {
            replace = Some(words.by_ref().collect::<Vec<_>>()).filter(|words| !words.is_empty());
            break;
        }
        args.push(word);
    }
    Run { file, args, replace, global: Global::default() }
}

/// Recognises `launch`, `launch FILE …` without options.
pub(super) fn fast(words: &[OsString]) -> Option<Run> {
    let first = words.get(1);
    let plain = first.is_none_or(|word| !is_option(word) && !is_subcommand(word));
    plain.then(|| split(words.iter().skip(1).cloned().collect()))
}

fn is_option(word: &OsStr) -> bool {
    word != "--" && word.as_encoded_bytes().first() == Some(&b'-')
}

fn is_subcommand(word: &OsStr) -> bool {
    word.to_str().is_some_and(|word| SUBCOMMANDS.contains(&word) || RESERVED.contains(&word))
}

/// Puts `run` in front of a file, so that clap sees a subcommand: after the options that come before it.
pub(super) fn with_run(mut words: Vec<OsString>) -> Vec<OsString> {
    const WITH_VALUE: [&str; 6] = ["-C", "--directory", "--color", "--set", "--profile", "--report"];
    let mut index = 1;
    while let Some(word) = words.get(index) {
        if !is_option(word) {
            break;
        }
        if matches!(word.to_str(), Some("-h" | "--help" | "-V" | "--version")) {
            return words;
        }
        index += if WITH_VALUE.iter().any(|option| word == *option) { 2 } else { 1 };
    }
    let index = index.min(words.len());
    if !words.get(index).is_some_and(|word| is_subcommand(word)) {
        words.insert(index, "run".into());
    }
    words
}
