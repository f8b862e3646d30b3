//! `Launch::new("toml").run()`: writes the file into a fresh folder, runs the real binary on it, checks what it left behind.

use super::leftovers::{self, Before};
use super::needs::{Need, needs};
use super::outcome::Outcome;
use super::place::{self, Root, User};
use super::process::Process;
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::fs;
use std::os::unix::fs::{lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

/// One run of `launch` to be made.
///
/// In the file's text `{busybox}`, `{busybox-bare}` and `{debian}` stand for roots made by tests/roots (a test that
/// names one needs it), `{root}` for a copy of busybox of the test's own, `{dir}` for the test's own folder.
pub(crate) struct Launch {
    toml: String,
    files: Vec<(String, Vec<u8>)>,
    folders: Vec<String>,
    links: Vec<(String, String)>,
    before_file: Vec<OsString>,
    after_file: Vec<OsString>,
    env: Vec<(OsString, OsString)>,
    stdin: Option<Vec<u8>>,
    as_user: bool,
    writes: Vec<String>,
    timeout: Duration,
    wrapper: Vec<OsString>,
    dir: Option<PathBuf>,
    without_file: bool,
    /// A file that is there already, to be run where it is.
    in_place: Option<PathBuf>,
}

/// Who runs `launch`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum By {
    /// Whoever runs the tests.
    Caller,
    /// An ordinary user.
    User,
}

/// Everyone whom a launch has to work for: the caller, and where that is root an ordinary user as well.
pub(crate) fn everyone() -> &'static [By] {
    if super::host::is_root() { &[By::Caller, By::User] } else { &[By::Caller] }
}

impl Launch {
    /// The file's text; start it with a line break, so that the lines read as they stand.
    pub(crate) fn new(toml: &str) -> Self {
        Self {
            toml: toml.to_owned(),
            files: Vec::new(),
            folders: Vec::new(),
            links: Vec::new(),
            before_file: Vec::new(),
            after_file: Vec::new(),
            env: Vec::new(),
            stdin: None,
            as_user: false,
            writes: Vec::new(),
            timeout: Duration::from_secs(30),
            wrapper: Vec::new(),
            dir: None,
            without_file: false,
            in_place: None,
        }
    }

    /// A file of the project's tree, run where it stands.
    pub(crate) fn in_place(file: &Path) -> Self {
        Self { in_place: Some(file.to_owned()), ..Self::new(&fs::read_to_string(file).unwrap()) }
    }

    /// A command line for busybox's shell, in the busybox root: the shortest way to look around inside.
    pub(crate) fn sh(script: &str) -> Self {
        Self::sh_with(script, "")
    }

    /// The same, with more of the file: top-level keys first, then tables.
    pub(crate) fn sh_with(script: &str, more: &str) -> Self {
        Self::new(&format!(
            "rootfs = \"{{busybox}}\"\ncommand = \"/bin/sh\"\nargs = [\"-c\", '''{script}''', \"sh\"]\n{more}"
        ))
    }

    /// A further file in the folder of container.toml.
    pub(crate) fn file(mut self, name: &str, content: impl AsRef<[u8]>) -> Self {
        self.files.push((name.to_owned(), content.as_ref().to_vec()));
        self
    }

    /// A folder in the folder of container.toml.
    pub(crate) fn folder(mut self, name: &str) -> Self {
        self.folders.push(name.to_owned());
        self
    }

    /// A symbolic link at `name` in the folder of container.toml; in the place of what is there.
    pub(crate) fn link(mut self, name: &str, text: &str) -> Self {
        self.links.push((name.to_owned(), text.to_owned()));
        self
    }

    /// A word before the file: a subcommand or an option.
    pub(crate) fn option(mut self, word: impl Into<OsString>) -> Self {
        self.before_file.push(word.into());
        self
    }

    /// A word after the file.
    pub(crate) fn arg(mut self, word: impl Into<OsString>) -> Self {
        self.after_file.push(word.into());
        self
    }

    /// A variable of the caller's environment, which has PATH, HOME and TMPDIR otherwise.
    pub(crate) fn env(mut self, name: impl Into<OsString>, value: impl Into<OsString>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// What the command reads; without it stdin is /dev/null.
    pub(crate) fn stdin(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.stdin = Some(bytes.as_ref().to_vec());
        self
    }

    /// Runs `launch` as an ordinary user, also where the tests run as root.
    pub(crate) fn as_user(self) -> Self {
        self.by(By::User)
    }

    pub(crate) fn by(mut self, by: By) -> Self {
        self.as_user = by == By::User;
        self
    }

    /// Expects new files below this path of the test's folder; they are a leftover otherwise.
    pub(crate) fn writes(mut self, path: &str) -> Self {
        self.writes.push(path.to_owned());
        self
    }

    pub(crate) fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Runs `launch` by way of another program, as in `setsid launch …`: makes odd surroundings.
    pub(crate) fn through<W: Into<OsString>>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.wrapper = words.into_iter().map(Into::into).collect();
        self
    }

    /// Names no file on the command line: for subcommands that take none.
    pub(crate) fn without_file_word(mut self) -> Self {
        self.without_file = true;
        self
    }

    /// Uses the folder of an earlier run, for tests that launch twice.
    pub(crate) fn again_in(mut self, dir: &Path) -> Self {
        self.dir = Some(dir.to_owned());
        self
    }

    /// Runs to the end. The leftover check is part of it.
    #[track_caller]
    pub(crate) fn run(self) -> Outcome {
        self.start().finish()
    }

    /// Starts, for tests that send signals or look from outside; `finish` ends it as `run` does.
    pub(crate) fn start(self) -> Running {
        let user = self.user();
        let dir = self.dir.clone().unwrap_or_else(|| place::fresh_dir(user));
        let toml = self.write_files(&dir, user);
        let words = self.words();
        let mut command = self.command(&words, &dir, user);
        let before = Before::look(&dir);
        let process = Process::start(&mut command, self.stdin, self.timeout);
        Running { process, before, dir, toml, command: shown(&words, user), writes: self.writes }
    }

    fn user(&self) -> Option<&'static User> {
        if !self.as_user {
            return None;
        }
        needs(&[Need::TestUser]);
        place::user()
    }

    fn write_files(&self, dir: &Path, user: Option<&User>) -> String {
        if self.in_place.is_some() {
            return self.toml.clone();
        }
        let toml = self.fill_in(dir, user);
        let give = |path: &Path| {
            if let Some(user) = user {
                lchown(path, Some(user.uid), Some(user.gid)).unwrap();
            }
        };
        for name in &self.folders {
            fs::create_dir_all(dir.join(name)).unwrap();
            give(&dir.join(name));
        }
        let file = ("container.toml".to_owned(), toml.clone().into_bytes());
        for (name, content) in self.files.iter().chain([&file]) {
            // What is there already is left alone: another launch may just be reading it.
            if fs::read(dir.join(name)).is_ok_and(|there| there == *content) {
                continue;
            }
            fs::write(dir.join(name), content).unwrap();
            give(&dir.join(name));
        }
        for (name, text) in &self.links {
            let link = dir.join(name);
            let _ = fs::remove_file(&link).or_else(|_| fs::remove_dir(&link));
            symlink(text.replace("{dir}", dir.to_str().unwrap()), &link).unwrap();
            give(&link);
        }
        toml
    }

    fn fill_in(&self, dir: &Path, user: Option<&User>) -> String {
        let mut toml = self.toml.replace("{dir}", dir.to_str().unwrap());
        if toml.contains("{root}") {
            let root = dir.join("root");
            if !root.exists() {
                Root::Busybox.copy_to(&root, user);
            }
            toml = toml.replace("{root}", root.to_str().unwrap());
        }
        with_places(&toml)
    }

    /// The command line.
    fn words(&self) -> Vec<OsString> {
        let mut words = self.wrapper.clone();
        words.push(place::binary().into());
        words.extend(self.before_file.clone());
        if self.without_file {
            return words;
        }
        words.push(self.in_place.clone().map_or_else(|| "container.toml".into(), OsString::from));
        words.extend(self.after_file.clone());
        words
    }

    fn command(&self, words: &[OsString], dir: &Path, user: Option<&User>) -> Command {
        let mut command = Command::new(&words[0]);
        command.args(&words[1..]).current_dir(dir).env_clear();
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.env("HOME", dir.join("home")).env("TMPDIR", dir.join("tmp"));
        if let Some(user) = user.filter(|_| super::host::is_root()) {
            user.apply(&mut command);
        } else {
            // The way to the caller's own service manager; another user's is not ours to use.
            let kept = ["XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "USER"];
            command.envs(kept.iter().filter_map(|name| Some((name, std::env::var_os(name)?))));
        }
        command.envs(self.env.iter().map(|(name, value)| (name, value)));
        command
    }
}

/// A started launch.
pub(crate) struct Running {
    process: Process,
    before: Before,
    dir: PathBuf,
    toml: String,
    command: String,
    writes: Vec<String>,
}

impl Running {
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn signal(&self, signal: Signal) -> &Self {
        self.process.signal(signal);
        self
    }

    /// What a file of the container's cgroup says, in whichever hierarchy has it.
    pub(crate) fn cgroup_file(&self, file: &str) -> Option<String> {
        let name = self.dir.file_name().unwrap().to_str().unwrap();
        let dirs = leftovers::cgroups_of(name, self.pid());
        // The innermost: with systemd its scope lies around the container's own.
        dirs.iter().rev().find_map(|dir| fs::read_to_string(dir.join(file)).ok()).map(|text| text.trim().to_owned())
    }

    /// The directories of the container's cgroup.
    pub(crate) fn cgroups(&self) -> Vec<PathBuf> {
        leftovers::cgroups_of(self.dir.file_name().unwrap().to_str().unwrap(), self.pid())
    }

    pub(crate) fn wait_for_stdout(&self, text: &str) -> &Self {
        self.process.wait_for_stdout(text);
        self
    }

    /// Waits for the end, and checks what was left behind.
    #[track_caller]
    pub(crate) fn finish(self) -> Outcome {
        let pid = self.process.pid();
        let ended = self.process.wait();
        let left = self.before.left(pid, &self.writes, &ended);
        Outcome::new(self.toml, self.command, self.dir, ended).without_leftovers(&left)
    }

    /// The same without the check, where others that run in the same folder are still there.
    #[track_caller]
    pub(crate) fn finish_beside_others(self) -> Outcome {
        Outcome::new(self.toml, self.command, self.dir, self.process.wait())
    }
}

/// `text` with the names of roots replaced by their paths.
pub(crate) fn with_places(text: &str) -> String {
    let mut text = text.to_owned();
    for root in Root::ALL {
        let placeholder = format!("{{{}}}", root.name());
        if text.contains(&placeholder) {
            needs(&[Need::Rootfs(root)]);
            text = text.replace(&placeholder, root.path().to_str().unwrap());
        }
    }
    text
}

fn shown(words: &[OsString], user: Option<&User>) -> String {
    let words: Vec<_> = words.iter().map(|word| word.to_string_lossy()).collect();
    format!("{}{}", words.join(" "), user.map(|user| format!(" (as {})", user.name)).unwrap_or_default())
}
