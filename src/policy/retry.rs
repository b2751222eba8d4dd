//! Whether there is a next attempt, and when.
//!
//! A retry is a bet that the failure was a passing one. It is made only for errors that may pass (see
//! [`Filter`]), never more often than the attempts, the time and the shared [`Budget`](super::Budget) allow, and never
//! earlier than the server asked for.
//!
//! Our own refusals name one instant for all callers: when the circuit breaker lets one through, when the next turn at the
//! rate limit is. There the wait of the schedule is added to it, so that they come back spread out, and not together.

use std::time::Duration;

use super::{Backoff, BudgetOptions, Failure, Filter, Jitter, Part, Progress};
use crate::rng::Rng;

/// How often to try, and how long to wait in between.
#[derive(Clone, Debug, PartialEq)]
pub struct Retry {
    /// Attempts in all, the first included; at least 1.
    pub max_attempts: u32,
    /// The waits in between.
    pub backoff: Backoff,
    /// No attempt begins later than this after the first one began.
    pub max_elapsed: Option<Duration>,
    /// Which errors are worth another attempt; `None` is those that are retryable.
    pub on: Option<Filter>,
    /// What all callers together may spend on retries.
    pub budget: Option<Part<BudgetOptions>>,
}

impl Default for Retry {
    /// Three attempts with the default backoff.
    fn default() -> Self {
        Self { max_attempts: 3, backoff: Backoff::default(), max_elapsed: None, on: None, budget: None }
    }
}

impl Retry {
    /// After attempt number `attempt` (from 1) failed, `elapsed` after the first began: how long to wait before the next
    /// one, or `None` when there is none. The budget is not asked here: it belongs to all callers.
    pub fn next_delay(
        &self,
        attempt: u32,
        failure: &Failure<'_>,
        elapsed: Duration,
        progress: &mut Progress,
        rng: &mut Rng,
    ) -> Option<Duration> {
        if attempt >= self.max_attempts || !self.wants(failure) {
            return None;
        }
        let delay = self.backoff.delay_after(attempt, progress, rng);
        let delay = match failure.retry_after {
            // To come back earlier than asked is rude and useless; to wait for ever is useless too.
            Some(asked) if asked > self.backoff.max_delay => return None,
            Some(asked) if failure.is_shared() && self.backoff.jitter != Jitter::None => {
                asked.saturating_add(delay).min(self.backoff.max_delay)
            }
            Some(asked) => delay.max(asked),
            None => delay,
        };
        self.max_elapsed.is_none_or(|max| elapsed.saturating_add(delay) <= max).then_some(delay)
    }

    fn wants(&self, failure: &Failure<'_>) -> bool {
        match (&self.on, failure.retry) {
            (_, Some(asked)) => asked,
            (Some(filter), None) => filter.matches(failure),
            (None, None) => failure.class.retryable,
        }
    }
}
