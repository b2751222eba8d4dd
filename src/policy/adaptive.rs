//! How many calls a service can take at once, learnt from how it answers.
//!
//! A fixed limit is wrong twice: too low while the service is idle, too high once others use it too. Both algorithms
//! here raise the limit while it is used and answers are good, and lower it when they are not, as TCP does with its
//! window (Jacobson 1988, "Congestion Avoidance and Control"). They follow Netflix's concurrency-limits, with three
//! differences:
//!
//! - Calls that were under way together tell of the same overload together. Their answers lower the limit once, as TCP
//!   does once a round trip; Netflix lowers it with each, down to the minimum in one burst.
//! - Until the first overload each good answer raises the limit by one, which doubles it every round trip (TCP's slow
//!   start); after it the limit grows by one a round trip. Netflix's AIMD always does the former, and so overshoots by
//!   as much as the limit each time.
//! - [`Algorithm::Gradient`] compares with a latency that it measures at half the limit, for a round trip in twenty or
//!   fewer. Gradient2 compares with a long average, which under steady overload becomes the latency of the overload;
//!   the first Gradient measured too, at a limit cut to its square root.

use std::time::Duration;

use crate::time::Timestamp;

/// What counts as a sign that the limit is too high.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// Overload answers, and answers slower than a fixed latency: additive increase, multiplicative decrease (Chiu,
    /// Jain 1989).
    Aimd,
    /// Also a latency that grows well above what it is at half the load: for a service that queues calls rather than
    /// refusing them, and whose latency is not known beforehand.
    Gradient,
}

/// How to learn a limit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AdaptiveOptions {
    /// What counts as a sign that the limit is too high.
    pub algorithm: Algorithm,
    /// The limit is never below this; at least 1.
    pub min: u32,
    /// The limit is never above this; at least `min`.
    pub max: u32,
    /// The limit to start with, brought within `min` and `max`.
    pub initial: u32,
    /// AIMD: a slower answer counts as overload.
    pub latency: Duration,
    /// What is left of the limit after an overload, in `[0.5, 1)`; the default is taken for anything else.
    pub backoff_ratio: f64,
}

impl Default for AdaptiveOptions {
    /// AIMD from 10, a tenth less after an overload or an answer slower than 5 s, as Netflix's `AIMDLimit`. Within 1
    /// and 200, the maximum of `Gradient2Limit`; its minimum of 20 is more than many services allow one browser.
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Aimd,
            min: 1,
            max: 200,
            initial: 10,
            latency: Duration::from_secs(5),
            backoff_ratio: 0.9,
        }
    }
}

/// Gradient: so many times the latency at half the load is still no queue (Netflix's `rttTolerance`).
const TOLERANCE: f64 = 1.5;
/// Gradient: the weight of one answer in the average that is compared.
const WEIGHT: f64 = 0.1;
/// Gradient: at least so many answers between two measurements at half the limit, and at least so many round trips.
/// Netflix's first gradient waited for 1000 answers; a browser makes fewer calls.
const MEASURE_EVERY: u32 = 200;
const ROUND_TRIPS: u32 = 20;
/// Gradient: a measurement takes at least so many answers (Netflix's warm-up).
const MEASURE_AT_LEAST: u32 = 10;

/// A limit that adapts.
#[derive(Clone, Debug)]
pub struct Adaptive {
    options: AdaptiveOptions,
    /// The limit, with the part that has not grown to a whole yet; within `min` and `max`.
    estimate: f64,
    /// No overload was seen yet.
    slow_start: bool,
    /// When an overload last lowered the limit.
    lowered: Option<Timestamp>,
    gradient: Gradient,
}

#[derive(Clone, Debug)]
struct Gradient {
    /// The latency at half the limit; `None` until the first measurement is done.
    base: Option<f64>,
    /// The average latency of late.
    recent: f64,
    /// Answers until the next measurement.
    due: u32,
    measuring: Option<Measuring>,
}

/// A measurement under way. But for the first one the limit is halved meanwhile.
#[derive(Clone, Copy, Debug)]
struct Measuring {
    /// Calls that started up to then ran among more; they are left out.
    since: Option<Timestamp>,
    sum: f64,
    count: u32,
    wanted: u32,
}

impl Adaptive {
    /// A limit that starts as `options` say.
    #[must_use]
    pub fn new(mut options: AdaptiveOptions) -> Self {
        options.min = options.min.max(1);
        options.max = options.max.max(options.min);
        if !(0.5..1.0).contains(&options.backoff_ratio) {
            options.backoff_ratio = AdaptiveOptions::default().backoff_ratio;
        }
        let measuring = Some(Measuring { since: None, sum: 0.0, count: 0, wanted: MEASURE_AT_LEAST });
        Self {
            estimate: f64::from(options.initial.max(options.min).min(options.max)),
            slow_start: true,
            lowered: None,
            gradient: Gradient { base: None, recent: 0.0, due: 0, measuring },
            options,
        }
    }

    /// How many calls may run at once.
    #[must_use]
    pub fn limit(&self) -> u32 {
        let limit = self.estimate as u32;
        match self.gradient.measuring {
            Some(Measuring { since: Some(_), .. }) => (limit / 2).max(self.options.min),
            _ => limit,
        }
    }

    /// A call ended: when it started, how long it took, whether the service said that it is overloaded (429, 503, a
    /// timeout), and how many ran at once when it ended, itself included. Calls are recorded in the order in which
    /// they end.
    pub fn record(&mut self, started: Timestamp, latency: Duration, overloaded: bool, in_flight: u32) {
        let ended = started + latency;
        let too_slow = self.options.algorithm == Algorithm::Aimd && latency > self.options.latency;
        if overloaded || too_slow {
            self.back_off(started, ended);
            return;
        }
        match self.options.algorithm {
            Algorithm::Aimd => {
                if self.is_used(in_flight) {
                    self.grow();
                }
            }
            Algorithm::Gradient => self.follow(started, ended, micros(latency), in_flight),
        }
    }

    fn back_off(&mut self, started: Timestamp, ended: Timestamp) {
        if self.lowered.is_some_and(|lowered| !is_after(lowered, started, ended)) {
            return;
        }
        self.lowered = Some(ended);
        self.slow_start = false;
        let limit = f64::from(self.estimate as u32);
        self.set(f64::from((limit * self.options.backoff_ratio) as u32));
    }

    /// Whether the limit is what keeps calls from running; if not, answers say nothing about a higher one.
    fn is_used(&self, in_flight: u32) -> bool {
        in_flight.saturating_mul(2) >= self.limit()
    }

    fn grow(&mut self) {
        let step = if self.slow_start { 1.0 } else { 1.0 / self.estimate };
        self.set(self.estimate + step);
    }

    fn set(&mut self, estimate: f64) {
        self.estimate = estimate.max(f64::from(self.options.min)).min(f64::from(self.options.max));
    }

    fn follow(&mut self, started: Timestamp, ended: Timestamp, latency: f64, in_flight: u32) {
        if let Some(measuring) = self.gradient.measuring {
            if measuring.since.is_none_or(|since| is_after(since, started, ended)) {
                self.measure(measuring, latency);
            }
            return;
        }
        self.gradient.recent += (latency - self.gradient.recent) * WEIGHT;
        if !self.is_used(in_flight) {
            return;
        }
        let Some(base) = self.gradient.base else { return };
        let slope = TOLERANCE * base / self.gradient.recent;
        // Two zeros make a slope that is no number; it compares as healthy.
        if slope < 1.0 {
            self.slow_start = false;
            // A whole step, spread over the answers of one round trip. At most half, lest a few outliers do it all.
            let target = self.estimate * slope.max(0.5) + 1.0;
            self.set(self.estimate + (target - self.estimate) / self.estimate);
        } else {
            self.grow();
        }
        self.gradient.due = self.gradient.due.saturating_sub(1);
        if self.gradient.due == 0 {
            let wanted = (self.estimate as u32 / 2).max(MEASURE_AT_LEAST);
            self.gradient.measuring = Some(Measuring { since: Some(ended), sum: 0.0, count: 0, wanted });
        }
    }

    fn measure(&mut self, mut measuring: Measuring, latency: f64) {
        measuring.sum += latency;
        measuring.count += 1;
        if measuring.count < measuring.wanted {
            self.gradient.measuring = Some(measuring);
            return;
        }
        let base = measuring.sum / f64::from(measuring.count);
        let due = (self.estimate as u32).saturating_mul(ROUND_TRIPS).max(MEASURE_EVERY);
        self.gradient = Gradient { base: Some(base), recent: base, due, measuring: None };
    }
}

/// Whether a call started after `then`, so that what happened then shows in its answer. A call that started in the same
/// instant did not: many clocks of browsers tick in whole milliseconds. A call that ended before `then` did too, because
/// the clock must have gone back, and nothing would count until it has caught up.
fn is_after(then: Timestamp, started: Timestamp, ended: Timestamp) -> bool {
    started > then || ended < then
}

/// Microseconds, as a float: latencies are only compared and averaged.
fn micros(duration: Duration) -> f64 {
    duration.as_secs() as f64 * 1e6 + f64::from(duration.subsec_micros())
}
