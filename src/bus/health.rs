//! How healthy a feature is.
//!
//! There are two witnesses, and the worse one is believed. Checks say what the feature thinks of itself, also while
//! nobody calls it; calls say what callers see, also when the check knows nothing of it.
//!
//! Checks are counted as Kubernetes counts the results of its probes: one failure may be an accident and one success
//! luck, so it takes a row of either (`failureThreshold`, `successThreshold`). The first failure does degrade.
//!
//! Calls are counted as in the circuit breaker of resilience4j: a sliding window with the part of calls that failed and
//! the part that was slow, and too few calls say nothing. A level is entered at its threshold and left only well below
//! it: a rate that trembles around a threshold would otherwise raise an alarm each time. A window that has forgotten all
//! of its calls has nothing against the feature any more.
//!
//! ```
//! use repflow::bus::{Health, HealthOptions, HealthStatus};
//! use repflow::time::Timestamp;
//! use std::time::Duration;
//!
//! let mut health = Health::new(HealthOptions { min_requests: 2, ..HealthOptions::default() });
//! let now = Timestamp::EPOCH;
//! assert_eq!(health.record(true, Duration::from_millis(40), now), HealthStatus::Healthy);
//! assert_eq!(health.record(true, Duration::from_millis(40), now), HealthStatus::Unhealthy);
//! assert_eq!(health.status(now + Duration::from_secs(60)), HealthStatus::Healthy);
//! ```

use std::time::Duration;

use crate::policy::{Counts, Samples, Window};
use crate::time::Timestamp;

/// How healthy a feature is; what is worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum HealthStatus {
    /// It does its part.
    Healthy,
    /// It does its part badly, or not always.
    Degraded,
    /// It does not do its part.
    Unhealthy,
}

impl HealthStatus {
    /// Every status.
    pub const ALL: &[Self] = &[Self::Healthy, Self::Degraded, Self::Unhealthy];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Healthy => "healthy",
            Self::Degraded => "degraded",
            Self::Unhealthy => "unhealthy",
        }
    }
}

/// What a feature is judged by. Rates are parts of the calls, in `(0, 1]`; no failure and no slow call reach none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HealthOptions {
    /// The calls of this span of time count. It slides in ten steps.
    pub window: Duration,
    /// Fewer calls in the window change nothing.
    pub min_requests: u32,
    /// The part of calls that must fail for it to be degraded.
    pub degraded_error_rate: f64,
    /// The part of calls that must fail for it to be unhealthy.
    pub unhealthy_error_rate: f64,
    /// A call that takes longer is slow.
    pub slow: Duration,
    /// The part of calls that must be slow for it to be degraded.
    pub degraded_slow_rate: f64,
    /// The part of calls that must be slow for it to be unhealthy.
    pub unhealthy_slow_rate: f64,
    /// Below which part of both of its thresholds a level is left, in `(0, 1]`.
    pub recovery: f64,
    /// How many failed checks in a row make it unhealthy.
    pub failures_to_unhealthy: u32,
    /// How many good checks in a row make it healthy again.
    pub successes_to_recover: u32,
}

impl Default for HealthOptions {
    /// Degraded from a tenth of errors or half of slow calls on, unhealthy from half and nine tenths on, of at least ten
    /// calls in a minute; three failed checks, as in Kubernetes, and two good ones.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            min_requests: 10,
            degraded_error_rate: 0.1,
            unhealthy_error_rate: 0.5,
            slow: Duration::from_secs(5),
            degraded_slow_rate: 0.5,
            unhealthy_slow_rate: 0.9,
            recovery: 0.5,
            failures_to_unhealthy: 3,
            successes_to_recover: 2,
        }
    }
}

/// The health of a feature.
#[derive(Clone, Debug)]
pub struct Health {
    options: HealthOptions,
    samples: Samples,
    /// What calls say.
    by_calls: HealthStatus,
    /// What checks say.
    by_checks: HealthStatus,
    /// What the last check reported, and how many did so in a row.
    last: HealthStatus,
    row: u32,
}

impl Health {
    /// A healthy feature, of which nothing is known yet.
    #[must_use]
    pub fn new(options: HealthOptions) -> Self {
        Self {
            samples: Samples::new(Window::Time(options.window)),
            by_calls: HealthStatus::Healthy,
            by_checks: HealthStatus::Healthy,
            last: HealthStatus::Healthy,
            row: 0,
            options,
        }
    }

    /// A call ended at `now`, after `took`; the status then. To be left out: calls that failed by no fault of the
    /// feature.
    pub fn record(&mut self, failed: bool, took: Duration, now: Timestamp) -> HealthStatus {
        // What was forgotten meanwhile heals, although nobody looked.
        self.status(now);
        self.samples.push(Counts::of(failed, took > self.options.slow), now);
        self.status(now)
    }

    /// So many calls ended well, none of them slow, the last of them at `now`: as [`record`](Self::record) for each, for
    /// who has better to do than to tell of each.
    pub fn record_good(&mut self, calls: u32, now: Timestamp) -> HealthStatus {
        self.status(now);
        self.samples.push(Counts { calls, failures: 0, slow: 0 }, now);
        self.status(now)
    }

    /// A check reported how the feature is; the status then. A check that failed reports [`HealthStatus::Unhealthy`].
    pub fn checked(&mut self, reported: HealthStatus, now: Timestamp) -> HealthStatus {
        if reported != self.last {
            self.last = reported;
            self.row = 0;
        }
        self.row = self.row.saturating_add(1);
        self.by_checks = match reported {
            HealthStatus::Healthy if self.row < self.options.successes_to_recover => self.by_checks,
            HealthStatus::Unhealthy if self.row < self.options.failures_to_unhealthy => {
                self.by_checks.max(HealthStatus::Degraded)
            }
            reported => reported,
        };
        self.status(now)
    }

    /// The status at `now`. Time alone can change it, because the window forgets.
    pub fn status(&mut self, now: Timestamp) -> HealthStatus {
        let counts = self.samples.counts(now);
        if counts.calls == 0 {
            self.by_calls = HealthStatus::Healthy;
        } else if counts.calls >= self.options.min_requests {
            self.by_calls = self.judge(counts);
        }
        self.by_calls.max(self.by_checks)
    }

    /// What the calls of the window say. The thresholds of the level that it is on, and of those below, are lower.
    fn judge(&self, counts: Counts) -> HealthStatus {
        let options = &self.options;
        let reach = |level: HealthStatus, error_rate: f64, slow_rate: f64| {
            let part = if self.by_calls >= level { options.recovery } else { 1.0 };
            counts.reach(error_rate * part, slow_rate * part)
        };
        if reach(HealthStatus::Unhealthy, options.unhealthy_error_rate, options.unhealthy_slow_rate) {
            HealthStatus::Unhealthy
        } else if reach(HealthStatus::Degraded, options.degraded_error_rate, options.degraded_slow_rate) {
            HealthStatus::Degraded
        } else {
            HealthStatus::Healthy
        }
    }
}
