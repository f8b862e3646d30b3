//! Looks whether everything in the store is what its name says, and lists it.
//!
//! It never repairs: what is damaged is named, and `launch store gc` or the next pull makes it anew.

use std::fs::File;
use std::io;
use std::path::PathBuf;

use super::{Store, StoreError, listing, tree};
use crate::runtime::image::digest::{Digest, Tap};

/// Something in the store that is not what its name says.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
pub enum Damage {
    /// A blob with other bytes.
    #[error("{path:?}: the bytes have the digest {found}")]
    Blob {
        /// Where.
        path: PathBuf,
        /// What they have.
        found: Digest,
    },
    /// Something that cannot be read.
    #[error("{path:?}: {error}")]
    Unreadable {
        /// Where.
        path: PathBuf,
        /// Why.
        error: String,
    },
    /// A tree that somebody wrote to.
    #[error("{path:?}: the tree is not what was unpacked (listing {found}, then {wanted})")]
    Tree {
        /// Where.
        path: PathBuf,
        /// What was written down.
        wanted: Digest,
        /// What is there.
        found: Digest,
    },
    /// A file that does not belong there.
    #[error("{path:?} does not belong into the store")]
    Stray {
        /// Where.
        path: PathBuf,
    },
}

/// A source in the store, as `launch store ls` shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The source.
    pub source: String,
    /// Its digest.
    pub digest: Digest,
    /// Bytes of its unpacked trees.
    pub bytes: u64,
    /// Where the trees are.
    pub trees: Vec<PathBuf>,
}

impl Store {
    /// Lists the sources.
    pub fn ls(&self) -> Result<Vec<Listed>, StoreError> {
        let kinds = self.entries("trees")?;
        let mut listed = Vec::new();
        for (_, known) in self.all_known()? {
            let of_layer = |layer: &Digest| kinds.iter().map(|kind| kind.join(layer.hex())).collect::<Vec<_>>();
            let trees: Vec<PathBuf> = known
                .trees()
                .collect::<std::collections::BTreeSet<_>>()
                .iter()
                .flat_map(of_layer)
                .filter(|path| path.is_dir())
                .collect();
            let bytes = trees.iter().filter_map(|path| tree::facts(path)).map(|facts| facts.bytes).sum();
            listed.push(Listed { source: known.source, digest: known.digest, bytes, trees });
        }
        listed.sort_by(|one, other| one.source.cmp(&other.source));
        Ok(listed)
    }

    /// Reads everything and compares it with its name. Empty is good.
    pub fn verify(&self) -> Result<Vec<Damage>, StoreError> {
        self.where_owned(|| self.verify_here())
    }

    fn verify_here(&self) -> Result<Vec<Damage>, StoreError> {
        let mut damage = Vec::new();
        for path in self.entries("blobs/sha256")? {
            damage.extend(blob(path));
        }
        for kind in self.entries("trees")? {
            for path in self.entries(&kind)? {
                damage.extend(check_tree(path));
            }
        }
        Ok(damage)
    }
}

fn blob(path: PathBuf) -> Option<Damage> {
    let Some(wanted) = path.file_name().and_then(|name| Digest::from_hex(name.to_str()?).ok()) else {
        return Some(Damage::Stray { path });
    };
    match File::open(&path).and_then(|file| Tap::new(io::BufReader::with_capacity(128 * 1024, file)).finish()) {
        Ok((found, _)) if found == wanted => None,
        Ok((found, _)) => Some(Damage::Blob { path, found }),
        Err(error) => Some(Damage::Unreadable { path, error: error.to_string() }),
    }
}

fn check_tree(path: PathBuf) -> Option<Damage> {
    let Some(facts) = tree::facts(&path) else {
        return Some(Damage::Unreadable { path, error: "its entry cannot be read".to_owned() });
    };
    let opened = File::open(path.join("tree"));
    let found = opened
        .map_err(|error| error.to_string())
        .and_then(|tree| listing::of(&tree.into()).map(|listing| listing.digest).map_err(|call| call.to_string()));
    match found {
        Ok(found) if found == facts.listing => None,
        Ok(found) => Some(Damage::Tree { path, wanted: facts.listing, found }),
        Err(error) => Some(Damage::Unreadable { path, error }),
    }
}
