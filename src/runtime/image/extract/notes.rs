//! What could not be unpacked as the archive has it, and is worth a line in the report.
//!
//! Nothing in here is a failure: failures are errors.

use crate::runtime::image::name::Name;

/// One such thing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Note {
    /// Making device nodes needs CAP_MKNOD in the first user namespace.
    #[error("{entry}: the device node {major}:{minor} was left out")]
    DeviceLeftOut {
        /// The entry.
        entry: Name,
        /// The major number.
        major: u32,
        /// The minor number.
        minor: u32,
    },
    /// An extended attribute that is not taken over, or that this user or file system cannot keep.
    #[error("{entry}: the extended attribute {name} was left out")]
    XattrLeftOut {
        /// The entry.
        entry: Name,
        /// The attribute.
        name: String,
    },
    /// Owners other than root were given up for the caller's single id.
    #[error("{count} entries belong to other users than root in the archive, and to the caller here")]
    OwnersFlattened {
        /// How many entries.
        count: u64,
    },
    /// A layer of an overlay brings something into a directory that it has no entry for.
    #[error("{entry}: the layer says nothing about this directory, and hides its owner and mode in the layers below")]
    DirectoryImplied {
        /// The directory.
        entry: Name,
    },
    /// There were more notes than are kept.
    #[error("and {count} more")]
    More {
        /// How many more.
        count: u64,
    },
}

/// The notes of one tree; an archive may give cause for millions, and a few tell the story.
#[derive(Debug, Default)]
pub(super) struct Notes {
    kept: Vec<Note>,
    more: u64,
    flattened: u64,
}

impl Notes {
    /// How many are kept one by one.
    const KEPT: usize = 32;

    pub(super) fn push(&mut self, note: Note) {
        if self.kept.len() < Self::KEPT {
            self.kept.push(note);
        } else {
            self.more += 1;
        }
    }

    /// Counts an owner that was given up.
    pub(super) fn flatten(&mut self) {
        self.flattened += 1;
    }

    pub(super) fn finish(mut self) -> Vec<Note> {
        if self.more > 0 {
            self.kept.push(Note::More { count: self.more });
        }
        if self.flattened > 0 {
            self.kept.push(Note::OwnersFlattened { count: self.flattened });
        }
        self.kept
    }
}
