//! When to try again, and after how long.

use std::time::Duration;

use super::{RegistryError, RegistryOptions};

/// The longest that anybody is waited for.
const LONGEST: Duration = Duration::from_secs(60);

/// The attempts at one thing.
pub(super) struct Patience {
    left: u32,
    retries: u32,
    pause: Duration,
    first: Duration,
}

impl Patience {
    pub(super) fn new(options: &RegistryOptions) -> Self {
        Self { left: options.retries, retries: options.retries, pause: options.pause, first: options.pause }
    }

    /// Waits before another attempt; `false` when there have been enough. `asked` is what Retry-After says, RFC 9110.
    pub(super) fn again(&mut self, host: &str, asked: Option<u64>) -> Result<bool, RegistryError> {
        let asked = asked.map(Duration::from_secs);
        if let Some(wait) = asked.filter(|wait| *wait > LONGEST) {
            return Err(RegistryError::Wait { host: host.to_owned(), seconds: wait.as_secs() });
        }
        if self.left == 0 {
            return Ok(false);
        }
        self.left -= 1;
        std::thread::sleep(asked.unwrap_or(self.pause).min(LONGEST));
        self.pause = self.pause.saturating_mul(2);
        Ok(true)
    }

    /// Something came of the last attempt: the next ones count anew.
    pub(super) fn progressed(&mut self) {
        (self.left, self.pause) = (self.retries, self.first);
    }
}

/// Returns whether a status may be another one a moment later.
pub(super) fn is_passing(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504)
}
