//! A retry without a delay, at once.
//!
//! What comes of a failure goes out to the host as it happens: the attempt failed, the next one comes after a delay, the delay is
//! over, and only when the host is ready does that one begin. Where the delay is nothing and the call has neither to share nor
//! to wait for anything, all of that is known at once, and a host that would do nothing else can have it in one step.

use std::time::Duration;

use super::call::Phase;
use super::{CallId, Command, Guards};
use crate::policy::Failure;
use crate::time::Timestamp;

impl Guards {
    /// An attempt of a call failed. When the next one follows without a delay, and there is nothing else to decide, that one
    /// has begun when this returns, and the host is told of nothing; otherwise nothing has changed. Says which one it is.
    pub(crate) fn retry_at_once(
        &mut self,
        id: CallId,
        attempt: u32,
        failure: &Failure<'_>,
        now: Timestamp,
    ) -> Option<u32> {
        if !self.is_silent() {
            return None;
        }
        let call = self.calls.get_mut(id)?;
        let retry = call.options.retry.as_ref()?;
        let wiring = call.wiring;
        let shares = wiring.breaker.is_some()
            || wiring.rate_limit.is_some()
            || wiring.bulkhead.is_some()
            || wiring.budget.is_some();
        let is_alone = matches!(call.live(), [it] if it.attempt == attempt) && call.phase == Phase::Running;
        let is_usual = is_alone
            && !shares
            && !call.committed
            && (call.level, call.reached) == (0, 0)
            && (failure.retry_after, call.not_before) == (None, None);
        if !is_usual {
            return None;
        }
        let (mut progress, mut rng) = (call.progress, call.rng.clone());
        let delay = retry.next_delay(call.tries, failure, now.since(call.began), &mut progress, &mut rng)?;
        if delay != Duration::ZERO || call.total_deadline.is_some_and(|deadline| now >= deadline) {
            return None;
        }
        (call.progress, call.rng) = (progress, rng);
        call.end(attempt);
        call.tries += 1;
        self.count(id.slot).retries += 1;
        self.start(id.slot, now);
        match self.commands.pop() {
            Some(Command::Start { attempt, .. }) => Some(attempt),
            _ => None,
        }
    }
}
