//! Where the bench works: root file systems, the floor programs, the cgroups below our own. Removed on drop.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;

/// As many containers at a time as the bench ever runs of one variant.
pub(crate) const MAX_SLOTS: usize = 20;

/// The first id of the map in the groups (b) and (c).
const FIRST_ID: u32 = 100_000;

pub(crate) struct Place {
    /// Configurations, bundles and root file systems.
    pub(crate) scratch: PathBuf,
    /// Where the tables go: `target/bench`.
    pub(crate) results: PathBuf,
    pub(crate) floor: PathBuf,
    pub(crate) cgwrap: PathBuf,
    /// Counts instructions by single steps.
    pub(crate) instructions: PathBuf,
    /// Owned by root.
    pub(crate) rootfs: PathBuf,
    /// Owned by the first id of the map.
    pub(crate) mapped_rootfs: PathBuf,
    pub(crate) cgroup: Cgroup,
}

impl Place {
    /// Makes all of it; the environment gets the variables that the floor programs read.
    pub(crate) fn make() -> Result<Self> {
        let name = format!("launch-bench-{}", std::process::id());
        let scratch = std::env::temp_dir().join(&name);
        let results = results()?;
        let place = Self {
            floor: compile("floor", &["-static"], &results)?,
            cgwrap: compile("cgwrap", &["-static"], &results)?,
            instructions: compile("instructions", &[], &results)?,
            rootfs: scratch.join("rootfs"),
            mapped_rootfs: scratch.join("mapped"),
            cgroup: Cgroup::make(&name)?,
            scratch,
            results,
        };
        let nop = compile("nop", &["-static", "-nostdlib"], &place.results)?;
        make_rootfs(&place.rootfs, 0, &nop)?;
        make_rootfs(&place.mapped_rootfs, FIRST_ID, &nop)?;
        for slot in 0..MAX_SLOTS {
            make_rootfs(&place.rootfs_of(slot), 0, &nop)?;
        }
        Ok(place)
    }

    /// A root of its own for each slot, for launchers that lock theirs.
    pub(crate) fn rootfs_of(&self, slot: usize) -> PathBuf {
        self.scratch.join(format!("rootfs-{slot}"))
    }

    /// The environment of every launcher: nothing but what it needs.
    pub(crate) fn environment(&self) -> Vec<String> {
        let mut environment = vec!["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin".to_owned()];
        environment.push("HOME=/root".to_owned());
        for (variable, controller) in self.cgroup.variables() {
            environment.extend(self.cgroup.dir(controller).map(|dir| format!("{variable}={}", dir.display())));
        }
        environment
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        // Best effort: the folder is ours by its name, and what is left of it harms nobody.
        let _ = fs::remove_dir_all(&self.scratch);
    }
}

/// `target/bench`, found from the place of this very program (`target/release/deps/launchers-…`).
fn results() -> Result<PathBuf> {
    let program = std::env::current_exe().map_err(|e| format!("finding the target folder: {e}"))?;
    let target = program.ancestors().nth(3).ok_or("this program is not in a target folder")?;
    let results = target.join("bench");
    fs::create_dir_all(&results).map_err(|e| format!("making {}: {e}", results.display()))?;
    Ok(results)
}

fn compile(name: &str, options: &[&str], results: &Path) -> Result<PathBuf> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches").join(format!("{name}.c"));
    let program = results.join(name);
    let status = Command::new("cc").args(["-O2", "-o"]).args([&program, &source]).args(options).status();
    match status {
        Ok(status) if status.success() => Ok(program),
        Ok(status) => Err(format!("cc {}: {status}", source.display())),
        Err(e) => Err(format!("cc: {e}")),
    }
}

/// A root of one static busybox and the empty folders that launchers mount on.
fn make_rootfs(root: &Path, owner: u32, nop: &Path) -> Result<()> {
    let busybox = ["/bin/busybox", "/usr/bin/busybox"].map(Path::new).into_iter().find(|file| file.is_file());
    let busybox = busybox.ok_or("no static busybox: install the package busybox-static")?;
    let done = (|| -> std::io::Result<()> {
        for dir in ["", "bin", "usr", "etc", "proc", "dev", "sys", "tmp", "run", "var", "root"] {
            fs::create_dir_all(root.join(dir))?;
            fs::set_permissions(root.join(dir), fs::Permissions::from_mode(0o755))?;
            lchown(root.join(dir), Some(owner), Some(owner))?;
        }
        fs::copy(busybox, root.join("bin/busybox"))?;
        fs::copy(nop, root.join("bin/nop"))?;
        for name in ["true", "cat", "sleep", "sh"] {
            symlink("busybox", root.join("bin").join(name))?;
        }
        Ok(())
    })();
    done.map_err(|e| format!("making the root {}: {e}", root.display()))
}

/// The cgroup of one run: below our own in every hierarchy.
pub(crate) struct Cgroup {
    /// Its path below the root of the hierarchy of the memory controller: what OCI runtimes are told.
    pub(crate) path: String,
    /// The folders that this run may remove at its end, deepest first.
    ours: Vec<PathBuf>,
    /// (controllers, folder) of every hierarchy; v2 has the controllers "".
    dirs: Vec<(String, PathBuf)>,
    /// The controllers are those of v2.
    pub(crate) unified: bool,
}

impl Cgroup {
    fn make(name: &str) -> Result<Self> {
        let text = fs::read_to_string("/proc/self/cgroup").map_err(|e| format!("/proc/self/cgroup: {e}"))?;
        let own: Vec<(String, String)> = text
            .lines()
            .filter_map(|line| line.splitn(3, ':').collect::<Vec<_>>().try_into().ok())
            .map(|[_, controllers, path]: [&str; 3]| (controllers.to_owned(), path.trim_end_matches('/').to_owned()))
            .collect();
        let memory = own.iter().find(|(controllers, _)| has(controllers, "memory")).or(own.last());
        let memory = memory.map_or("", |(_, path)| path);
        let path = format!("{memory}/{name}");
        let mut ours = Vec::new();
        let mut dirs = Vec::new();
        for (controllers, parent) in &own {
            let mount = mount_point(controllers);
            // OCI runtimes take one path for all hierarchies, so it is made in those too where our own is another.
            for made in [format!("{mount}{parent}/{name}"), format!("{mount}{path}")] {
                let missing = Path::new(&made).ancestors().take_while(|dir| !dir.exists());
                ours.extend(missing.map(Path::to_path_buf));
            }
            // systemd-nspawn moves itself and leaves these behind.
            let left = ["payload", "supervisor"].map(|left| PathBuf::from(format!("{mount}{parent}/{left}")));
            ours.extend(left.into_iter().filter(|dir| !dir.exists()));
            dirs.push((controllers.clone(), PathBuf::from(format!("{mount}{parent}/{name}"))));
        }
        let unified = !own.iter().any(|(controllers, _)| has(controllers, "memory"));
        let cgroup = Self { path, ours, dirs, unified };
        for dir in cgroup.variables().iter().filter_map(|(_, controller)| cgroup.dir(controller)) {
            if unified {
                enable(dir.parent().unwrap_or(dir));
            }
            fs::create_dir(dir).map_err(|e| format!("making the cgroup {}: {e}", dir.display()))?;
            if unified {
                enable(dir);
            }
        }
        Ok(cgroup)
    }

    /// The variables that the floor programs read, with the controller whose folder each names.
    fn variables(&self) -> &'static [(&'static str, &'static str)] {
        if self.unified { &[("HB_CG2", "")] } else { &[("HB_PIDS", "pids"), ("HB_MEMORY", "memory")] }
    }

    /// Our folder in the hierarchy of a controller.
    pub(crate) fn dir(&self, controller: &str) -> Option<&Path> {
        let controller = if self.unified { "" } else { controller };
        self.dirs.iter().find(|(controllers, _)| has(controllers, controller)).map(|(_, dir)| dir.as_path())
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        for dir in &self.ours {
            remove_tree(dir);
        }
    }
}

/// Hands both controllers down on v2. Where that fails (the kernel refuses it for a cgroup that holds processes), the floors with
/// limits fail in the verification and say so.
fn enable(dir: &Path) {
    let _ = fs::write(dir.join("cgroup.subtree_control"), "+pids +memory");
}

/// Removes a folder of cgroups bottom up; `rmdir` refuses one that is in use, and that one stays.
fn remove_tree(dir: &Path) {
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            remove_tree(&entry.path());
        }
    }
    let _ = fs::remove_dir(dir);
}

fn has(controllers: &str, controller: &str) -> bool {
    controllers.split(',').any(|c| c == controller)
}

/// Where the hierarchy of these controllers is mounted, by the usual names.
pub(crate) fn mount_point(controllers: &str) -> String {
    match controllers {
        "" if Path::new("/sys/fs/cgroup/unified").exists() => "/sys/fs/cgroup/unified".to_owned(),
        "" => "/sys/fs/cgroup".to_owned(),
        _ => format!("/sys/fs/cgroup/{}", controllers.trim_start_matches("name=")),
    }
}
