//! What guards ask of their host, and what they tell it.

use std::time::Duration;

use crate::policy::Change;

/// Something for the host to do or to know. `owner` is who the host said that the call belongs to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Command {
    /// Call the function; report back with [`Guards::settle`](super::Guards::settle).
    Start {
        /// Whose call.
        owner: u64,
        /// Counts every time the function of this call is called, from 1.
        attempt: u32,
        /// 0 is the function itself, then its fallbacks in order.
        level: u32,
    },
    /// Tell an attempt to stop, and drop what it may still answer.
    Abort {
        /// Whose call.
        owner: u64,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: AbortReason,
    },
    /// An attempt failed, or was not admitted.
    Failed {
        /// Whose call.
        owner: u64,
        /// The attempt; 0 when there was none because it was not admitted.
        attempt: u32,
        /// Its level.
        level: u32,
        /// Why.
        reason: FailureReason,
    },
    /// The next attempt comes after a delay.
    Delayed {
        /// Whose call.
        owner: u64,
        /// How long.
        delay: Duration,
    },
    /// The delay is over: the host calls [`Guards::resume`](super::Guards::resume) when it is ready.
    Ready {
        /// Whose call.
        owner: u64,
    },
    /// The call goes on with a fallback.
    FellBack {
        /// Whose call.
        owner: u64,
        /// Which one, from 1.
        level: u32,
        /// Why the level before it failed; `None` when it runs still, and this one starts early.
        reason: Option<FailureReason>,
    },
    /// The caller gets an answer.
    Settle {
        /// Whose call.
        owner: u64,
        /// Which answer.
        end: End,
        /// Whether work goes on without the caller: for others who wait for it, or to refresh the cache. Another
        /// `Settle` comes when that ends.
        goes_on: bool,
    },
    /// The value in this slot is no longer in the cache.
    Evict {
        /// Whose cache; see [`Wiring::cache`](super::Wiring::cache).
        own: u32,
        /// The slot.
        slot: u32,
    },
    /// A circuit breaker changed its state.
    Circuit {
        /// Which one; see [`Guards::breaker_name`](super::Guards::breaker_name).
        breaker: u32,
        /// From what to what.
        change: Change,
    },
}

/// Why an attempt is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortReason {
    /// It took longer than its `timeout`.
    TimedOut,
    /// The call took longer than its `totalTimeout`.
    TotalTimedOut,
    /// Another attempt, or a fallback, answered first, was seen first, or met an error that this one would meet too.
    Superseded,
    /// The caller gave up.
    Cancelled,
}

/// How a call ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// With the value of an attempt.
    Completed {
        /// The attempt.
        attempt: u32,
        /// 0 is the function itself, then its fallbacks.
        level: u32,
        /// The slot of the cache where the host keeps the value from now on.
        store: Option<u32>,
    },
    /// With a value of the cache.
    Cached {
        /// Its slot.
        slot: u32,
        /// Whether it is past its time.
        stale: bool,
    },
    /// As the call that did the same work, whose own end comes next.
    Shared {
        /// Whose call that is.
        leader: u64,
    },
    /// With the error of the last attempt.
    Failed(FailureReason),
    /// The caller gave up.
    Cancelled,
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// The function said so; the host has the error of this attempt.
    Error,
    /// It took longer than its `timeout`.
    Timeout,
    /// The call took longer than its `totalTimeout`.
    TotalTimeout,
    /// The circuit breaker is open or isolated.
    CircuitOpen {
        /// When it may close again, if that is known.
        retry_after: Option<Duration>,
    },
    /// No place in the bulkhead, and its queue is full.
    BulkheadFull,
    /// Waited for a place in the bulkhead longer than its `maxWait`.
    BulkheadTimeout,
    /// Above the rate.
    RateLimited {
        /// When the next turn is.
        retry_after: Duration,
    },
    /// The quota of the day is used up.
    QuotaExceeded {
        /// When the next day begins.
        retry_after: Duration,
    },
    /// It costs more than the rate limit lets pass at any time.
    TooLarge,
}
