//! Limits: written, then read back: what the kernel keeps is what counts.

use std::path::Path;

use rustix::io::Errno;

use super::{Cgroup, call, failed, write};
use crate::plan::limits::{Compare, FileWrite, Limit, ranges};
use crate::plan::{Action, Plan};
use crate::runtime::failure::{Failure, FailureKind};

impl Cgroup {
    /// Sets all limits of a plan.
    pub(super) fn limit_all(&self, plan: &Plan) -> Result<(), Failure> {
        let limits = plan.numbered().filter_map(|(number, step)| match &step.action {
            Action::SetLimit(limit) => Some((number, limit)),
            _ => None,
        });
        let limits: Vec<(usize, &Limit)> = limits.collect();
        // What libcgroups refuses is written by us, so that the failure has the name of the key.
        #[cfg(feature = "libcgroups")]
        let written = self.version == crate::plan::host::CgroupVersion::V2
            && self
                .path_of("")
                .is_some_and(|path| super::libcgroups::apply(path, limits.iter().map(|(_, limit)| *limit)).is_ok());
        #[cfg(not(feature = "libcgroups"))]
        let written = false;
        for (number, limit) in limits {
            self.limit(limit, written).map_err(|failure| failure.of_step(number))?;
        }
        Ok(())
    }

    fn limit(&self, limit: &Limit, written: bool) -> Result<(), Failure> {
        for file in &limit.writes {
            let Some(directory) = self.path_of(&file.controller) else { continue };
            let path = directory.join(file.file.as_ref());
            if !written {
                write(&path, &file.value)?;
            }
            read_back(&path, file)?;
        }
        Ok(())
    }
}

fn read_back(path: &Path, file: &FileWrite) -> Result<(), Failure> {
    let kept = match std::fs::read_to_string(path) {
        Ok(kept) => kept,
        // A file that can only be written, as memory.reclaim.
        Err(error) if file.compare == Compare::Any && error.raw_os_error() != Some(libc::ENOENT) => return Ok(()),
        Err(error) => return Err(failed(call("read", path), &error)),
    };
    let kept = kept.trim_end();
    if is_kept(file.compare, &file.value, kept) {
        return Ok(());
    }
    let call = format!("{} holds {kept:?} after {:?} was written", path.display(), file.value);
    Err(Failure::new(FailureKind::Differs, call, Errno::INVAL))
}

fn is_kept(compare: Compare, written: &str, kept: &str) -> bool {
    match compare {
        Compare::Text => same_number(written, kept),
        Compare::Line => has_line(written, kept),
        Compare::Ranges => ranges(written).is_some_and(|members| ranges(kept) == Some(members)),
        Compare::Any => {
            same_number(written, kept)
                || has_line(written, kept)
                || ranges(written).is_some_and(|members| !members.is_empty() && ranges(kept) == Some(members))
                || kept.split_whitespace().eq(written.split_whitespace())
        }
    }
}

/// The kernel keeps whole pages of a size.
fn same_number(written: &str, kept: &str) -> bool {
    let page = crate::runtime::sys::page_size();
    let pages = || {
        let (written, kept) = (written.parse::<u64>().ok()?, kept.parse::<u64>().ok()?);
        Some(written >= page && kept == written / page * page)
    };
    written == kept || pages() == Some(true)
}

/// One line for each device: the words after the device, in any order.
fn has_line(written: &str, kept: &str) -> bool {
    let mut words = written.split_whitespace();
    let device = words.next();
    kept.lines().any(|line| {
        let mut line = line.split_whitespace();
        line.next() == device && {
            let kept: Vec<&str> = line.collect();
            words.clone().all(|word| kept.contains(&word))
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_ways_to_show_a_value_are_known() {
        for (compare, written, kept) in [
            (Compare::Text, "64", "64"),
            (Compare::Text, "5000000", "4997120"),
            (Compare::Line, "8:0 rbps=1048576", "8:16 rbps=1 wbps=max\n8:0 rbps=1048576 wbps=max riops=max wiops=max"),
            (Compare::Line, "8:0 1048576", "8:0 1048576"),
            (Compare::Ranges, "1,0", "0-1"),
            (Compare::Any, "50  100", "50 100"),
        ] {
            assert!(is_kept(compare, written, kept), "{written} {kept}");
        }
    }

    #[test]
    fn a_difference_is_seen() {
        for (compare, written, kept) in [
            (Compare::Text, "64", "max"),
            (Compare::Text, "5000000", "4000000"),
            (Compare::Line, "8:0 rbps=1048576", "8:0 rbps=max wbps=1048576"),
            (Compare::Line, "8:0 rbps=1048576", ""),
            (Compare::Ranges, "0-1", "0"),
            (Compare::Any, "1", "0"),
        ] {
            assert!(!is_kept(compare, written, kept), "{written} {kept}");
        }
    }
}
