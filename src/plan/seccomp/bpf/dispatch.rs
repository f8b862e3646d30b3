//! From the number of a call to its verdict: ranges, then a tree of comparisons. Never looks at arguments.

use std::ops::Range;

use super::super::table::SPAN;
use super::{Graph, Label, Profile, Test};

/// Consecutive numbers with one target: from `first` up to the next range.
struct Run {
    first: u32,
    target: Label,
}

/// A range of numbers with one target but for a few single numbers in it, each of which costs one comparison; as ranges of
/// their own they would cost two.
struct Segment {
    first: u32,
    target: Label,
    exceptions: Range<usize>,
}

/// The segments, with the exceptions of all of them in one list.
struct Segments {
    list: Vec<Segment>,
    exceptions: Vec<Run>,
}

/// The first number that no table can have.
#[expect(clippy::cast_possible_truncation, reason = "the tables span 512 numbers")]
const PAST_TABLES: u32 = SPAN as u32;

/// So many comparisons in a row are no slower than a further level of the tree.
const SHORT: usize = 3;

/// Emits the comparisons that lead every number to its verdict.
pub(super) fn tree(profile: &Profile, graph: &mut Graph) -> Label {
    let runs = runs(profile, graph);
    let segments = Segments::of(&runs);
    segments.tree(&segments.list, PAST_TABLES, graph)
}

fn runs(profile: &Profile, graph: &mut Graph) -> Vec<Run> {
    let mut labels = vec![None; profile.verdicts().len()];
    let mut runs: Vec<Run> = Vec::with_capacity(128);
    for number in 0..=PAST_TABLES {
        let slot = usize::from(profile.slot(number));
        let label = *labels[slot].get_or_insert_with(|| super::verdict(&profile.verdicts()[slot], graph));
        append(&mut runs, number, label);
    }
    if let Some(bit) = profile.arch().second_abi_bit() {
        let label = graph.answer(profile.second_abi);
        append(&mut runs, bit, label);
    }
    runs
}

fn append(runs: &mut Vec<Run>, first: u32, target: Label) {
    if runs.last().is_none_or(|last| last.target != target) {
        runs.push(Run { first, target });
    }
}

impl Segments {
    fn of(runs: &[Run]) -> Self {
        let mut segments = Self { list: Vec::with_capacity(runs.len()), exceptions: Vec::with_capacity(runs.len()) };
        let mut rest = runs;
        while let [run, after @ ..] = rest {
            rest = after;
            match (segments.list.last_mut(), after) {
                // One number between two ranges of one target: the ranges are one, the number is an exception to it.
                (Some(open), [next, further @ ..]) if next.first == run.first + 1 && next.target == open.target => {
                    segments.exceptions.push(Run { ..*run });
                    open.exceptions.end += 1;
                    rest = further;
                }
                _ => {
                    let none = segments.exceptions.len();
                    segments.list.push(Segment { first: run.first, target: run.target, exceptions: none..none });
                }
            }
        }
        segments
    }

    /// Halves the segments, all of them below `end`, down to one.
    fn tree(&self, segments: &[Segment], end: u32, graph: &mut Graph) -> Label {
        if let [segment] = segments {
            return Self::leaf(&self.exceptions[segment.exceptions.clone()], segment.target, graph);
        }
        let (below, above) = segments.split_at(middle(segments, end));
        let no = self.tree(below, above[0].first, graph);
        let yes = self.tree(above, end, graph);
        graph.jump(Test::GreaterOrEqual, above[0].first, yes, no)
    }

    fn leaf(exceptions: &[Run], target: Label, graph: &mut Graph) -> Label {
        if exceptions.len() <= SHORT {
            let chain = exceptions.iter().rev();
            return chain.fold(target, |no, exception| graph.jump(Test::Equal, exception.first, exception.target, no));
        }
        let (below, above) = exceptions.split_at(exceptions.len() / 2);
        let no = Self::leaf(below, target, graph);
        let yes = Self::leaf(above, target, graph);
        graph.jump(Test::GreaterOrEqual, above[0].first, yes, no)
    }
}

/// Finds the border nearest to the middle of the numbers: every number is looked up once while the kernel loads the
/// filter, so wide ranges must be near the root.
fn middle(segments: &[Segment], end: u32) -> usize {
    let center = u32::midpoint(segments[0].first, end);
    let nearest = (1..segments.len()).min_by_key(|at| segments[*at].first.abs_diff(center));
    nearest.expect("a tree over one segment is a leaf")
}
