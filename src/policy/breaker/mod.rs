//! A circuit breaker: when most calls fail, stop calling for a while.
//!
//! A service that is down answers every call with a failure, slowly; calling on makes its recovery harder and keeps
//! callers waiting. The breaker looks at a window of recent calls and opens when too many failed or were slow. After a
//! pause it is half-open: a few calls go through as probes, and their outcome closes it or opens it again, for longer.
//!
//! Three things are easy to get wrong, and each has stopped a well-known breaker for good. A late answer says something
//! about an earlier phase, so a [`Permit`] knows its phase and a late answer is counted nowhere. A probe that never
//! answers must not hold the half-open phase for ever, so it is given up after as long as the breaker was open. And
//! the minimum of calls is for the closed phase only: half-open, the probes alone decide.
//!
//! The breaker asks no clock and sets no timer. An open breaker turns half-open when the first call after its pause
//! asks for admission; [`Breaker::state`] says half-open from the end of the pause on, so that whoever picks among
//! breakers by their state does give this one a chance.
//!
//! ```
//! use repflow::policy::breaker::{Breaker, BreakerOptions, BreakerState, Sample};
//! use repflow::time::Timestamp;
//! use std::time::Duration;
//!
//! let mut breaker = Breaker::new(BreakerOptions { min_calls: 2, ..BreakerOptions::default() });
//! let now = Timestamp::EPOCH;
//! for _ in 0..2 {
//!     let permit = breaker.admit(now).unwrap();
//!     breaker.record(permit, Sample::Failure, Duration::from_millis(40), now);
//! }
//! assert_eq!(breaker.state(now), BreakerState::Open);
//! assert_eq!(breaker.admit(now).unwrap_err().retry_after, Some(Duration::from_secs(10)));
//! assert!(breaker.admit(now + Duration::from_secs(10)).is_ok());
//! ```

use std::time::Duration;

use super::window::{Counts, Samples, Window};
use crate::time::Timestamp;

/// When a breaker opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BreakerOptions {
    /// The calls it looks back at.
    pub window: Window,
    /// The part of calls that must fail for it to open, in `(0, 1]`. No failure never opens it, and above 1 nothing
    /// does.
    pub failure_rate: f64,
    /// A call that takes longer is slow; without it no call is.
    pub slow_call: Option<Duration>,
    /// The part of calls that must be slow for it to open, as with `failure_rate`.
    pub slow_call_rate: f64,
    /// Fewer calls in the window decide nothing. At most the size of a window of calls, at least 1.
    pub min_calls: u32,
    /// How long it stays open the first time.
    pub open_for: Duration,
    /// Each failed half-open phase in a row doubles the time open, up to this.
    pub max_open_for: Duration,
    /// How many calls a half-open phase lets through to decide on; at least 1.
    pub probes: u32,
}

impl Default for BreakerOptions {
    /// Half of at least ten calls in 30 s; open for 10 s, growing to 2 min; one probe. The minimum is low because a
    /// browser tab never makes the 100 calls that libraries for servers wait for.
    fn default() -> Self {
        Self {
            window: Window::Time(Duration::from_secs(30)),
            failure_rate: 0.5,
            slow_call: None,
            slow_call_rate: 1.0,
            min_calls: 10,
            open_for: Duration::from_secs(10),
            max_open_for: Duration::from_secs(120),
            probes: 1,
        }
    }
}

impl BreakerOptions {
    /// Whether the failures or the slow calls reach a threshold.
    fn trips(&self, counts: Counts) -> bool {
        counts.reach(self.failure_rate, self.slow_call_rate)
    }

    fn min_calls(&self) -> u32 {
        match self.window {
            Window::Calls(size) => self.min_calls.min(size),
            Window::Time(_) => self.min_calls,
        }
    }

    /// How long the breaker stays open when it opens for the `opens`th time in a row.
    fn open_period(&self, opens: u32) -> Duration {
        self.open_for.saturating_mul(2_u32.saturating_pow(opens.saturating_sub(1))).min(self.max_open_for)
    }
}

/// What a breaker does with calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BreakerState {
    /// Lets them through and counts them.
    Closed,
    /// Refuses them until its time is over.
    Open,
    /// Lets a few through, to see.
    HalfOpen,
    /// Refuses them until it is lifted by hand.
    Isolated,
}

impl BreakerState {
    /// Every state.
    pub const ALL: &[Self] = &[Self::Closed, Self::Open, Self::HalfOpen, Self::Isolated];

    /// Its stable name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Isolated => "isolated",
        }
    }
}

/// The leave to make one call. Hand it back with [`Breaker::record`], once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Permit {
    phase: u32,
    round: u32,
}

/// A call was not let through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// How long until the breaker lets a call through; `None` when that cannot be known, because it is isolated or all
    /// probes are out.
    pub retry_after: Option<Duration>,
}

/// How a call went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sample {
    /// The service did its part.
    Success,
    /// The service failed.
    Failure,
    /// Says nothing about the service: aborted, or a mistake of the caller.
    Ignored,
}

/// The breaker went from one state to another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The state it left.
    pub from: BreakerState,
    /// The state it is in since.
    pub to: BreakerState,
    /// When.
    pub at: Timestamp,
}

/// What is worth keeping of a breaker while the program does not run. The window is not: it would be out of date.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSnapshot {
    /// Its state.
    pub state: BreakerState,
    /// When its time open is over; the epoch when it is not open.
    pub open_until: Timestamp,
    /// How many times in a row it opened without closing in between.
    pub opens: u32,
    /// How many isolations hold.
    pub isolations: u32,
}

#[derive(Clone, Copy, Debug)]
enum Phase {
    Closed,
    Open {
        until: Timestamp,
    },
    HalfOpen {
        /// The probes of this round that did not answer yet.
        out: u32,
        /// Grows when probes are given up.
        round: u32,
        /// When the latest probe was let through.
        latest: Timestamp,
    },
    Isolated,
}

impl Phase {
    fn state(self) -> BreakerState {
        match self {
            Self::Closed => BreakerState::Closed,
            Self::Open { .. } => BreakerState::Open,
            Self::HalfOpen { .. } => BreakerState::HalfOpen,
            Self::Isolated => BreakerState::Isolated,
        }
    }
}

/// A circuit breaker.
#[derive(Clone, Debug)]
pub struct Breaker {
    options: BreakerOptions,
    phase: Phase,
    /// Grows with each phase, also when a closed breaker is closed by hand.
    number: u32,
    /// The window of the closed phase; empty in the others.
    samples: Samples,
    /// Half-open: the probes that answered. Open: the counts that opened it.
    tally: Counts,
    opens: u32,
    isolations: u32,
    changes: Changes,
}

impl Breaker {
    /// A closed breaker.
    #[must_use]
    pub fn new(options: BreakerOptions) -> Self {
        Self {
            phase: Phase::Closed,
            number: 0,
            samples: Samples::new(options.window),
            tally: Counts::default(),
            opens: 0,
            isolations: 0,
            changes: Changes::default(),
            options,
        }
    }

    /// A breaker as `snapshot` says. Half-open restores as open, with no time left if the snapshot is our own: the
    /// probes were lost, and the next call is one. A time open that lies too far in the future, because a clock was
    /// wrong or the snapshot was tampered with, is cut to the longest time open. No permit of the breaker that the
    /// snapshot was taken of may be recorded here.
    #[must_use]
    pub fn restore(options: BreakerOptions, snapshot: BreakerSnapshot, now: Timestamp) -> Self {
        let mut breaker = Self::new(options);
        if snapshot.isolations > 0 {
            breaker.phase = Phase::Isolated;
            breaker.isolations = snapshot.isolations;
        } else if matches!(snapshot.state, BreakerState::Open | BreakerState::HalfOpen) {
            breaker.opens = snapshot.opens.max(1);
            breaker.phase = Phase::Open { until: snapshot.open_until.min(now + options.max_open_for) };
        }
        breaker
    }

    /// What to keep for [`Breaker::restore`].
    #[must_use]
    pub fn snapshot(&self, now: Timestamp) -> BreakerSnapshot {
        let open_until = match self.phase {
            Phase::Open { until } => until,
            _ => Timestamp::EPOCH,
        };
        BreakerSnapshot { state: self.state(now), open_until, opens: self.opens, isolations: self.isolations }
    }

    /// Whether a call may be made now.
    ///
    /// # Errors
    /// The breaker is open or isolated, or half-open with all probes out.
    pub fn admit(&mut self, now: Timestamp) -> Result<Permit, Refusal> {
        if let Phase::Open { until } = &mut self.phase {
            // A clock that went back far must not keep it open for longer than it may be.
            *until = (*until).min(now + self.options.max_open_for);
            if now < *until {
                return Err(Refusal { retry_after: Some(until.since(now)) });
            }
            self.tally = Counts::default();
            self.enter(Phase::HalfOpen { out: 0, round: 0, latest: now }, now);
        }
        let number = self.number;
        match &mut self.phase {
            Phase::Closed => Ok(Permit { phase: number, round: 0 }),
            Phase::HalfOpen { out, round, latest } => {
                if out.saturating_add(self.tally.calls) >= self.options.probes.max(1) {
                    *latest = (*latest).min(now);
                    if now.since(*latest) <= self.options.open_period(self.opens) {
                        return Err(Refusal { retry_after: None });
                    }
                    *out = 0;
                    *round = round.wrapping_add(1);
                }
                *out += 1;
                *latest = now;
                Ok(Permit { phase: number, round: *round })
            }
            Phase::Open { .. } | Phase::Isolated => Err(Refusal { retry_after: None }),
        }
    }

    /// A call ended at `now`, after `duration`. The answer of a call that was let through in an earlier phase is
    /// counted nowhere. The answer of a probe that was given up still counts if the phase goes on: a service that
    /// takes longer than the time open to answer would otherwise never be seen to work.
    pub fn record(&mut self, permit: Permit, sample: Sample, duration: Duration, now: Timestamp) {
        if permit.phase != self.number {
            return;
        }
        if let Phase::HalfOpen { out, round, .. } = &mut self.phase
            && permit.round == *round
        {
            *out = out.saturating_sub(1);
        }
        if sample == Sample::Ignored {
            return;
        }
        let slow = self.options.slow_call.is_some_and(|limit| duration > limit);
        let counts = Counts::of(sample == Sample::Failure, slow);
        match self.phase {
            Phase::Closed => {
                let counts = self.samples.push(counts, now);
                if counts.calls >= self.options.min_calls() && self.options.trips(counts) {
                    self.tally = counts;
                    self.open(now);
                }
            }
            Phase::HalfOpen { .. } => {
                self.tally.add(counts);
                self.decide(now);
            }
            // No permit is given in these.
            Phase::Open { .. } | Phase::Isolated => {}
        }
    }

    /// What a call made now would meet: an open breaker is half-open from the end of its time on, though it changes
    /// only with the call.
    #[must_use]
    pub fn state(&self, now: Timestamp) -> BreakerState {
        match self.phase {
            Phase::Open { until } if now >= until => BreakerState::HalfOpen,
            phase => phase.state(),
        }
    }

    /// Refuses every call until [`Breaker::lift`] was called as often as this.
    pub fn isolate(&mut self, now: Timestamp) {
        self.isolations = self.isolations.saturating_add(1);
        if self.isolations == 1 {
            self.reset();
            self.enter(Phase::Isolated, now);
        }
    }

    /// Ends one isolation. The last one leaves the breaker closed, with nothing remembered; one too many does nothing.
    pub fn lift(&mut self, now: Timestamp) {
        if self.isolations == 1 {
            self.enter(Phase::Closed, now);
        }
        self.isolations = self.isolations.saturating_sub(1);
    }

    /// Closes the breaker by hand: it forgets the window, how often it opened, and the calls that are under way. Does
    /// not end an isolation.
    pub fn close(&mut self, now: Timestamp) {
        if self.isolations == 0 {
            self.reset();
            self.enter(Phase::Closed, now);
        }
    }

    /// The next change of state that was not taken yet, the earliest first. Take them after each call; of changes
    /// that nobody takes only the last eight are kept.
    pub fn take_change(&mut self) -> Option<Change> {
        self.changes.pop()
    }

    /// Closed: what the window holds. Half-open: the probes that answered. Open: the counts that opened it.
    pub fn counts(&mut self, now: Timestamp) -> Counts {
        match self.phase {
            Phase::Closed => self.samples.counts(now),
            _ => self.tally,
        }
    }

    /// Half-open: opens or closes as soon as the probes that are still to answer cannot change the outcome.
    fn decide(&mut self, now: Timestamp) {
        let probes = self.options.probes.max(1);
        let left = probes.saturating_sub(self.tally.calls);
        let best = Counts { calls: probes, ..self.tally };
        let mut worst = best;
        worst.add(Counts { calls: 0, failures: left, slow: left });
        if self.options.trips(best) {
            self.open(now);
        } else if !self.options.trips(worst) {
            self.reset();
            self.enter(Phase::Closed, now);
        }
    }

    fn open(&mut self, now: Timestamp) {
        self.samples.clear();
        self.opens = self.opens.saturating_add(1);
        self.enter(Phase::Open { until: now + self.options.open_period(self.opens) }, now);
    }

    fn reset(&mut self) {
        self.samples.clear();
        self.tally = Counts::default();
        self.opens = 0;
    }

    fn enter(&mut self, phase: Phase, now: Timestamp) {
        let (from, to) = (self.phase.state(), phase.state());
        self.phase = phase;
        self.number = self.number.wrapping_add(1);
        if from != to {
            self.changes.push(Change { from, to, at: now });
        }
    }
}

/// A short queue without an allocation.
#[derive(Clone, Copy, Debug, Default)]
struct Changes([Option<Change>; 8]);

impl Changes {
    fn push(&mut self, change: Change) {
        match self.0.iter_mut().find(|place| place.is_none()) {
            Some(place) => *place = Some(change),
            None => {
                self.pop();
                self.0[7] = Some(change);
            }
        }
    }

    fn pop(&mut self) -> Option<Change> {
        let first = self.0[0]?;
        self.0.copy_within(1.., 0);
        self.0[7] = None;
        Some(first)
    }
}
