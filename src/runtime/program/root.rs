//! Operations that put the root together and enter it.

use std::ffi::{CStr, CString};
use std::path::Path;

use super::{Compiler, TreeRequest, attributes, c_string, in_root, missing, path_string, relative, set};
use crate::plan::Action;
use crate::plan::host::HostEntry;
use crate::plan::mounts::MountFlags;
use crate::plan::rootfs::{MountPoint, PointKind, RootSource, RootStep, Writes};
use crate::runtime::op::{Op, Place, Point, Slot};

/// Flags of the root: device nodes of its file system are unusable, whoever made them.
const ROOT: u64 = libc::MOUNT_ATTR_NODEV;
const READONLY_ROOT: u64 = ROOT | libc::MOUNT_ATTR_RDONLY;
/// Bytes of a scratch file system that holds only names.
const NAMES_ONLY: u64 = 1024 * 1024;

/// Files of a file system in memory: each takes about 1 KiB that its size does not count (tmpfs(5)).
pub(super) fn inodes(size: u64) -> (&'static CStr, CString) {
    (c"nr_inodes", c_string(&(size / 1024).max(1024).to_string()))
}

/// Flags that the root must turn out to have.
fn proven(root: &RootStep) -> u64 {
    let refused = matches!(root.writes, Writes::Refused | Writes::Sealed { .. });
    let host = matches!(root.source, RootSource::Host { .. });
    ROOT | if refused { libc::MOUNT_ATTR_RDONLY } else { 0 } | if host { libc::MOUNT_ATTR_NOSUID } else { 0 }
}

impl Compiler<'_> {
    pub(super) fn build_root(&mut self, root: &RootStep) {
        if self.needs_stage(root) {
            self.stage(if let Writes::Overlay { size } = root.writes {
                size
            } else {
                NAMES_ONLY.max(self.text_bytes())
            });
        }
        match (&root.source, &root.writes) {
            (RootSource::Directory { path }, Writes::Refused) => self.plain_root(path, READONLY_ROOT, root.idmapped),
            (RootSource::Directory { path }, Writes::Reach) => self.plain_root(path, ROOT, root.idmapped),
            (RootSource::Directory { path }, Writes::Sealed { missing }) => {
                let lower = self.lower(path, root.idmapped);
                self.scaffold(missing);
                self.overlay(&[lower, "scaffold".to_owned()], None, READONLY_ROOT, Slot::Root);
                self.push(Op::AttachOverHost { tree: Slot::Root });
            }
            (RootSource::Directory { path }, Writes::Overlay { .. }) => {
                let lower = self.lower(path, root.idmapped);
                let upper = self.upper();
                self.overlay(&[lower], Some(upper), ROOT, Slot::Root);
                self.push(Op::AttachOverHost { tree: Slot::Root });
            }
            (RootSource::Host { entries }, writes) => self.host_root(entries, matches!(writes, Writes::Overlay { .. })),
        }
    }

    /// A scratch file system is needed for overlays and for files with a text.
    fn needs_stage(&self, root: &RootStep) -> bool {
        matches!(root.writes, Writes::Sealed { .. } | Writes::Overlay { .. })
            || self.plan.steps.iter().any(|step| super::files::needs_stage(&step.action))
    }

    /// Bytes that the written files take, in whole pages.
    fn text_bytes(&self) -> u64 {
        let pages: u64 = self.plan.steps.iter().map(|step| super::files::pages(&step.action)).sum();
        (pages + 64) * 4096
    }

    fn stage(&mut self, size: u64) {
        let options = vec![(c"size", c_string(&size.to_string())), inodes(size), (c"mode", c"0755".into())];
        self.push(Op::NewFilesystem {
            kind: c"tmpfs",
            options,
            switches: Vec::new(),
            attr: libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV,
            into: Slot::Stage,
        });
        self.push(Op::AttachOverHost { tree: Slot::Stage });
    }

    fn plain_root(&mut self, path: &Path, attr: u64, idmapped: bool) {
        self.tree(path, attr, true, idmapped, 0, Slot::Root);
        self.push(Op::AttachOverHost { tree: Slot::Root });
    }

    /// Leaves a copy of a mount of the host in a slot: opened by the child, or by the parent where the child could not.
    pub(super) fn tree(
        &mut self,
        path: &Path,
        attr: u64,
        recursive: bool,
        idmapped: bool,
        propagation: u64,
        into: Slot,
    ) {
        let path = path_string(path);
        if self.prepared.parent_opens {
            // A copy belongs to the peer group of what it is a copy of: what is mounted in it would appear on the host.
            let propagation = if propagation == 0 { libc::MS_PRIVATE } else { propagation };
            let device = None;
            self.requests.push(TreeRequest { path, recursive, attr, propagation, idmapped, device, step: self.step });
            self.push(Op::ReceiveTree { into });
            return;
        }
        self.push(Op::OpenTree { path, recursive, into });
        if attr != 0 || propagation != 0 {
            let attr = crate::runtime::sys::MountAttr { propagation, ..set(attr) };
            self.push(Op::SetAttr { tree: into, attr, recursive });
        }
    }

    /// Attaches a directory of the host in the scratch file system; returns its name there.
    pub(super) fn lower(&mut self, path: &Path, idmapped: bool) -> String {
        let name = self.scratch_directory("lower");
        self.tree(path, READONLY_ROOT, true, idmapped, 0, Slot::Tree);
        let at = Place { below: Slot::Stage, path: c_string(&name), no_links: true };
        self.push(Op::Attach { tree: Slot::Tree, at, missing: Vec::new(), point: Point::Directory });
        name
    }

    /// Makes the two directories that take the writes of an overlay in memory.
    pub(super) fn upper(&mut self) -> (String, String) {
        (self.scratch_directory("upper"), self.scratch_directory("work"))
    }

    fn scratch_directory(&mut self, kind: &str) -> String {
        let name = format!("{kind}{}", self.scratch);
        self.scratch += 1;
        self.push(Op::MakeDirectory { at: Slot::Stage, path: c_string(&name), mode: 0o755 });
        name
    }

    /// Makes an overlay of directories of the scratch file system, which is the working directory (overlayfs.rst).
    pub(super) fn overlay(&mut self, lower: &[String], upper: Option<(String, String)>, attr: u64, into: Slot) {
        let mut options = vec![(c"source", c"overlay".into()), (c"lowerdir", c_string(&lower.join(":")))];
        if let Some((upper, work)) = upper {
            options.push((c"upperdir", c_string(&upper)));
            options.push((c"workdir", c_string(&work)));
        }
        // In a user namespace only user.* attributes can be written (Linux 5.11).
        let switches = if self.user_namespace { vec![c"userxattr"] } else { Vec::new() };
        self.push(Op::NewFilesystem { kind: c"overlay", options, switches, attr, into });
    }

    /// Makes the missing mount points in a layer that lies under the root.
    fn scaffold(&mut self, points: &[MountPoint]) {
        self.push(Op::MakeDirectory { at: Slot::Stage, path: c"scaffold".into(), mode: 0o755 });
        let mut made: Vec<String> = Vec::new();
        for point in points {
            let mut path = String::from("scaffold");
            let names: Vec<&str> = point.path.split('/').filter(|name| !name.is_empty()).collect();
            let Some((last, above)) = names.split_last() else { continue };
            for name in above {
                path = format!("{path}/{name}");
                self.scaffold_directory(&path, &mut made);
            }
            path = format!("{path}/{last}");
            match &point.kind {
                PointKind::Directory => self.scaffold_directory(&path, &mut made),
                PointKind::File => {
                    self.push(Op::MakeFile {
                        at: Slot::Stage,
                        path: c_string(&path),
                        mode: 0o644,
                        content: Vec::new(),
                    });
                }
                PointKind::Symlink(text) => self.push(Op::MakeSymlink {
                    at: Slot::Stage,
                    missing: Vec::new(),
                    name: c_string(&path),
                    text: c_string(text),
                }),
            }
        }
    }

    fn scaffold_directory(&mut self, path: &str, made: &mut Vec<String>) {
        if !made.iter().any(|known| known == path) {
            made.push(path.to_owned());
            self.push(Op::MakeDirectory { at: Slot::Stage, path: c_string(path), mode: 0o755 });
        }
    }

    fn host_root(&mut self, entries: &[HostEntry], writable: bool) {
        let size = 64 * 1024 * 1024;
        let options = vec![(c"size", c_string(&size.to_string())), inodes(size), (c"mode", c"0755".into())];
        self.push(Op::NewFilesystem {
            kind: c"tmpfs",
            options,
            switches: Vec::new(),
            attr: ROOT | libc::MOUNT_ATTR_NOSUID,
            into: Slot::Root,
        });
        self.push(Op::AttachOverHost { tree: Slot::Root });
        let flags = MountFlags { readonly: true, nosuid: true, nodev: true, noexec: false };
        let idmapped = self.prepared.parent_opens;
        for entry in entries {
            match entry {
                HostEntry::Symlink(path, text) => {
                    self.push(Op::MakeSymlink {
                        at: Slot::Root,
                        missing: missing(path),
                        name: relative(path),
                        text: c_string(text),
                    });
                }
                HostEntry::Directory(path) if writable => {
                    // Not back on top of the host: the scratch file system is entered by its descriptor.
                    self.push(Op::EnterStage);
                    let lower = self.lower(Path::new(path), idmapped);
                    let upper = self.upper();
                    self.overlay(&[lower], Some(upper), ROOT | libc::MOUNT_ATTR_NOSUID, Slot::Tree);
                    self.attach_entry(path, Point::Directory);
                }
                HostEntry::Directory(path) => {
                    self.tree(Path::new(path), attributes(flags), true, idmapped, 0, Slot::Tree);
                    self.attach_entry(path, Point::Directory);
                }
                HostEntry::File(path) => {
                    self.tree(Path::new(path), attributes(flags), false, idmapped, 0, Slot::Tree);
                    self.attach_entry(path, Point::File);
                }
            }
        }
    }

    fn attach_entry(&mut self, path: &str, point: Point) {
        self.push(Op::Attach { tree: Slot::Tree, at: in_root(path), missing: missing(path), point });
    }

    pub(super) fn enter_root(&mut self, readonly: bool) {
        if readonly {
            self.push(Op::SetAttr { tree: Slot::Root, attr: set(libc::MOUNT_ATTR_RDONLY), recursive: false });
        }
        self.push(Op::PivotRoot);
        let own = self.step;
        for (number, step) in self.plan.numbered() {
            if let Action::BuildRoot(root) = &step.action {
                self.step = number;
                self.push(Op::ProveRoot { flags: proven(root) });
            }
        }
        self.step = own;
    }
}
