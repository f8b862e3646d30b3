//! Real launches, one file a topic; the topics have the names that they have in `src/config/` and `src/plan/`.

use crate::support::runner::Test;

/// All topics' tests.
pub(crate) const TOPICS: &[&[Test]] = &[];
