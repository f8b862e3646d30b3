//! From a label's place to a span.

use super::super::Place;
use crate::config::{Sources, Span, Table};

/// Where a place is; where it does not exist, the nearest thing that does; the beginning of the first file at worst.
pub(super) fn locate(place: &Place, tree: &Table, sources: &Sources) -> Span {
    let _ = sources;
    match place {
        Place::Span(span) => *span,
        Place::Key(at) => tree.nearest(at).map(|found| found.key.unwrap_or(found.value)).unwrap_or_default(),
        Place::Value(at) | Place::Within(at, _) => tree.nearest(at).map(|found| found.value).unwrap_or_default(),
    }
}
