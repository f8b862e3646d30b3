//! Finds the directory that an entry goes into, and makes it where the archive does not.
//!
//! Links on the way are resolved with the tree as their root, so `lib/x` lands in `usr/lib` when `/lib -> /usr/lib`:
//! that is how images are meant, and it cannot leave the tree.

use std::os::fd::{AsFd, OwnedFd};
use std::rc::Rc;

use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::{ExtractError, Extractor, Whiteouts, whiteout};
use crate::runtime::image::name::Name;

/// The root, and the directory found last: neighbours in an archive are neighbours in the tree.
pub(super) struct Parents {
    root: OwnedFd,
    last: Option<(Name, Rc<OwnedFd>)>,
}

impl Parents {
    pub(super) fn new(root: OwnedFd) -> Self {
        Self { root, last: None }
    }

    /// Opens a directory, O_PATH, that exists.
    pub(super) fn open(&mut self, directory: &Name) -> Result<Rc<OwnedFd>, Errno> {
        if let Some((name, fd)) = &self.last
            && name == directory
        {
            return Ok(Rc::clone(fd));
        }
        let fd = Rc::new(open_below(&self.root, directory)?);
        self.last = Some((directory.clone(), Rc::clone(&fd)));
        Ok(fd)
    }

    /// Forgets what was found: something that is not a plain file has been removed.
    pub(super) fn forget(&mut self) {
        self.last = None;
    }
}

fn open_below(root: impl AsFd, directory: &Name) -> Result<OwnedFd, Errno> {
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let resolve = ResolveFlags::IN_ROOT | ResolveFlags::NO_MAGICLINKS;
    loop {
        // EAGAIN: a rename anywhere on the machine raced with a `..` of a link, openat2(2).
        match rustix::fs::openat2(root.as_fd(), directory.path(), flags, Mode::empty(), resolve) {
            Err(Errno::AGAIN) => {}
            other => return other,
        }
    }
}

impl Extractor {
    /// Returns the directory of `entry`, making it and those above it where they are missing.
    pub(super) fn parent(&mut self, directory: &Name, entry: &Name) -> Result<Rc<OwnedFd>, ExtractError> {
        match self.parents.open(directory) {
            Ok(fd) => Ok(fd),
            Err(Errno::NOENT | Errno::NOTDIR) => self.make_parents(directory, entry),
            Err(errno) => Err(ExtractError::Parent { entry: entry.clone(), parent: directory.clone(), errno }),
        }
    }

    fn make_parents(&mut self, directory: &Name, entry: &Name) -> Result<Rc<OwnedFd>, ExtractError> {
        let refused =
            |parent: &Name, errno| ExtractError::Parent { entry: entry.clone(), parent: parent.clone(), errno };
        let mut here = Name::default();
        let mut fd = self.parents.open(&here).map_err(|errno| refused(&here, errno))?;
        for component in directory.components() {
            let next = here.join(component);
            fd = match self.parents.open(&next) {
                Ok(found) => found,
                Err(Errno::NOTDIR) if self.uncover(&fd, component, &next)? => {
                    self.make(&fd, component, &next, entry)?
                }
                Err(Errno::NOENT) => self.make(&fd, component, &next, entry)?,
                Err(errno) => return Err(refused(&next, errno)),
            };
            here = next;
        }
        Ok(fd)
    }

    fn make(
        &mut self,
        parent: &OwnedFd,
        component: &std::ffi::OsStr,
        name: &Name,
        entry: &Name,
    ) -> Result<Rc<OwnedFd>, ExtractError> {
        // EEXIST: a link that dangles. What it names does not exist, and it would be a guess to make that.
        let refused = |errno| ExtractError::Parent { entry: entry.clone(), parent: name.clone(), errno };
        rustix::fs::mkdirat(parent, component, Mode::RWXU).map_err(refused)?;
        self.imply(name)?;
        self.parents.open(name).map_err(refused)
    }

    /// A directory comes after its own whiteout: it hides what is below it in the lower layers, whole.
    fn uncover(&mut self, parent: &OwnedFd, component: &std::ffi::OsStr, name: &Name) -> Result<bool, ExtractError> {
        let Whiteouts::Overlay(_) = self.whiteouts else { return Ok(false) };
        if !whiteout::is_whiteout(parent, component) {
            return Ok(false);
        }
        rustix::fs::unlinkat(parent, component, AtFlags::empty()).map_err(ExtractError::call("unlinkat", name))?;
        self.directories.set_opaque(name.clone());
        Ok(true)
    }
}
