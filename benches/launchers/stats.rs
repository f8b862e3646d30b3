//! Order statistics of a list of samples.

/// Minimum, quartile, median and 95th percentile, in the samples' own unit.
#[derive(Clone, Copy, Default)]
pub(crate) struct Summary {
    pub(crate) min: f64,
    pub(crate) p25: f64,
    pub(crate) median: f64,
    pub(crate) p95: f64,
}

impl Summary {
    /// Sorts and picks; none for an empty list.
    pub(crate) fn of(samples: &[f64]) -> Option<Self> {
        let mut sorted = samples.to_vec();
        sorted.sort_by(f64::total_cmp);
        let at = |percent: usize| sorted.get((sorted.len().saturating_sub(1)) * percent / 100).copied();
        Some(Self { min: at(0)?, p25: at(25)?, median: at(50)?, p95: at(95)? })
    }
}
