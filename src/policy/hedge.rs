//! When a second attempt starts although the first has not failed.
//!
//! Some calls are slow for no reason of their own. Asking again once a call takes longer than nearly all do cuts the
//! tail of the latencies for a few per cent of extra calls (Dean & Barroso 2013, "The Tail at Scale": hedged requests,
//! sent after the 95th percentile). The extra attempt is paid for like any other: whoever performs calls hedges only
//! what may run twice, takes the first answer and aborts the rest.

use std::time::Duration;

use super::latency::Latencies;

/// How long an attempt may take before the next one starts beside it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum HedgeDelay {
    /// Always as long. Zero starts all attempts at once.
    Fixed(Duration),
    /// As long as most calls take.
    Percentile {
        /// The share of calls that are expected to be back by then, 0 to 1.
        share: f64,
        /// No hedging before so many latencies are known; at least 1, at most the 100 that are remembered.
        min_calls: u32,
    },
}

/// What starts beside an attempt that takes long.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HedgeWith {
    /// The same once more.
    #[default]
    Again,
    /// The next fallback, early: for what costs more than it is worth twice, or is slow because it is overloaded.
    Fallback,
}

/// When to hedge, how often, and with what.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HedgeOptions {
    /// How long to wait before each extra attempt.
    pub delay: HedgeDelay,
    /// How many attempts may start beside the first.
    pub max_extra: u32,
    /// What starts.
    pub with: HedgeWith,
}

impl Default for HedgeOptions {
    /// One extra attempt after the 95th percentile, once ten latencies are known.
    fn default() -> Self {
        Self { delay: HedgeDelay::Percentile { share: 0.95, min_calls: 10 }, max_extra: 1, with: HedgeWith::Again }
    }
}

impl HedgeOptions {
    /// How long after the start of an attempt the next one starts. `None` when none is to start: because too little is
    /// known yet, or because no extra attempt is allowed at all. Counting the attempts is up to the caller.
    #[must_use]
    pub fn delay(&self, latencies: &Latencies) -> Option<Duration> {
        if self.max_extra == 0 {
            return None;
        }
        match self.delay {
            HedgeDelay::Fixed(delay) => Some(delay),
            HedgeDelay::Percentile { share, min_calls } => {
                let enough = latencies.len() >= min_calls.min(Latencies::CAPACITY as u32) as usize;
                enough.then(|| latencies.percentile(share)).flatten()
            }
        }
    }
}
