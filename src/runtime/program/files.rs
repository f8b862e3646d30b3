//! Operations that place mounts, files, links and devices inside the root.

use std::ffi::{CStr, CString};
use std::path::{Path, PathBuf};

use super::root::inodes;
use super::{Compiler, TreeRequest, attributes, c_string, in_root, missing, path_string, relative, set};
use crate::plan::mounts::{MountFlags, MountStep, Placed};
use crate::plan::{Action, Origin};
use crate::runtime::op::{Op, Place, Point, Slot};

/// The device nodes of a minimal /dev, with their numbers (Documentation/admin-guide/devices.txt).
pub(in crate::runtime) const NODES: [(&CStr, &CStr, u32, u32); 6] = [
    (c"null", c"/dev/null", 1, 3),
    (c"zero", c"/dev/zero", 1, 5),
    (c"full", c"/dev/full", 1, 7),
    (c"random", c"/dev/random", 1, 8),
    (c"urandom", c"/dev/urandom", 1, 9),
    (c"tty", c"/dev/tty", 5, 0),
];

/// The links of a minimal /dev.
pub(in crate::runtime) const LINKS: [(&CStr, &CStr); 5] = [
    (c"ptmx", c"pts/ptmx"),
    (c"fd", c"/proc/self/fd"),
    (c"stdin", c"/proc/self/fd/0"),
    (c"stdout", c"/proc/self/fd/1"),
    (c"stderr", c"/proc/self/fd/2"),
];

/// Says whether an action needs the scratch file system.
pub(super) fn needs_stage(action: &Action) -> bool {
    matches!(action, Action::Mount(MountStep { what: Placed::File { .. } | Placed::Overlay { .. }, .. }))
}

/// Pages of the scratch file system that an action fills.
pub(super) fn pages(action: &Action) -> u64 {
    match action {
        Action::Mount(MountStep { what: Placed::File { content, .. }, .. }) => content.len() as u64 / 4096 + 2,
        Action::Mount(MountStep { what: Placed::Overlay { upper: None, size, .. }, .. }) => size / 4096,
        _ => 0,
    }
}

impl Compiler<'_> {
    pub(super) fn mount(&mut self, mount: &MountStep) {
        let attr = attributes(mount.flags);
        match &mount.what {
            Placed::Bind { source, directory, recursive, idmapped, propagation } => {
                self.tree(source, attr, *recursive, *idmapped, propagation_bits(*propagation), Slot::Tree);
                self.place(mount, if *directory { Point::Directory } else { Point::File });
            }
            Placed::Tmpfs { size, mode } => {
                let size_and_mode = [(c"size", c_string(&size.to_string())), (c"mode", c_string(&format!("{mode:o}")))];
                self.filesystem_with(mount, c"tmpfs", [&size_and_mode[..], &[inodes(*size)]].concat(), attr);
            }
            Placed::Overlay { lower, upper, .. } => self.overlay_mount(mount, lower, upper.as_ref(), attr),
            Placed::Proc => self.filesystem(mount, c"proc", &[], attr),
            Placed::Sysfs => self.filesystem(mount, c"sysfs", &[], attr),
            Placed::Devpts => self.filesystem(mount, c"devpts", &pts_options(), attr & !libc::MOUNT_ATTR_NODEV),
            Placed::Mqueue => self.filesystem(mount, c"mqueue", &[], attr),
            Placed::Cgroup => self.filesystem(mount, c"cgroup2", &[], attr),
            Placed::Dev { mqueue } => self.dev(mount, *mqueue),
            Placed::Device { source, number } => {
                self.device(source, *number, attr);
                self.place(mount, Point::File);
            }
            Placed::File { content, mode } => self.file(mount, content, *mode, attr),
            Placed::Symlink { text } => {
                self.push(Op::MakeSymlink {
                    at: Slot::Root,
                    missing: missing(&mount.target),
                    name: relative(&mount.target),
                    text: c_string(text),
                });
            }
            Placed::Directory { mode } => {
                self.push(Op::MakeDirectories { missing: missing(&mount.target), mode: Some(*mode) });
            }
        }
    }

    /// Places the mount that was just made at its target.
    fn place(&mut self, mount: &MountStep, point: Point) {
        let missing = if mount.create { missing(&mount.target) } else { Vec::new() };
        let built_in = matches!(mount.what, Placed::Proc | Placed::Dev { .. });
        let at = Place { no_links: built_in, ..in_root(&mount.target) };
        self.push(Op::Attach { tree: Slot::Tree, at, missing, point });
        if matches!(self.plan.steps[self.step].origin, Origin::Written(_)) {
            self.push(Op::ProveMount { tree: Slot::Tree, flags: proven(mount) });
        }
    }

    /// A node of the host: what is placed must still be the device that was planned.
    fn device(&mut self, source: &Path, (major, minor): (u32, u32), attr: u64) {
        let path = path_string(source);
        if self.prepared.parent_opens {
            self.requests.push(TreeRequest {
                path,
                recursive: false,
                attr,
                propagation: libc::MS_PRIVATE,
                idmapped: false,
                device: Some((major, minor)),
                step: self.step,
            });
            self.push(Op::ReceiveTree { into: Slot::Tree });
            return;
        }
        self.push(Op::OpenDevice { path, follow: true, major, minor, into: Slot::Tree });
        self.push(Op::SetAttr { tree: Slot::Tree, attr: set(attr), recursive: false });
    }

    fn filesystem(&mut self, mount: &MountStep, kind: &'static CStr, options: &[(&'static CStr, String)], attr: u64) {
        self.filesystem_with(mount, kind, options.iter().map(|(key, value)| (*key, c_string(value))).collect(), attr);
    }

    fn filesystem_with(
        &mut self,
        mount: &MountStep,
        kind: &'static CStr,
        options: Vec<(&'static CStr, CString)>,
        attr: u64,
    ) {
        self.push(Op::NewFilesystem { kind, options, switches: Vec::new(), attr, into: Slot::Tree });
        self.place(mount, Point::Directory);
    }

    /// A minimal /dev: made by the parent where it may make nodes, else by the child out of the host's.
    fn dev(&mut self, mount: &MountStep, mqueue: bool) {
        match self.prepared.dev {
            Some(fd) => {
                self.push(Op::Adopt { fd, into: Slot::Tree });
                self.place(mount, Point::Directory);
                self.push(Op::Keep { from: Slot::Tree, into: Slot::Dev });
            }
            None => self.bound_dev(mount, mqueue),
        }
        let options = pts_options().into_iter().map(|(key, value)| (key, c_string(&value))).collect();
        let attr = attributes(MountFlags { readonly: false, nosuid: true, nodev: false, noexec: true });
        self.push(Op::NewFilesystem {
            kind: c"devpts",
            options,
            switches: vec![c"newinstance"],
            attr,
            into: Slot::Tree,
        });
        self.attach_in_dev(c"pts", Point::Directory);
        if mqueue {
            let attr = attributes(MountFlags { readonly: false, nosuid: true, nodev: true, noexec: true });
            self.push(Op::NewFilesystem {
                kind: c"mqueue",
                options: Vec::new(),
                switches: Vec::new(),
                attr,
                into: Slot::Tree,
            });
            self.attach_in_dev(c"mqueue", Point::Directory);
        }
    }

    /// Nodes are mounts of the host's own, because none can be made in a user namespace.
    fn bound_dev(&mut self, mount: &MountStep, mqueue: bool) {
        let options = vec![(c"size", c"64m".into()), inodes(64 << 20), (c"mode", c"0755".into())];
        self.filesystem_with(mount, c"tmpfs", options, attributes(mount.flags));
        self.push(Op::Keep { from: Slot::Tree, into: Slot::Dev });
        for (name, path, major, minor) in NODES {
            self.push(Op::MakeFile { at: Slot::Dev, path: name.into(), mode: 0o666, content: Vec::new() });
            self.push(Op::OpenDevice { path: path.into(), follow: false, major, minor, into: Slot::Tree });
            let attr = set(libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC);
            self.push(Op::SetAttr { tree: Slot::Tree, attr, recursive: false });
            self.attach_in_dev(name, Point::File);
        }
        for (name, text) in LINKS {
            self.push(Op::MakeSymlink { at: Slot::Dev, missing: Vec::new(), name: name.into(), text: text.into() });
        }
        if self.plan.terminal() {
            self.push(Op::MakeFile { at: Slot::Dev, path: c"console".into(), mode: 0o620, content: Vec::new() });
        }
        for (name, mode) in [(c"pts", 0o755), (c"shm", 0o1777), (c"mqueue", 0o755)] {
            if mqueue || name != c"mqueue" {
                self.push(Op::MakeDirectory { at: Slot::Dev, path: name.into(), mode });
            }
        }
    }

    fn attach_in_dev(&mut self, name: &CStr, point: Point) {
        let at = Place { below: Slot::Dev, path: name.into(), no_links: true };
        self.push(Op::Attach { tree: Slot::Tree, at, missing: Vec::new(), point });
    }

    /// A file with a text lies in the scratch file system and is mounted from there: its target need not be writable.
    fn file(&mut self, mount: &MountStep, content: &str, mode: u32, attr: u64) {
        let name = c_string(&format!("file{}", self.scratch));
        self.scratch += 1;
        self.push(Op::MakeFile { at: Slot::Stage, path: name.clone(), mode, content: content.as_bytes().to_vec() });
        let at = Place { below: Slot::Stage, path: name, no_links: true };
        self.push(Op::CloneWithin { at, recursive: false, into: Slot::Tree, optional: false });
        self.push(Op::SetAttr { tree: Slot::Tree, attr: set(attr), recursive: false });
        self.place(mount, Point::File);
    }

    fn overlay_mount(&mut self, mount: &MountStep, lower: &[PathBuf], upper: Option<&(PathBuf, PathBuf)>, attr: u64) {
        self.push(Op::EnterStage);
        let lower: Vec<String> = lower.iter().map(|path| self.lower(path, self.prepared.parent_opens)).collect();
        let upper = match upper {
            None => self.upper(),
            Some((upper, work)) => (text(upper), text(work)),
        };
        self.overlay(&lower, Some(upper), attr, Slot::Tree);
        self.place(mount, Point::Directory);
    }
}

/// Flags that a mount must turn out to have.
fn proven(mount: &MountStep) -> u64 {
    let attr = attributes(mount.flags);
    if mount.what == Placed::Devpts { attr & !libc::MOUNT_ATTR_NODEV } else { attr }
}

fn text(path: &Path) -> String {
    path_string(path).to_string_lossy().into_owned()
}

fn pts_options() -> Vec<(&'static CStr, String)> {
    vec![(c"ptmxmode", "0666".to_owned()), (c"mode", "0620".to_owned())]
}

fn propagation_bits(name: Option<&str>) -> u64 {
    match name {
        Some("shared") => libc::MS_SHARED,
        Some("slave") => libc::MS_SLAVE,
        _ => libc::MS_PRIVATE,
    }
}
