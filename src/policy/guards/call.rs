//! One guarded call: where it is, and what it holds.

use std::rc::Rc;

use super::{Options, Wiring};
use crate::exec::TimerId;
use crate::policy::{Failure, Permit, Progress, Sample};
use crate::rng::Rng;
use crate::time::Timestamp;

/// Attempts of one call that may run at once: the first, and the hedges beside it.
pub(super) const MOST_AT_ONCE: usize = 4;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Another call does the same work.
    Following(u32),
    /// Until its turn at the rate limit.
    Throttled,
    /// In the queue of the bulkhead.
    Queued,
    /// Its function runs.
    Running,
    /// Until the next attempt.
    Delayed,
    /// The delay is over, and the host has been told.
    Ready,
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) options: Rc<Options>,
    pub(super) wiring: Wiring,
    pub(super) owner: u64,
    /// Tells this call from others that had its number before.
    pub(super) seq: u32,
    pub(super) phase: Phase,
    /// What tells the same work from other work, where there is a cache or a single flight.
    pub(super) key: Option<Box<str>>,
    /// Whose rate it counts against.
    pub(super) limit_key: Option<Box<str>>,
    pub(super) tokens: u32,
    pub(super) rng: Rng,
    pub(super) progress: Progress,
    /// How often the function or a fallback was called.
    pub(super) attempts: u32,
    /// Attempts of this level, hedges not counted: what `maxAttempts` counts.
    pub(super) tries: u32,
    pub(super) level: u32,
    pub(super) fallbacks: u32,
    /// The attempts that run.
    live: [u32; MOST_AT_ONCE],
    live_count: u8,
    /// When the service wants to be asked again, as it told an attempt of the current try.
    pub(super) not_before: Option<Timestamp>,
    /// Hedges of the current attempt so far.
    pub(super) hedges: u32,
    pub(super) began: Timestamp,
    /// When the first attempt of this level was made.
    pub(super) attempt_began: Timestamp,
    pub(super) total_deadline: Option<Timestamp>,
    /// When the current phase is over.
    pub(super) wake: Option<Timestamp>,
    pub(super) hedge_at: Option<Timestamp>,
    pub(super) timer: Option<(Timestamp, TimerId)>,
    pub(super) permit: Option<Permit>,
    pub(super) has_place: bool,
    /// Whether others may follow it.
    pub(super) leads: bool,
    /// Whether the caller has their answer.
    pub(super) answered: bool,
    /// Whether that was because they gave up: then it is for its followers only.
    pub(super) given_up: bool,
    /// Whether its output has been seen: nothing is tried again from here on.
    pub(super) committed: bool,
}

impl Call {
    pub(super) fn new(options: &Rc<Options>, wiring: Wiring, request: &super::Request<'_>, now: Timestamp) -> Self {
        Self {
            options: Rc::clone(options),
            wiring,
            owner: request.owner,
            seq: 0,
            phase: Phase::Ready,
            key: request.key.map(Into::into),
            limit_key: request.limit_key.map(Into::into),
            tokens: request.tokens,
            rng: Rng::new(request.seed),
            progress: Progress::default(),
            attempts: 0,
            tries: 0,
            level: 0,
            fallbacks: request.fallbacks,
            live: [0; MOST_AT_ONCE],
            live_count: 0,
            not_before: None,
            hedges: 0,
            began: now,
            attempt_began: now,
            total_deadline: options.total_timeout.map(|timeout| now + timeout),
            wake: None,
            hedge_at: None,
            timer: None,
            permit: None,
            has_place: false,
            leads: false,
            answered: false,
            given_up: false,
            committed: false,
        }
    }

    /// The attempts that run.
    pub(super) fn live(&self) -> &[u32] {
        &self.live[..usize::from(self.live_count)]
    }

    /// The next attempt runs; its number.
    pub(super) fn start(&mut self) -> u32 {
        self.attempts += 1;
        self.live[usize::from(self.live_count)] = self.attempts;
        self.live_count += 1;
        self.attempts
    }

    /// An attempt ended. Says whether it was one that runs.
    pub(super) fn end(&mut self, attempt: u32) -> bool {
        let Some(place) = self.live().iter().position(|it| *it == attempt) else { return false };
        self.live_count -= 1;
        self.live[place] = self.live[usize::from(self.live_count)];
        true
    }

    /// An attempt that was taken out runs after all.
    pub(super) fn put_back(&mut self, attempt: u32) {
        self.live[0] = attempt;
        self.live_count = 1;
    }

    /// Takes the attempts that run.
    pub(super) fn take_live(&mut self) -> ([u32; MOST_AT_ONCE], usize) {
        let count = usize::from(std::mem::take(&mut self.live_count));
        (self.live, count)
    }

    /// Whether another attempt may do better.
    pub(super) fn may_pass(&self, failure: &Failure<'_>) -> bool {
        match (failure.retry, self.options.retry.as_ref().and_then(|retry| retry.on.as_ref())) {
            (Some(asked), _) => asked,
            (None, Some(on)) => on.matches(failure),
            (None, None) => failure.class.retryable,
        }
    }

    /// What a failure is to the circuit breaker.
    pub(super) fn sample_of(&self, failure: &Failure<'_>) -> Sample {
        match (failure.sample, &self.options.breaker_on) {
            (None, Some(on)) if on.matches(failure) => Sample::Failure,
            (None, Some(_)) => Sample::Ignored,
            _ => failure.sample(),
        }
    }

    /// Whether it has a permit, a place, or a place in the queue.
    pub(super) fn holds_something(&self) -> bool {
        self.permit.is_some() || self.has_place || self.phase == Phase::Queued
    }

    /// When something is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        earlier(self.total_deadline, earlier(self.wake, self.hedge_at))
    }
}

fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a < b { a } else { b }),
        _ => a.or(b),
    }
}
