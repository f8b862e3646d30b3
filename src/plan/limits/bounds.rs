//! Numbers with bounds and lists of ranges, as several keys of `[limits]` have them.

use std::collections::BTreeSet;

use crate::config::At;
use crate::diagnostics::{Code, Problem};
use crate::plan::Lowering;

/// Highest member of a list: more than any kernel has processors (CONFIG_NR_CPUS).
const MEMBER_MAX: u32 = 8191;

/// Returns a number between two bounds, or records that it is not.
pub(super) fn within(lowering: &mut Lowering, at: At, number: i64, least: u64, most: u64, hint: &str) -> Option<u64> {
    let found = u64::try_from(number).ok().filter(|number| (least..=most).contains(number));
    if found.is_none() {
        lowering.problem(
            Problem::error(Code::OutOfRange, format!("`{at}` is {number}, not {least} to {most}"))
                .value(at, format!("{least} to {most}"))
                .help(format!("write a number from {least} to {most}; {hint}")),
        );
    }
    found
}

/// Reads a list of ranges as `0-3,6` (cpuset(7), "List format").
pub(crate) fn ranges(text: &str) -> Option<BTreeSet<u32>> {
    let mut members = BTreeSet::new();
    for part in text.trim().split(',').filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let number = |text: &str| text.trim().parse::<u32>().ok().filter(|number| *number <= MEMBER_MAX);
        let (first, last) = (number(first)?, number(last)?);
        if first > last {
            return None;
        }
        members.extend(first..=last);
    }
    Some(members)
}

#[cfg(test)]
mod tests {
    use super::ranges;

    #[test]
    fn lists_have_members() {
        assert_eq!(ranges("0-2,5"), Some([0, 1, 2, 5].into()));
        assert_eq!(ranges("2,0-1"), ranges("0-2"));
        for wrong in ["a", "3-1", "0-99999", "-1", "0-", "1-2-3"] {
            assert_eq!(ranges(wrong), None, "{wrong}");
        }
    }
}
