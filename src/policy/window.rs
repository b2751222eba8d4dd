//! What the recent calls came to.
//!
//! A window forgets: a failure of an hour ago says nothing about now. The last N calls suit a steady load; a span of
//! time suits a feature that is used now and then, where the last N calls may reach back to yesterday. Memory is
//! fixed: a byte a call, or ten counters.

use std::time::Duration;

use crate::time::{Timestamp, micros};

/// Which calls are looked back at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// The last so many calls; 0 is taken as 1.
    Calls(u32),
    /// The calls of this span of time. It slides in ten steps: a call is forgotten when its tenth of the span is.
    Time(Duration),
}

/// How many calls there were, and how they went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Calls that ended and were counted.
    pub calls: u32,
    /// Those that failed.
    pub failures: u32,
    /// Those that were slow, whether they failed or not.
    pub slow: u32,
}

impl Counts {
    pub(crate) fn add(&mut self, other: Self) {
        self.calls = self.calls.saturating_add(other.calls);
        self.failures = self.failures.saturating_add(other.failures);
        self.slow = self.slow.saturating_add(other.slow);
    }

    fn subtract(&mut self, other: Self) {
        self.calls = self.calls.saturating_sub(other.calls);
        self.failures = self.failures.saturating_sub(other.failures);
        self.slow = self.slow.saturating_sub(other.slow);
    }

    /// Whether the failures or the slow calls reach such a part of the calls. None at all reach nothing.
    pub(crate) fn reach(self, failure_rate: f64, slow_rate: f64) -> bool {
        // Dividing, not multiplying: the quotient of 3 and 10 is the very float that `0.3` is.
        let reached = |count: u32, rate: f64| count > 0 && f64::from(count) / f64::from(self.calls) >= rate;
        reached(self.failures, failure_rate) || reached(self.slow, slow_rate)
    }

    /// One call.
    pub(crate) fn of(failed: bool, slow: bool) -> Self {
        Self { calls: 1, failures: u32::from(failed), slow: u32::from(slow) }
    }
}

const BUCKETS: u64 = 10;

/// The samples of a window. The total is kept up to date, so that reading it costs nothing.
#[derive(Clone, Debug)]
pub(crate) struct Samples {
    total: Counts,
    kept: Kept,
}

#[derive(Clone, Debug)]
enum Kept {
    /// A ring: `next` is the oldest sample once `size` are there.
    Calls { size: usize, next: usize, ring: Vec<u8> },
    /// `newest` is the number of the newest bucket, counted from the epoch; the others are the nine before it.
    Time { width: u64, newest: u64, buckets: [Counts; BUCKETS as usize] },
}

const FAILED: u8 = 1;
const SLOW: u8 = 2;

impl Samples {
    pub(crate) fn new(window: Window) -> Self {
        let kept = match window {
            Window::Calls(size) => Kept::Calls { size: size.max(1) as usize, next: 0, ring: Vec::new() },
            Window::Time(span) => {
                Kept::Time { width: (micros(span) / BUCKETS).max(1), newest: 0, buckets: Default::default() }
            }
        };
        Self { total: Counts::default(), kept }
    }

    pub(crate) fn clear(&mut self) {
        self.total = Counts::default();
        match &mut self.kept {
            Kept::Calls { next, ring, .. } => {
                *next = 0;
                ring.clear();
            }
            Kept::Time { newest, buckets, .. } => {
                *newest = 0;
                *buckets = Default::default();
            }
        }
    }

    /// Counts one call that ended at `now`; what the window holds then.
    pub(crate) fn push(&mut self, sample: Counts, now: Timestamp) -> Counts {
        self.expire(now);
        match &mut self.kept {
            Kept::Calls { size, next, ring } => {
                let bits = (sample.failures as u8 * FAILED) | (sample.slow as u8 * SLOW);
                // The ring grows to its size and then goes round: `next` is its length until then.
                if let Some(oldest) = ring.get_mut(*next) {
                    self.total.subtract(Counts::of(*oldest & FAILED != 0, *oldest & SLOW != 0));
                    *oldest = bits;
                } else {
                    ring.push(bits);
                }
                *next = if *next + 1 < *size { *next + 1 } else { 0 };
            }
            // The remainder is below the length of the array.
            Kept::Time { newest, buckets, .. } => buckets[(*newest % BUCKETS) as usize].add(sample),
        }
        self.total.add(sample);
        self.total
    }

    /// What the window holds at `now`.
    pub(crate) fn counts(&mut self, now: Timestamp) -> Counts {
        self.expire(now);
        self.total
    }

    /// Forgets what is too old. A clock that goes back within the window is taken as standing still; one that goes
    /// back further was wrong before, and the window starts anew rather than waiting for it.
    fn expire(&mut self, now: Timestamp) {
        let Kept::Time { width, newest, buckets } = &mut self.kept else { return };
        let current = now.as_micros() / *width;
        if current.abs_diff(*newest) >= BUCKETS {
            *buckets = Default::default();
            self.total = Counts::default();
            *newest = current;
        }
        while *newest < current {
            *newest += 1;
            let bucket = &mut buckets[(*newest % BUCKETS) as usize];
            self.total.subtract(*bucket);
            *bucket = Counts::default();
        }
    }
}
