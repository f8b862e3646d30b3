//! Locks: flock(2) on files that stay, and vanish with the process that holds them.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt;

use rustix::fs::FlockOperation;
use rustix::io::Errno;

use super::{Store, StoreError};
use crate::runtime::image::call::Call;
use crate::runtime::image::digest::Digest;

/// A lock that is held as long as this lives.
#[derive(Debug)]
pub(in super::super) struct Lock {
    _file: File,
}

impl Store {
    /// Holds off [`Store::gc`] while something is made that nothing refers to yet.
    pub(in super::super) fn lock_making(&self) -> Result<Lock, StoreError> {
        self.directory("")?;
        self.lock("lock", FlockOperation::LockShared)
    }

    /// Holds off everybody who makes something; an error when there is one.
    pub(super) fn lock_cleaning(&self) -> Result<Lock, StoreError> {
        self.directory("")?;
        self.lock("lock", FlockOperation::NonBlockingLockExclusive)
    }

    /// Waits until nobody else makes `what`: the second of two equal launches then finds it made.
    pub(in super::super) fn lock_one(&self, what: &str) -> Result<Lock, StoreError> {
        self.directory("locks")?;
        self.lock(&format!("locks/{}", Digest::of(what.as_bytes()).hex()), FlockOperation::LockExclusive)
    }

    fn lock(&self, name: &str, operation: FlockOperation) -> Result<Lock, StoreError> {
        let path = self.path.join(name);
        let opened = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(&path);
        let file = opened.map_err(Call::io("open", &path))?;
        loop {
            match rustix::fs::flock(&file, operation) {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(Errno::INTR) => {}
                Err(Errno::WOULDBLOCK) => return Err(StoreError::Busy { path: self.path.clone() }),
                Err(errno) => return Err(Call::on("flock", &path)(errno).into()),
            }
        }
    }
}
