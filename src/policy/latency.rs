//! How long calls take.
//!
//! A hundred numbers are few enough to be kept and sorted, so the percentiles are exact, follow a change of the service
//! within a hundred calls, and need no histogram with its buckets and decay.

use std::time::Duration;

/// The latencies of the last 100 calls.
#[derive(Clone, Debug, Default)]
pub struct Latencies {
    /// In order of arrival, until it is full; from then on a ring.
    ring: Vec<Duration>,
    /// Where the oldest is once the ring is full.
    oldest: usize,
    /// The same durations, shortest first.
    sorted: Vec<Duration>,
}

impl Latencies {
    /// How many latencies are remembered.
    pub const CAPACITY: usize = 100;

    /// Nothing known yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers one more latency, in place of the oldest once there are 100.
    pub fn record(&mut self, latency: Duration) {
        if self.ring.len() < Self::CAPACITY {
            self.ring.push(latency);
        } else if let Some(oldest) = self.ring.get_mut(self.oldest) {
            let gone = std::mem::replace(oldest, latency);
            self.oldest = (self.oldest + 1) % Self::CAPACITY;
            // What is in the ring is in `sorted`, so this is the place of one that equals it.
            self.sorted.remove(self.sorted.partition_point(|it| *it < gone));
        }
        let place = self.sorted.partition_point(|it| *it < latency);
        self.sorted.insert(place, latency);
    }

    /// The latency that `share` of the calls did not exceed, by the nearest-rank method: the shortest that at least
    /// `share` of all are not longer than. A share of 0 gives the shortest, 1 the longest; `None` while nothing is known.
    #[must_use]
    pub fn percentile(&self, share: f64) -> Option<Duration> {
        // 0.07 * 100.0 is a little more than 7, and still means the seventh.
        let rank = (share * self.len() as f64 - 1e-9).ceil() as usize;
        // A float cast saturates, and takes NaN to zero.
        self.sorted.get(rank.clamp(1, self.len().max(1)) - 1).copied()
    }

    /// How many latencies are remembered, at most 100.
    #[must_use]
    pub fn len(&self) -> usize {
        self.sorted.len()
    }

    /// Whether nothing is known yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.sorted.is_empty()
    }
}
