//! Which subordinate ids own files in the store: to read or remove those, an ordinary user needs a namespace of them.

use super::{Store, StoreError};
use crate::runtime::image::extract::IdRange;
use crate::runtime::image::inside;

/// The ranges of user ids and of group ids.
type Ranges = (Vec<IdRange>, Vec<IdRange>);

impl Store {
    /// Writes down that files of these ids are coming.
    pub(in super::super) fn remember_ranges(&self, users: &[IdRange], groups: &[IdRange]) -> Result<(), StoreError> {
        let ranges = (users.to_vec(), groups.to_vec());
        if self.ranges().as_ref() == Some(&ranges) {
            return Ok(());
        }
        self.write("", "ranges", &serde_json::to_vec(&ranges).expect("numbers have a JSON form"))
    }

    fn ranges(&self) -> Option<Ranges> {
        serde_json::from_slice(&std::fs::read(self.path.join("ranges")).ok()?).ok()
    }

    /// Does `work` where all files of the store can be reached.
    pub(super) fn where_owned<T>(&self, work: impl FnOnce() -> Result<T, StoreError>) -> Result<T, StoreError>
    where
        T: serde::Serialize + serde::de::DeserializeOwned,
    {
        let Some((users, groups)) = self.ranges().filter(|_| !rustix::process::geteuid().is_root()) else {
            return work();
        };
        let answer = inside::run(&users, &groups, || {
            let done = work().map_err(|error| error.to_string())?;
            serde_json::to_vec(&done).map_err(|error| error.to_string())
        });
        let answer = answer.map_err(|error| StoreError::Inside(Box::new(error)))?;
        serde_json::from_slice(&answer).map_err(|error| StoreError::Answer(error.to_string()))
    }
}
