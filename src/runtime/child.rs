//! Between clone and exec: only system calls; no heap, no locks, no panics, no thread-local storage.
//!
//! Everything here was prepared by [`super::program`]; whoever adds a step adds an `Op` there and one arm here. The child
//! may share its parent's memory: it reads the program, and writes nothing but its own stack.
#![allow(unsafe_code, reason = "a fence file: runs between clone and exec")]
#![deny(
    clippy::disallowed_types,
    clippy::disallowed_macros,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic
)]

use std::ffi::{CStr, c_void};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;
use rustix::mount::{
    FsMountFlags, FsOpenFlags, MountAttrFlags, MountPropagationFlags, MoveMountFlags, OpenTreeFlags, UnmountFlags,
};
use rustix::net::{RecvAncillaryBuffer, RecvAncillaryMessage};

use super::message::{Channel, Message};
use super::op::{Missing, Op, Place, Point, SLOTS, Slot};
use super::program::Program;
use super::sys::terminal::{self, Modes, Size};
use super::{init, magic, proc, prove, sys};

/// What the child knows: the program, its end of the channel, and the descriptors that operations leave for others.
pub(super) struct Child<'a> {
    pub(super) program: &'a Program,
    pub(super) channel: Channel<'a>,
    slots: [Option<OwnedFd>; SLOTS],
}

/// What clone3(2) passes to the child.
pub(super) struct Start {
    /// The program.
    pub(super) program: *const Program,
    /// Descriptor of the child's end of the channel.
    pub(super) channel: i32,
    /// Descriptor of the parent's end, which the child closes so that it sees the parent die.
    pub(super) parent_end: i32,
}

/// Entry of the child.
///
/// # Safety
/// `argument` is a [`Start`] whose program and descriptors live as long as this process runs on the parent's memory.
pub(super) unsafe extern "C" fn start(argument: *const c_void) -> ! {
    // SAFETY: the caller of clone3 passes a `Start`.
    let start = unsafe { &*argument.cast::<Start>() };
    // SAFETY: the parent's end belongs to the parent; this process's copy of the descriptor table is its own.
    unsafe { rustix::io::close(start.parent_end) };
    // SAFETY: as promised, the program lives, and the channel is open in this process.
    let (program, channel) = unsafe { (&*start.program, BorrowedFd::borrow_raw(start.channel)) };
    let mut child = Child { program, channel: Channel::new(channel), slots: [const { None }; SLOTS] };
    child.run(0, program.setup_len());
    if program.init() {
        init::run(&mut child);
    }
    child.become_command()
}

impl Child<'_> {
    /// Runs the operations of the command itself; ends in exec.
    pub(super) fn become_command(&mut self) -> ! {
        self.run(self.program.setup_len(), self.program.ops().len());
        sys::exit(125)
    }

    /// Runs operations in order; reports the first that fails and ends the process.
    fn run(&mut self, from: usize, to: usize) {
        for (number, op) in self.program.ops().iter().enumerate().skip(from).take(to.saturating_sub(from)) {
            if let Err(errno) = self.apply(op) {
                self.channel.send(Message::failed(number, errno));
                sys::exit(125);
            }
        }
    }

    fn slot(&self, slot: Slot) -> Result<BorrowedFd<'_>, Errno> {
        self.slots.get(slot as usize).and_then(Option::as_ref).map(AsFd::as_fd).ok_or(Errno::BADF)
    }

    fn put(&mut self, slot: Slot, fd: OwnedFd) {
        if let Some(place) = self.slots.get_mut(slot as usize) {
            *place = Some(fd);
        }
    }

    /// One arm for each operation, in the order of [`Op`].
    fn apply(&mut self, op: &Op) -> Result<(), Errno> {
        match op {
            Op::AwaitParent => self.channel.await_parent(),
            // The single-threaded writer moves itself: "0" to v1 `tasks` takes no lock that waits for other processors.
            Op::JoinCgroup { tasks } => write_all(borrow(*tasks), b"0"),
            Op::Unshare { flags, .. } => unshare(*flags),
            Op::SetNs { fd, flag, .. } => set_ns(*fd, *flag),
            Op::Write { path, data } => write_file(path, data),
            Op::WriteProc { path, data } => proc::write(path, data),
            Op::Sysctl { path, value, optional } => {
                ignore_if(*optional, proc::sysctl(self.slot(Slot::Root)?, path, value))
            }
            // Slave before private would not be enough: nothing may travel in either direction.
            Op::MakePrivate => {
                rustix::mount::mount_change(c"/", MountPropagationFlags::REC | MountPropagationFlags::PRIVATE)
            }
            Op::SetHostname(name) => rustix::system::sethostname(name.to_bytes()),
            Op::SetDomainname(name) => rustix::system::setdomainname(name.to_bytes()),
            Op::LoopbackUp => loopback_up(),
            Op::OpenTree { path, recursive, into } => self.open_tree(path, *recursive, *into),
            Op::OpenDevice { path, follow, major, minor, into } => {
                self.open_device(path, *follow, (*major, *minor), *into)
            }
            Op::ReceiveTree { into } => self.receive_tree(*into),
            Op::NewFilesystem { kind, options, switches, attr, into } => {
                self.new_filesystem(kind, options, switches, *attr, *into)
            }
            Op::SetAttr { tree, attr, recursive } => sys::mount_setattr(self.slot(*tree)?, attr, *recursive),
            Op::AttachOverHost { tree } => self.attach_over_host(*tree),
            Op::Attach { tree, at, missing, point } => self.attach(*tree, at, missing, *point),
            Op::EnterStage => rustix::process::fchdir(self.slot(Slot::Stage)?),
            Op::Adopt { fd, into } => self.adopt(*fd, *into),
            Op::Keep { from, into } => self.keep(*from, *into),
            Op::MakeDirectory { at, path, mode } => self.make_directory(*at, path, *mode),
            Op::MakeDirectories { missing, mode } => self.make_directories(missing, *mode),
            Op::MakeFile { at, path, mode, content } => self.make_file(*at, path, *mode, content),
            Op::MakeSymlink { at, missing, name, text } => self.make_symlink(*at, missing, name, text),
            Op::CloneWithin { at, recursive, into, optional } => self.clone_within(at, *recursive, *into, *optional),
            Op::ReadonlyWithin { at } => self.readonly_within(at),
            Op::Mask { at } => self.mask(at),
            Op::PivotRoot => self.pivot_root(),
            Op::SetRlimit { resource, soft, hard, .. } => sys::prlimit(0, *resource, *soft, *hard),
            Op::NewKeyring { optional } => new_keyring(*optional),
            Op::Umask(mask) => {
                rustix::process::umask(Mode::from_raw_mode(*mask));
                Ok(())
            }
            Op::KeepCapabilities => sys::prctl(libc::PR_SET_KEEPCAPS, 1, 0).map(drop),
            Op::DropBounding { keep, last } => drop_bounding(*keep, *last),
            Op::SetGroups(groups) => rustix::thread::set_thread_groups(groups),
            Op::RaiseCapabilities => raise_capabilities(),
            Op::NoMagicLinks { candidates } => magic::refuse(candidates),
            Op::SetGid(gid) => set_gid(*gid),
            Op::SetUid(uid) => set_uid(*uid),
            Op::Chdir(path) => chdir(path),
            Op::SetCapabilities { keep, ambient } => set_capabilities(*keep, *ambient),
            Op::NoNewPrivs => sys::prctl(libc::PR_SET_NO_NEW_PRIVS, 1, 0).map(drop),
            Op::Dumpable(dumpable) => sys::prctl(libc::PR_SET_DUMPABLE, usize::from(*dumpable), 0).map(drop),
            Op::DieWithParent => self.die_with_parent(),
            Op::Subreaper => sys::prctl(libc::PR_SET_CHILD_SUBREAPER, 1, 0).map(drop),
            Op::NewSession => rustix::process::setsid().map(drop),
            Op::Landlock { handled_fs, handled_net, paths, ports } => landlock(*handled_fs, *handled_net, paths, ports),
            Op::OpenTerminal { owner, size, modes } => self.open_terminal(*owner, *size, modes.as_ref()),
            Op::TakeTerminal { own_group } => self.take_terminal(*own_group),
            Op::Redirect { fd, stream } => redirect(*fd, *stream),
            Op::ResetSignals => {
                sys::default_signal_actions();
                sys::set_signal_mask(0).map(drop)
            }
            Op::CloseOnExec => sys::cloexec_from(3),
            Op::Seccomp { program, flags } => sys::seccomp(program, *flags),
            Op::ProveMount { tree, flags } => prove::mount(self.slot(*tree)?, *flags),
            Op::ProveRoot { flags } => prove::root(*flags),
            Op::ProveIds { uid, gid, groups } => prove::ids(*uid, *gid, groups.as_deref()),
            Op::ProveCapabilities { keep, ambient, last } => prove::capabilities(*keep, *ambient, *last),
            Op::ProveNoNewPrivs => prove::no_new_privs(),
            Op::ProveRlimit { resource, soft, hard, .. } => prove::rlimit(*resource, (*soft, *hard)),
            Op::ProveSeccomp => prove::seccomp(),
            Op::Exec { candidates } => Err(self.exec(candidates)),
        }
    }

    fn open_tree(&mut self, path: &CStr, recursive: bool, into: Slot) -> Result<(), Errno> {
        let tree = rustix::mount::open_tree(CWD, path, tree_flags(recursive))?;
        self.put(into, tree);
        Ok(())
    }

    /// A node of the host is taken only when it is what its name says: type and number are checked on the copy itself.
    fn open_device(&mut self, path: &CStr, follow: bool, number: (u32, u32), into: Slot) -> Result<(), Errno> {
        let links = if follow { OpenTreeFlags::empty() } else { OpenTreeFlags::AT_SYMLINK_NOFOLLOW };
        let tree = rustix::mount::open_tree(CWD, path, tree_flags(false) | links)?;
        let stat = rustix::fs::fstat(&tree)?;
        let is_device =
            matches!(FileType::from_raw_mode(stat.st_mode), FileType::CharacterDevice | FileType::BlockDevice);
        if !is_device || (rustix::fs::major(stat.st_rdev), rustix::fs::minor(stat.st_rdev)) != number {
            return Err(Errno::NODEV);
        }
        self.put(into, tree);
        Ok(())
    }

    fn receive_tree(&mut self, into: Slot) -> Result<(), Errno> {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let tree = self.channel.receive(&mut control).and_then(|()| {
            let mut fds = control.drain().filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(mut fds) => fds.next(),
                _ => None,
            });
            fds.next().ok_or(Errno::BADMSG)
        })?;
        self.put(into, tree);
        Ok(())
    }

    fn new_filesystem(
        &mut self,
        kind: &CStr,
        options: &[(&'static CStr, impl AsRef<CStr>)],
        switches: &[&'static CStr],
        attr: u64,
        into: Slot,
    ) -> Result<(), Errno> {
        let context = rustix::mount::fsopen(kind, FsOpenFlags::FSOPEN_CLOEXEC)?;
        for (key, value) in options {
            rustix::mount::fsconfig_set_string(context.as_fd(), *key, value.as_ref())?;
        }
        for switch in switches {
            rustix::mount::fsconfig_set_flag(context.as_fd(), *switch)?;
        }
        rustix::mount::fsconfig_create(context.as_fd())?;
        #[expect(
            clippy::cast_possible_truncation,
            reason = "fsmount(2) takes the low 32 bits; the flags above are for mount_setattr(2)"
        )]
        let attr = MountAttrFlags::from_bits_retain(attr as u32);
        let tree = rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attr)?;
        self.put(into, tree);
        Ok(())
    }

    /// The mount covers `/`, but this process's root stays below it: absolute paths still lead into the host's tree.
    fn attach_over_host(&mut self, tree: Slot) -> Result<(), Errno> {
        let tree = self.slot(tree)?;
        rustix::mount::move_mount(tree, c"", CWD, c"/", MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH)?;
        rustix::process::fchdir(tree)
    }

    fn adopt(&mut self, fd: i32, into: Slot) -> Result<(), Errno> {
        let copy = rustix::io::fcntl_dupfd_cloexec(borrow(fd), 3)?;
        self.put(into, copy);
        Ok(())
    }

    fn keep(&mut self, from: Slot, into: Slot) -> Result<(), Errno> {
        let copy = rustix::io::fcntl_dupfd_cloexec(self.slot(from)?, 3)?;
        self.put(into, copy);
        Ok(())
    }

    fn attach(&mut self, tree: Slot, at: &Place, missing: &[Missing], point: Point) -> Result<(), Errno> {
        let target = match self.resolve(at) {
            Err(Errno::NOENT) if !missing.is_empty() => {
                self.make_point(at.below, missing, point)?;
                self.resolve(at)?
            }
            other => other?,
        };
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        rustix::mount::move_mount(self.slot(tree)?, c"", target.as_fd(), c"", flags)
    }

    /// Resolves a path below a slot: links stay inside, magic links are refused (openat2(2), Linux 5.6).
    fn resolve(&self, at: &Place) -> Result<OwnedFd, Errno> {
        let links = if at.no_links { ResolveFlags::NO_SYMLINKS } else { ResolveFlags::empty() };
        open_below(self.slot(at.below)?, &at.path, OFlags::PATH, links)
    }

    /// Makes what is missing of a mount point, one name at a time, each resolved inside the root anew.
    fn make_point(&self, below: Slot, missing: &[Missing], point: Point) -> Result<(), Errno> {
        let Some((last, above)) = missing.split_last() else { return Ok(()) };
        for part in above {
            self.make_below(below, part, None)?;
        }
        if point == Point::Directory {
            return self.make_below(below, last, None);
        }
        let parent =
            open_below(self.slot(below)?, &last.parent, OFlags::PATH | OFlags::DIRECTORY, ResolveFlags::empty())?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        exists_is_fine(rustix::fs::openat(&parent, last.name.as_c_str(), flags, Mode::from_raw_mode(0o644)).map(drop))
    }

    fn make_below(&self, below: Slot, part: &Missing, mode: Option<u32>) -> Result<(), Errno> {
        let parent =
            open_below(self.slot(below)?, &part.parent, OFlags::PATH | OFlags::DIRECTORY, ResolveFlags::empty())?;
        exists_is_fine(rustix::fs::mkdirat(&parent, part.name.as_c_str(), Mode::from_raw_mode(0o755)))?;
        match mode {
            None => Ok(()),
            Some(mode) => {
                let made = rustix::fs::openat(
                    &parent,
                    part.name.as_c_str(),
                    OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC,
                    Mode::empty(),
                )?;
                rustix::fs::fchmod(&made, Mode::from_raw_mode(mode))
            }
        }
    }

    fn make_directory(&self, at: Slot, path: &CStr, mode: u32) -> Result<(), Errno> {
        rustix::fs::mkdirat(self.slot(at)?, path, Mode::from_raw_mode(mode))
    }

    fn make_directories(&self, missing: &[Missing], mode: Option<u32>) -> Result<(), Errno> {
        let Some((last, above)) = missing.split_last() else { return Ok(()) };
        for part in above {
            self.make_below(Slot::Root, part, None)?;
        }
        self.make_below(Slot::Root, last, mode)
    }

    fn make_file(&self, at: Slot, path: &CStr, mode: u32, content: &[u8]) -> Result<(), Errno> {
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::openat(self.slot(at)?, path, flags, Mode::from_raw_mode(0o600))?;
        write_all(file.as_fd(), content)?;
        rustix::fs::fchmod(&file, Mode::from_raw_mode(mode))
    }

    fn make_symlink(&self, at: Slot, missing: &[Missing], name: &CStr, text: &CStr) -> Result<(), Errno> {
        let Some((last, above)) = missing.split_last() else {
            return rustix::fs::symlinkat(text, self.slot(at)?, name);
        };
        for part in above {
            self.make_below(at, part, None)?;
        }
        let parent = open_below(self.slot(at)?, &last.parent, OFlags::PATH | OFlags::DIRECTORY, ResolveFlags::empty())?;
        rustix::fs::symlinkat(text, &parent, last.name.as_c_str())
    }

    fn clone_within(&mut self, at: &Place, recursive: bool, into: Slot, optional: bool) -> Result<(), Errno> {
        let found = match self.resolve(at) {
            Err(Errno::NOENT | Errno::NOTDIR) if optional => return Ok(()),
            other => other?,
        };
        let tree = rustix::mount::open_tree(&found, c"", tree_flags(recursive) | OpenTreeFlags::AT_EMPTY_PATH)?;
        self.put(into, tree);
        Ok(())
    }

    /// What does not exist cannot be written to; a path that is there is bound over itself, read-only.
    fn readonly_within(&self, at: &Place) -> Result<(), Errno> {
        let found = match self.resolve(at) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            other => other?,
        };
        let tree = rustix::mount::open_tree(&found, c"", tree_flags(true) | OpenTreeFlags::AT_EMPTY_PATH)?;
        let attr = sys::MountAttr { set: libc::MOUNT_ATTR_RDONLY, ..sys::MountAttr::default() };
        sys::mount_setattr(tree.as_fd(), &attr, true)?;
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        rustix::mount::move_mount(&tree, c"", &found, c"", flags)
    }

    /// What does not exist needs no cover.
    fn mask(&self, at: &Place) -> Result<(), Errno> {
        let found = match self.resolve(at) {
            Err(Errno::NOENT | Errno::NOTDIR) => return Ok(()),
            other => other?,
        };
        let directory = FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) == FileType::Directory;
        let cover = if directory { empty_directory()? } else { null_device()? };
        let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
        rustix::mount::move_mount(&cover, c"", &found, c"", flags)
    }

    /// The new root is the working directory: no directory is needed for the old one, which lies on top for a moment and
    /// is detached at once (pivot_root(2), NOTES).
    fn pivot_root(&mut self) -> Result<(), Errno> {
        rustix::process::fchdir(self.slot(Slot::Root)?)?;
        rustix::process::pivot_root(c".", c".")?;
        uncover(self.slot(Slot::Root)?)?;
        // Whatever still refers to the host's tree is closed.
        self.slots = [const { None }; SLOTS];
        rustix::process::chdir(c"/")
    }

    /// The signal is set after the ids, which clear it; a parent that died before leaves a closed channel.
    fn die_with_parent(&self) -> Result<(), Errno> {
        const SIGKILL: usize = 9;
        sys::prctl(libc::PR_SET_PDEATHSIG, SIGKILL, 0)?;
        if self.channel.is_closed() {
            sys::exit(125);
        }
        Ok(())
    }

    /// The pty is of the container's own devpts: nothing of the caller's terminal is ever open inside (TIOCSTI, TIOCLINUX).
    fn open_terminal(&mut self, owner: u32, size: Size, modes: Option<&Modes>) -> Result<(), Errno> {
        const DEVPTS_SUPER_MAGIC: i64 = 0x1cd1;
        let root = rustix::fs::open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
        let flags = OFlags::RDWR | OFlags::NOCTTY;
        let master = open_below(root.as_fd(), c"dev/pts/ptmx", flags, ResolveFlags::empty())?;
        if rustix::fs::fstatfs(&master)?.f_type != DEVPTS_SUPER_MAGIC {
            return Err(Errno::NODEV);
        }
        let peer = terminal::open_peer(master.as_fd())?;
        if let Some(modes) = modes {
            terminal::set_modes(peer.as_fd(), modes)?;
        }
        terminal::set_size(peer.as_fd(), size)?;
        if owner != 0 {
            rustix::fs::fchown(&peer, Some(rustix::fs::Uid::from_raw(owner)), None)?;
        }
        terminal::take_control(peer.as_fd())?;
        console(root.as_fd(), peer.as_fd())?;
        self.channel.send_terminal(master.as_fd())?;
        self.put(Slot::Terminal, peer);
        Ok(())
    }

    /// Below init the command is a job, as below a shell: Ctrl-Z stops it, and init sees it.
    fn take_terminal(&self, own_group: bool) -> Result<(), Errno> {
        let peer = self.slot(Slot::Terminal)?;
        if own_group {
            rustix::process::setpgid(None, None)?;
            terminal::set_foreground(peer, rustix::process::getpgrp().as_raw_nonzero().get())?;
        }
        for stream in 0..3 {
            redirect(peer.as_raw_fd(), stream)?;
        }
        Ok(())
    }

    /// Tries each candidate, as execvp(3): what is missing is passed over, what may not be executed is remembered.
    fn exec(&self, candidates: &[impl AsRef<CStr>]) -> Errno {
        let mut result = Errno::NOENT;
        for candidate in candidates {
            // SAFETY: the program keeps argv and envp, both ended by a null pointer, as long as it lives.
            match unsafe { sys::execve(candidate.as_ref(), self.program.argv(), self.program.envp()) } {
                Errno::NOENT | Errno::NOTDIR => {}
                Errno::ACCESS => result = Errno::ACCESS,
                other => return other,
            }
        }
        result
    }
}

/// A /dev that is not ours need not have a console.
fn console(root: BorrowedFd<'_>, peer: BorrowedFd<'_>) -> Result<(), Errno> {
    let target = match open_below(root, c"dev/console", OFlags::PATH, ResolveFlags::NO_SYMLINKS) {
        Err(Errno::NOENT | Errno::NOTDIR | Errno::LOOP) => return Ok(()),
        other => other?,
    };
    let tree = rustix::mount::open_tree(peer, c"", tree_flags(false) | OpenTreeFlags::AT_EMPTY_PATH)?;
    let flags = MoveMountFlags::MOVE_MOUNT_F_EMPTY_PATH | MoveMountFlags::MOVE_MOUNT_T_EMPTY_PATH;
    rustix::mount::move_mount(&tree, c"", &target, c"", flags)
}

/// The host's tree lies over the new root, and what was laid over it to build the root, over that: all of it goes, from
/// the top. Paths would not show what is left, but setns(2) into this very namespace would lead there.
fn uncover(root: BorrowedFd<'_>) -> Result<(), Errno> {
    const MOST: u32 = 16;
    let id = |at: BorrowedFd<'_>, path: &CStr| {
        rustix::fs::statx(at, path, rustix::fs::AtFlags::EMPTY_PATH, rustix::fs::StatxFlags::MNT_ID)
            .map(|found| found.stx_mnt_id)
    };
    let own = id(root, c"")?;
    for _ in 0..MOST {
        // The parent of a root is what lies on top of it.
        if id(CWD, c"/..")? == own {
            return Ok(());
        }
        rustix::mount::unmount(c"/..", UnmountFlags::DETACH)?;
    }
    Err(Errno::BUSY)
}

/// The directory is opened inside the root, without magic links, and then entered: it cannot be one of the host.
fn chdir(path: &CStr) -> Result<(), Errno> {
    let root = rustix::fs::open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    let directory = open_below(root.as_fd(), path, OFlags::PATH | OFlags::DIRECTORY, ResolveFlags::empty())?;
    rustix::process::fchdir(directory)
}

fn landlock(
    handled_fs: u64,
    handled_net: u64,
    paths: &[(impl AsRef<CStr>, u64)],
    ports: &[(u16, u64)],
) -> Result<(), Errno> {
    let ruleset = sys::landlock_ruleset(handled_fs, handled_net)?;
    let root = rustix::fs::open(c"/", OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?;
    for (path, access) in paths {
        let found = open_below(root.as_fd(), path.as_ref(), OFlags::PATH, ResolveFlags::empty())?;
        let directory = FileType::from_raw_mode(rustix::fs::fstat(&found)?.st_mode) == FileType::Directory;
        // A file cannot have the rights of directories.
        let access = if directory { *access } else { *access & super::program::LANDLOCK_FILE };
        sys::landlock_path(ruleset.as_fd(), found.as_fd(), access)?;
    }
    for (port, access) in ports {
        sys::landlock_port(ruleset.as_fd(), *port, *access)?;
    }
    sys::landlock_restrict(ruleset.as_fd())
}

fn tree_flags(recursive: bool) -> OpenTreeFlags {
    let flags = OpenTreeFlags::OPEN_TREE_CLONE | OpenTreeFlags::OPEN_TREE_CLOEXEC;
    if recursive { flags | OpenTreeFlags::AT_RECURSIVE } else { flags }
}

pub(super) fn open_below(
    root: BorrowedFd<'_>,
    path: &CStr,
    flags: OFlags,
    links: ResolveFlags,
) -> Result<OwnedFd, Errno> {
    let path = if path.is_empty() { c"." } else { path };
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS | links;
    loop {
        // EAGAIN: something was renamed on the way, the kernel could not vouch for the result (openat2(2)).
        match rustix::fs::openat2(root, path, flags | OFlags::CLOEXEC, Mode::empty(), resolve) {
            Err(Errno::AGAIN | Errno::INTR) => {}
            other => return other,
        }
    }
}

fn exists_is_fine(result: Result<(), Errno>) -> Result<(), Errno> {
    if result == Err(Errno::EXIST) { Ok(()) } else { result }
}

fn ignore_if(optional: bool, result: Result<(), Errno>) -> Result<(), Errno> {
    if optional { Ok(()) } else { result }
}

/// What a filter around us refuses, or a kernel does not have, is no keyring that could be inherited and used; quotas are
/// counted over all containers of a user, and given back late.
fn new_keyring(optional: bool) -> Result<(), Errno> {
    match sys::join_session_keyring() {
        Err(Errno::NOSYS | Errno::PERM | Errno::DQUOT) if optional => Ok(()),
        other => other,
    }
}

fn raise_capabilities() -> Result<(), Errno> {
    let (_, permitted, inheritable) = sys::capget()?;
    sys::capset(permitted, inheritable)
}

fn borrow(fd: i32) -> BorrowedFd<'static> {
    // SAFETY: the parent opened it before clone and keeps it open until the child is gone.
    unsafe { BorrowedFd::borrow_raw(fd) }
}

fn write_all(file: BorrowedFd<'_>, mut data: &[u8]) -> Result<(), Errno> {
    while !data.is_empty() {
        match rustix::io::write(file, data) {
            Ok(written) => data = data.get(written..).unwrap_or_default(),
            Err(Errno::INTR) => {}
            Err(errno) => return Err(errno),
        }
    }
    Ok(())
}

fn write_file(path: &CStr, data: &[u8]) -> Result<(), Errno> {
    let file = rustix::fs::open(path, OFlags::WRONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW, Mode::empty())?;
    // Files of /proc take their value in one write.
    rustix::io::write(&file, data).map(drop)
}

fn unshare(flags: u64) -> Result<(), Errno> {
    #[expect(clippy::cast_possible_truncation, reason = "CLONE_NEW* flags of unshare(2) are 32 bits")]
    let flags = rustix::thread::UnshareFlags::from_bits_retain(flags as u32);
    // SAFETY: only namespaces are unshared; the descriptor table and the memory stay as they are.
    unsafe { rustix::thread::unshare_unsafe(flags) }
}

fn set_ns(fd: i32, flag: i32) -> Result<(), Errno> {
    sys::set_ns(fd, flag)
}

fn loopback_up() -> Result<(), Errno> {
    let socket = rustix::net::socket(rustix::net::AddressFamily::INET, rustix::net::SocketType::DGRAM, None)?;
    sys::loopback_up(socket.as_fd())
}

fn empty_directory() -> Result<OwnedFd, Errno> {
    let context = rustix::mount::fsopen(c"tmpfs", FsOpenFlags::FSOPEN_CLOEXEC)?;
    rustix::mount::fsconfig_set_string(context.as_fd(), c"size", c"4k")?;
    rustix::mount::fsconfig_set_string(context.as_fd(), c"nr_inodes", c"1")?;
    rustix::mount::fsconfig_set_string(context.as_fd(), c"mode", c"0555")?;
    rustix::mount::fsconfig_create(context.as_fd())?;
    let attr = MountAttrFlags::MOUNT_ATTR_RDONLY
        | MountAttrFlags::MOUNT_ATTR_NOSUID
        | MountAttrFlags::MOUNT_ATTR_NODEV
        | MountAttrFlags::MOUNT_ATTR_NOEXEC;
    rustix::mount::fsmount(context.as_fd(), FsMountFlags::FSMOUNT_CLOEXEC, attr)
}

/// The host's /dev/null, checked to be it.
fn null_device() -> Result<OwnedFd, Errno> {
    let tree = rustix::mount::open_tree(CWD, c"/dev/null", tree_flags(false) | OpenTreeFlags::AT_SYMLINK_NOFOLLOW)?;
    let stat = rustix::fs::fstat(&tree)?;
    if FileType::from_raw_mode(stat.st_mode) != FileType::CharacterDevice || stat.st_rdev != rustix::fs::makedev(1, 3) {
        return Err(Errno::NODEV);
    }
    let attr = sys::MountAttr {
        set: libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NOEXEC,
        ..sys::MountAttr::default()
    };
    sys::mount_setattr(tree.as_fd(), &attr, false)?;
    Ok(tree)
}

fn drop_bounding(keep: u64, last: u32) -> Result<(), Errno> {
    for capability in (0..=last).filter(|capability| keep >> capability & 1 == 0) {
        sys::prctl(libc::PR_CAPBSET_DROP, capability as usize, 0)?;
    }
    Ok(())
}

fn set_gid(gid: u32) -> Result<(), Errno> {
    let gid = Some(rustix::fs::Gid::from_raw(gid));
    rustix::thread::set_thread_res_gid(gid, gid, gid)
}

fn set_uid(uid: u32) -> Result<(), Errno> {
    let uid = Some(rustix::fs::Uid::from_raw(uid));
    rustix::thread::set_thread_res_uid(uid, uid, uid)
}

fn set_capabilities(keep: u64, ambient: u64) -> Result<(), Errno> {
    const PR_CAP_AMBIENT_CLEAR_ALL: usize = 4;
    const PR_CAP_AMBIENT_RAISE: usize = 2;
    sys::capset(keep, keep)?;
    sys::prctl(libc::PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0)?;
    for capability in (0..64).filter(|capability| ambient >> capability & 1 == 1) {
        sys::prctl(libc::PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, capability)?;
    }
    Ok(())
}

fn redirect(fd: i32, stream: i32) -> Result<(), Errno> {
    sys::dup_to(fd, stream)
}
