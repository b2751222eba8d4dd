//! Whether there is a next attempt, and when.

use std::time::Duration;

use super::Backoff;
use crate::rng::Rng;

/// How often to try, and how long to wait in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// The waits in between.
    pub backoff: Backoff,
}

impl Default for Retry {
    /// Three attempts with the default backoff.
    fn default() -> Self {
        Self { max_attempts: 3, backoff: Backoff::default() }
    }
}

impl Retry {
    /// After attempt number `attempt` (from 1) failed: how long to wait before the next one, or `None` when there is
    /// none because the attempts are used up.
    pub fn next_delay(&self, attempt: u32, rng: &mut Rng) -> Option<Duration> {
        (attempt < self.max_attempts).then(|| self.backoff.delay_after(attempt, rng))
    }
}
