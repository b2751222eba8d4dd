//! Calls under guard: all policies around a function, as one state machine.
//!
//! The order, outermost first: total timeout, cache (with single flight), fallback, retry (with budget), circuit breaker,
//! rate limit, bulkhead, attempt timeout, hedge, and then the function. So the breaker sees every attempt and not only
//! the last one; an attempt that waits for its delay holds no place in the bulkhead; the attempt timeout does not count
//! while an attempt waits for its turn, and the total timeout always does.
//!
//! Nothing is performed here. The host begins a call, performs the [`Command`]s, says how each attempt ended, and keeps
//! one timer for [`next_deadline`](Guards::next_deadline). Values and errors stay with the host; so does the function.
//!
//! ```
//! use repflow::policy::{Command, End, Guards, Options, Outcome, Request, Wiring};
//! use repflow::time::Timestamp;
//! use std::rc::Rc;
//!
//! let options = Rc::new(Options::from_json(r#"{ "retry": { "maxAttempts": 3 } }"#)?);
//! let mut guards = Guards::default();
//! let now = Timestamp::EPOCH;
//! let call = guards.begin(&options, Wiring::default(), &Request::new(7), now);
//! assert_eq!(guards.next_command(), Some(Command::Start { owner: 7, attempt: 1, level: 0 }));
//!
//! guards.settle(call, 1, &Outcome::COMPLETED, now);
//! let end = End::Completed { attempt: 1, level: 0, store: None };
//! assert_eq!(guards.next_command(), Some(Command::Settle { owner: 7, end, goes_on: false }));
//! # Ok::<(), repflow::Error>(())
//! ```

mod call;
mod command;
mod parts;

use std::collections::VecDeque;
use std::rc::Rc;

use slab::Slab;

use self::call::{Call, MOST_AT_ONCE, Phase};
use self::parts::{Own, Parts, Places};
use super::{Breaker, BreakerSnapshot, Counts, Entry, Failure, Join, Lookup, Options, Outcome, Permit, Sample, Turn};
use crate::error::Code;
use crate::exec::Timers;
use crate::time::Timestamp;

pub use self::command::{AbortReason, Command, End, FailureReason};
pub use self::parts::{Stats, Wiring};

/// Names a call, also after it has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CallId {
    slot: u32,
    seq: u32,
}

impl CallId {
    /// As one number.
    #[must_use]
    pub fn to_bits(self) -> u64 {
        u64::from(self.seq) << 32 | u64::from(self.slot)
    }

    /// What [`to_bits`](Self::to_bits) gave.
    #[must_use]
    pub fn from_bits(bits: u64) -> Self {
        Self { slot: bits as u32, seq: (bits >> 32) as u32 }
    }
}

/// What a call is begun with.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Whose call it is, for the host.
    pub owner: u64,
    /// What tells the same work from other work; without one there is neither cache nor single flight.
    pub key: Option<&'a str>,
    /// Whose rate it counts against, such as a tenant's or a user's.
    pub limit_key: Option<&'a str>,
    /// What it costs at a rate limit of tokens.
    pub tokens: u32,
    /// How many fallbacks there are.
    pub fallbacks: u32,
    /// All its randomness.
    pub seed: u64,
}

impl Request<'_> {
    /// A call of `owner`, without a key and without fallbacks.
    #[must_use]
    pub fn new(owner: u64) -> Self {
        Self { owner, key: None, limit_key: None, tokens: 0, fallbacks: 0, seed: owner }
    }
}

/// Calls and what they share.
#[derive(Debug, Default)]
pub struct Guards {
    parts: Parts,
    calls: Slab<Call>,
    timers: Timers<u32>,
    commands: VecDeque<Command>,
    /// The bulkheads with a place that became free, and when.
    vacant: VecDeque<(u32, Timestamp)>,
    next_seq: u32,
    /// Reused for what a cache evicts.
    evicted: Vec<u32>,
}

impl Guards {
    /// Defines the shared parts that `options` has under a name, for options that refer to it.
    pub fn define(&mut self, name: &Rc<str>, options: &Options) {
        self.parts.define(name, options);
    }

    /// The shared parts of a scope, made when they are first asked for. Calls of the same scope share what has no name.
    pub fn wire(&mut self, options: &Options, scope: &Rc<str>) -> Wiring {
        self.parts.wire(options, scope)
    }

    /// Begins a call.
    pub fn begin(&mut self, options: &Rc<Options>, wiring: Wiring, request: &Request<'_>, now: Timestamp) -> CallId {
        let mut call = Call::new(options, wiring, request, now);
        call.seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1);
        let seq = call.seq;
        let slot = self.calls.insert(call) as u32;
        self.count(slot, |stats| stats.calls += 1);
        if self.calls[slot as usize].key.is_none() || self.look_up(slot, now) {
            self.admit(slot, now);
        }
        CallId { slot, seq }
    }

    /// An attempt ended. One that nobody waits for any more is ignored.
    pub fn settle(&mut self, id: CallId, attempt: u32, outcome: &Outcome<'_>, now: Timestamp) {
        let Some(call) = self.get_mut(id) else { return };
        if !call.end(attempt) {
            return;
        }
        match outcome {
            Outcome::Completed { bytes } => self.completed(id.slot, attempt, *bytes, now),
            Outcome::Failed(failure) => {
                let owner = call.owner;
                let goes_on = !call.live().is_empty() && call.may_pass(failure);
                let sample = call.sample_of(failure);
                if let Some(asked) = failure.retry_after {
                    call.not_before = call.not_before.max(Some(now + asked));
                    call.hedge_at = None;
                }
                self.commands.push_back(Command::Failed { owner, attempt, reason: FailureReason::Error });
                if goes_on {
                    return self.arm(id.slot);
                }
                // Those beside it would meet the same.
                self.abort_live(id.slot, AbortReason::Superseded);
                self.leave(id.slot, sample, failure.class.overloaded, now);
                self.failed(id.slot, FailureReason::Error, failure, now);
            }
        }
    }

    /// Output of an attempt has been seen: from here on nothing is tried again, neither beside it nor after it. Attempts
    /// that run beside it are aborted, for theirs would be another output. An attempt that nobody waits for any more
    /// commits to nothing: what it puts out is dropped.
    pub fn commit(&mut self, id: CallId, attempt: u32) {
        let Some(call) = self.get_mut(id) else { return };
        if !call.end(attempt) {
            return;
        }
        self.abort_live(id.slot, AbortReason::Superseded);
        let call = &mut self.calls[id.slot as usize];
        call.put_back(attempt);
        call.committed = true;
        call.hedge_at = None;
        self.arm(id.slot);
    }

    /// The host is ready for the attempt whose delay is over.
    pub fn resume(&mut self, id: CallId, now: Timestamp) {
        if self.get_mut(id).is_some_and(|call| call.phase == Phase::Ready) {
            self.admit(id.slot, now);
        }
    }

    /// The caller gives up. Work that others wait for goes on.
    pub fn cancel(&mut self, id: CallId, now: Timestamp) {
        let Some(call) = self.get_mut(id) else { return };
        if call.answered {
            return;
        }
        let (leads, wiring, owner) = (call.leads, call.wiring, call.owner);
        self.count(id.slot, |stats| stats.cancelled += 1);
        if leads && self.own(wiring).is_some_and(|own| own.flights.followers(id.slot) > 0) {
            let call = &mut self.calls[id.slot as usize];
            (call.answered, call.given_up) = (true, true);
            self.commands.push_back(Command::Settle { owner, end: End::Cancelled, goes_on: true });
        } else {
            self.abort_live(id.slot, AbortReason::Cancelled);
            self.finish(id.slot, End::Cancelled, now);
        }
    }

    /// Does what is due first, and says whether something was. The host calls it until nothing is.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        // Who has a place by now does not wait too long for it.
        while let Some((bulkhead, _)) = self.vacant.pop_front() {
            self.pass_on(bulkhead, now);
        }
        let Some(slot) = self.timers.pop_due(now) else { return false };
        self.calls[slot as usize].timer = None;
        self.due(slot, now);
        if self.calls.contains(slot as usize) {
            self.arm(slot);
        }
        true
    }

    /// When [`tick`](Self::tick) is due next.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.timers.next_due()
    }

    /// When something is due for one call.
    #[must_use]
    pub fn deadline_of(&self, id: CallId) -> Option<Timestamp> {
        self.calls.get(id.slot as usize).filter(|call| call.seq == id.seq)?.next_due()
    }

    /// Takes the next thing for the host to do. A place that became free is passed on when nothing else is left to say:
    /// first a call ends, then who waited for its place begins.
    pub fn next_command(&mut self) -> Option<Command> {
        loop {
            if let Some(command) = self.next_consequence() {
                return Some(command);
            }
            let (bulkhead, now) = self.vacant.pop_front()?;
            self.pass_on(bulkhead, now);
        }
    }

    /// As [`next_command`](Self::next_command), but passes no place on. Whoever gives up several calls at once does so
    /// before one of them gets the place of another.
    pub(crate) fn next_consequence(&mut self) -> Option<Command> {
        self.commands.pop_front()
    }

    /// How many calls have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether every call has ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }
}

/// What a host can see and move by hand.
impl Guards {
    /// What happened so far to the calls of a scope.
    #[must_use]
    pub fn stats(&self, wiring: Wiring) -> Stats {
        wiring.own.map(|own| self.parts.own[own as usize].stats).unwrap_or_default()
    }

    /// The circuit breaker, when there is one.
    pub fn breaker(&mut self, wiring: Wiring) -> Option<&mut Breaker> {
        wiring.breaker.map(|breaker| self.parts.breakers.get_mut(breaker))
    }

    /// Moves the circuit breaker by hand, and tells how its state changed.
    pub fn move_breaker(&mut self, wiring: Wiring, act: impl FnOnce(&mut Breaker)) {
        if let Some(breaker) = wiring.breaker {
            act(self.parts.breakers.get_mut(breaker));
            self.tell_changes(breaker);
        }
    }

    /// The name of a circuit breaker: its own, or that of the scope it belongs to.
    #[must_use]
    pub fn breaker_name(&self, breaker: u32) -> &Rc<str> {
        self.parts.breakers.name(breaker)
    }

    /// The circuit breaker of a name, or of a scope.
    #[must_use]
    pub fn find_breaker(&self, name: &str) -> Option<Wiring> {
        self.parts.breakers.find(name).map(|breaker| Wiring { breaker: Some(breaker), ..Wiring::default() })
    }

    /// Where every circuit breaker is, by its name.
    pub fn breaker_snapshots(&self, now: Timestamp) -> impl Iterator<Item = (&str, BreakerSnapshot)> {
        self.parts.breakers.all().map(move |(name, breaker)| (name, breaker.snapshot(now)))
    }

    /// Puts the circuit breaker of a name, or of a scope, back where it was, when it is made.
    pub fn remember_breaker(&mut self, name: &str, snapshot: BreakerSnapshot, now: Timestamp) {
        self.parts.remember(name, snapshot, now);
    }

    /// Whether a rate limit was defined under a name.
    #[must_use]
    pub fn knows_rate_limit(&self, name: &str) -> bool {
        self.parts.rate_limits.find(name).is_some()
    }

    /// The rate limit, when there is one.
    pub fn rate_limit(&mut self, wiring: Wiring) -> Option<&mut super::RateLimit> {
        wiring.rate_limit.map(|limit| self.parts.rate_limits.get_mut(limit))
    }

    /// Calls inside of the bulkhead, its limit, and how many wait, when there is one.
    pub fn bulkhead(&mut self, wiring: Wiring) -> Option<(u32, u32, usize)> {
        let places = self.parts.bulkheads.get_mut(wiring.bulkhead?);
        let bulkhead = &places.bulkhead;
        Some((bulkhead.used(), bulkhead.limit().unwrap_or(u32::MAX), bulkhead.queued()))
    }

    /// The cache, when there is one.
    pub fn cache(&mut self, wiring: Wiring) -> Option<&mut super::Cache> {
        self.own(wiring)?.cache.as_mut()
    }

    /// Forgets what the cache holds, and tells the host so.
    pub fn clear_cache(&mut self, wiring: Wiring) {
        let slots = self.cache(wiring).map(super::Cache::clear).unwrap_or_default();
        self.commands.extend(slots.into_iter().map(|slot| Command::Evict { slot }));
    }

    /// Counts of the breaker's window.
    pub fn breaker_counts(&mut self, wiring: Wiring, now: Timestamp) -> Option<Counts> {
        self.breaker(wiring).map(|breaker| breaker.counts(now))
    }
}

/// From the outermost policy to the function.
impl Guards {
    /// Asks the cache, and whoever does the same work already. Says whether the call has to do it itself.
    fn look_up(&mut self, slot: u32, now: Timestamp) -> bool {
        let Self { parts, calls, commands, .. } = self;
        let call = &mut calls[slot as usize];
        let Some(own) = call.wiring.own.map(|own| &mut parts.own[own as usize]) else { return true };
        let Some(key) = call.key.as_deref() else { return true };
        let owner = call.owner;
        let cached = own.cache.as_mut().map_or(Lookup::Miss, |cache| cache.get(key, now));
        let (found, stale) = match cached {
            Lookup::Fresh(found) => (Some(found), false),
            Lookup::Stale(found) => (Some(found), true),
            Lookup::Miss => (None, false),
        };
        if let Some(found) = found {
            own.stats.cache_hits += 1;
            own.stats.stale_hits += u32::from(stale);
            own.stats.succeeded += 1;
            let end = End::Cached { slot: found, stale };
            // One of those who find it stale refreshes it, behind the back of its caller.
            let refresh = stale
                && match own.flights.join(key, slot) {
                    Join::Leader => true,
                    Join::Follower(leader) => {
                        own.flights.leave(leader, slot);
                        false
                    }
                };
            commands.push_back(Command::Settle { owner, end, goes_on: refresh });
            call.answered = true;
            call.leads = refresh;
            if !refresh {
                calls.remove(slot as usize);
            }
            return refresh;
        }
        if own.cache.is_none() && !call.options.single_flight {
            return true;
        }
        match own.flights.join(key, slot) {
            Join::Leader => {
                call.leads = true;
                true
            }
            Join::Follower(leader) => {
                call.phase = Phase::Following(leader);
                self.arm(slot);
                false
            }
        }
    }

    /// Makes the next attempt, if the circuit breaker and the rate limit let it.
    fn admit(&mut self, slot: u32, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot as usize];
        call.tries += 1;
        call.wake = None;
        if let Some(ix) = call.wiring.breaker {
            let admitted = parts.breakers.get_mut(ix).admit(now);
            call.permit = admitted.ok();
            self.tell_changes(ix);
            if let Err(refusal) = admitted {
                self.count(slot, |stats| stats.short_circuited += 1);
                let retry_after = refusal.retry_after;
                let reason = FailureReason::CircuitOpen { retry_after };
                return self.refused(slot, reason, Failure::of(Code::CircuitOpen, retry_after), now);
            }
        }
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot as usize];
        if let Some(ix) = call.wiring.rate_limit {
            let key = call.limit_key.as_deref().unwrap_or_default();
            let cost = super::Cost { requests: 1, tokens: call.tokens };
            let (reason, failure) = match parts.rate_limits.get_mut(ix).acquire(key, cost, now) {
                Turn::Now => return self.enter(slot, now),
                Turn::Wait(wait) => {
                    call.phase = Phase::Throttled;
                    call.wake = Some(now + wait);
                    return self.arm(slot);
                }
                Turn::Refused { retry_after } => {
                    (FailureReason::RateLimited { retry_after }, Failure::of(Code::RateLimited, Some(retry_after)))
                }
                Turn::Exhausted { retry_after } => {
                    (FailureReason::QuotaExceeded { retry_after }, Failure::of(Code::QuotaExceeded, None))
                }
                Turn::Never => (FailureReason::TooLarge, Failure::of(Code::QuotaExceeded, None)),
            };
            self.count(slot, |stats| stats.rate_limited += 1);
            return self.refused(slot, reason, failure, now);
        }
        self.enter(slot, now);
    }

    /// Goes into the bulkhead, or into its queue.
    fn enter(&mut self, slot: u32, now: Timestamp) {
        let call = &self.calls[slot as usize];
        let Some(ix) = call.wiring.bulkhead else { return self.start(slot, now) };
        // Those in the queue come first, also to a place that has just become free.
        self.pass_on(ix, now);
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot as usize];
        let places = parts.bulkheads.get_mut(ix);
        match places.bulkhead.enter(slot) {
            Entry::Entered => {
                call.has_place = true;
                self.start(slot, now);
            }
            Entry::Queued => {
                call.phase = Phase::Queued;
                call.wake = places.options.max_wait.map(|wait| now + wait);
                self.arm(slot);
            }
            Entry::Full => {
                self.count(slot, |stats| stats.bulkhead_rejected += 1);
                self.refused(slot, FailureReason::BulkheadFull, Failure::of(Code::BulkheadFull, None), now);
            }
        }
    }

    /// Calls the function, or the fallback.
    fn start(&mut self, slot: u32, now: Timestamp) {
        let Self { parts, calls, commands, .. } = self;
        let call = &mut calls[slot as usize];
        call.phase = Phase::Running;
        call.hedges = 0;
        call.not_before = None;
        call.attempt_began = now;
        call.wake = call.options.timeout.map(|timeout| now + timeout);
        call.hedge_at = None;
        let own = call.wiring.own.map(|own| &mut parts.own[own as usize]);
        if let (Some(hedge), Some(own), 0, false) = (&call.options.hedge, &own, call.level, call.committed) {
            call.hedge_at = hedge.delay(&own.latencies).map(|delay| now + delay);
        }
        if let Some(own) = own {
            own.stats.attempts += 1;
        }
        let (owner, attempt, level) = (call.owner, call.start(), call.level);
        commands.push_back(Command::Start { owner, attempt, level });
        self.arm(slot);
    }

    /// Calls the function once more, beside the attempt that takes long.
    fn hedge(&mut self, slot: u32, now: Timestamp) {
        let call = &mut self.calls[slot as usize];
        call.hedge_at = None;
        let Some(hedge) = call.options.hedge else { return };
        if call.hedges >= hedge.max_extra || call.live().len() >= MOST_AT_ONCE {
            return;
        }
        call.hedges += 1;
        let (owner, attempt, level) = (call.owner, call.start(), call.level);
        if call.hedges < hedge.max_extra {
            let latencies = call.wiring.own.map(|own| &self.parts.own[own as usize].latencies);
            call.hedge_at = latencies.and_then(|latencies| hedge.delay(latencies)).map(|delay| now + delay);
        }
        self.commands.push_back(Command::Start { owner, attempt, level });
        self.count(slot, |stats| {
            stats.attempts += 1;
            stats.hedges += 1;
        });
    }

    fn due(&mut self, slot: u32, now: Timestamp) {
        let call = &mut self.calls[slot as usize];
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if is_due(call.total_deadline) {
            let owner = call.owner;
            // A call that still waited for its turn says nothing about the service.
            let runs = call.phase == Phase::Running;
            let sample =
                if runs { call.sample_of(&Failure::of(Code::PolicyTotalTimeout, None)) } else { Sample::Ignored };
            self.commands.push_back(Command::Failed { owner, attempt: 0, reason: FailureReason::TotalTimeout });
            self.count(slot, |stats| stats.timeouts += 1);
            self.abort_live(slot, AbortReason::TotalTimedOut);
            self.leave(slot, sample, runs, now);
            return self.end_failed(slot, FailureReason::TotalTimeout, now);
        }
        if is_due(call.wake) {
            call.wake = None;
            match call.phase {
                Phase::Delayed => {
                    call.phase = Phase::Ready;
                    self.commands.push_back(Command::Ready { owner: call.owner });
                }
                Phase::Throttled => self.enter(slot, now),
                Phase::Queued => {
                    let bulkhead = call.wiring.bulkhead;
                    if let Some(bulkhead) = bulkhead {
                        self.parts.bulkheads.get_mut(bulkhead).bulkhead.withdraw(slot);
                    }
                    self.count(slot, |stats| stats.bulkhead_rejected += 1);
                    self.refused(slot, FailureReason::BulkheadTimeout, Failure::of(Code::BulkheadTimeout, None), now);
                }
                Phase::Running => {
                    let owner = call.owner;
                    let (attempts, count) = call.take_live();
                    for attempt in &attempts[..count] {
                        let (attempt, reason) = (*attempt, AbortReason::TimedOut);
                        self.commands.push_back(Command::Abort { owner, attempt, reason });
                        self.commands.push_back(Command::Failed { owner, attempt, reason: FailureReason::Timeout });
                    }
                    self.count(slot, |stats| stats.timeouts += count as u32);
                    let failure = Failure::of(Code::PolicyTimeout, None);
                    let sample = self.calls[slot as usize].sample_of(&failure);
                    self.leave(slot, sample, true, now);
                    self.failed(slot, FailureReason::Timeout, &failure, now);
                }
                Phase::Following(_) | Phase::Ready => {}
            }
        } else if is_due(call.hedge_at) {
            self.hedge(slot, now);
        }
    }
}

/// From the end of an attempt back out to the caller.
impl Guards {
    fn completed(&mut self, slot: u32, attempt: u32, bytes: u64, now: Timestamp) {
        if !self.calls[slot as usize].live().is_empty() {
            self.abort_live(slot, AbortReason::Superseded);
        }
        self.leave(slot, Sample::Success, false, now);
        let Self { parts, calls, evicted, .. } = self;
        let call = &calls[slot as usize];
        let level = call.level;
        // A fallback that works does not pay for asking again what failed.
        if let (0, Some(budget)) = (level, call.wiring.budget) {
            parts.budgets.get_mut(budget).deposit(now);
        }
        let mut store = None;
        if let Some(own) = call.wiring.own.map(|own| &mut parts.own[own as usize]) {
            if level == 0 && call.options.hedge.is_some() {
                own.latencies.record(now.since(call.attempt_began));
            }
            own.stats.succeeded += u32::from(!call.answered);
            // What a fallback gave is good enough for now, and not for the next ones.
            if let (0, Some(key), Some(cache)) = (level, call.key.as_deref(), own.cache.as_mut()) {
                store = cache.put(key, bytes, now, evicted);
            }
        }
        for slot in self.evicted.drain(..) {
            self.commands.push_back(Command::Evict { slot });
        }
        self.finish(slot, End::Completed { attempt, level, store }, now);
    }

    /// An attempt was not admitted.
    fn refused(&mut self, slot: u32, reason: FailureReason, failure: Failure<'_>, now: Timestamp) {
        let owner = self.calls[slot as usize].owner;
        self.commands.push_back(Command::Failed { owner, attempt: 0, reason });
        self.leave(slot, Sample::Ignored, false, now);
        self.failed(slot, reason, &failure, now);
    }

    /// The one place that decides what a failure leads to.
    fn failed(&mut self, slot: u32, reason: FailureReason, failure: &Failure<'_>, now: Timestamp) {
        let Self { parts, calls, commands, .. } = self;
        let call = &mut calls[slot as usize];
        let owner = call.owner;
        if call.committed {
            return self.end_failed(slot, reason, now);
        }
        if let (0, Some(retry)) = (call.level, &call.options.retry) {
            let elapsed = now.since(call.began);
            // The service may have told it to another attempt of the same try.
            let retry_after = failure.retry_after.max(call.not_before.map(|at| at.since(now)));
            let failure = &Failure { retry_after, ..*failure };
            let delay = retry.next_delay(call.tries, failure, elapsed, &mut call.progress, &mut call.rng);
            // A delay that ends after the total timeout would only turn this error into a less telling one.
            let delay = delay.filter(|delay| call.total_deadline.is_none_or(|deadline| now + *delay < deadline));
            if let Some(delay) = delay {
                let own = call.wiring.own.map(|own| &mut parts.own[own as usize].stats);
                if call.wiring.budget.is_none_or(|budget| parts.budgets.get_mut(budget).withdraw(now)) {
                    own.into_iter().for_each(|stats| stats.retries += 1);
                    call.phase = Phase::Delayed;
                    call.wake = Some(now + delay);
                    commands.push_back(Command::Delayed { owner, delay });
                    return self.arm(slot);
                }
                own.into_iter().for_each(|stats| stats.budget_exhausted += 1);
            }
        }
        if call.level < call.fallbacks {
            call.level += 1;
            commands.push_back(Command::FellBack { owner, level: call.level });
            self.count(slot, |stats| stats.fallbacks += 1);
            return self.start(slot, now);
        }
        self.end_failed(slot, reason, now);
    }

    /// Nothing is left to try but an old value of the cache.
    fn end_failed(&mut self, slot: u32, reason: FailureReason, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &calls[slot as usize];
        let mut end = End::Failed(reason);
        if let Some(own) = call.wiring.own.map(|own| &mut parts.own[own as usize]) {
            // An old answer must not follow on a part of a new one.
            let old_will_do = reason != FailureReason::TotalTimeout && !call.committed;
            let old = match (own.cache.as_mut(), call.key.as_deref()) {
                (Some(cache), Some(key)) if old_will_do => cache.if_error(key, now),
                _ => None,
            };
            if let Some(slot) = old {
                end = End::Cached { slot, stale: true };
            }
            if !call.answered {
                let (saved, lost) = (u32::from(old.is_some()), u32::from(old.is_none()));
                own.stats.cache_hits += saved;
                own.stats.stale_hits += saved;
                own.stats.succeeded += saved;
                own.stats.failed += lost;
            }
        }
        self.finish(slot, end, now);
    }

    /// The one place where a call ends. Those who followed it end with it.
    fn finish(&mut self, slot: u32, end: End, now: Timestamp) {
        self.leave(slot, Sample::Ignored, false, now);
        let Self { parts, calls, timers, commands, .. } = self;
        let call = calls.remove(slot as usize);
        if let Some((_, timer)) = call.timer {
            timers.clear(timer);
        }
        let owner = call.owner;
        let mut unwanted = None;
        if let Some(own) = call.wiring.own.map(|own| &mut parts.own[own as usize]) {
            if let Phase::Following(leader) = call.phase {
                own.flights.leave(leader, slot);
                unwanted = Some(leader).filter(|leader| own.flights.followers(*leader) == 0);
            }
            if call.leads {
                for follower in own.flights.finish(slot) {
                    let Some(follower) = calls.try_remove(follower as usize) else { continue };
                    if let Some((_, timer)) = follower.timer {
                        timers.clear(timer);
                    }
                    match end {
                        End::Completed { .. } | End::Cached { .. } => own.stats.succeeded += 1,
                        _ => own.stats.failed += 1,
                    }
                    own.stats.shared += 1;
                    let end = End::Shared { leader: owner };
                    commands.push_back(Command::Settle { owner: follower.owner, end, goes_on: false });
                }
            }
        }
        commands.push_back(Command::Settle { owner, end, goes_on: false });
        // Its own caller had given up before, and now the last who followed did.
        if let Some(leader) = unwanted.filter(|leader| self.calls[*leader as usize].given_up) {
            self.abort_live(leader, AbortReason::Cancelled);
            self.finish(leader, End::Cancelled, now);
        }
    }

    /// Gives back what an attempt holds: its permit, its place, its place in the queue.
    fn leave(&mut self, slot: u32, sample: Sample, overloaded: bool, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot as usize];
        call.wake = None;
        call.hedge_at = None;
        let (began, latency) = (call.attempt_began, now.since(call.attempt_began));
        let permit: Option<Permit> = call.permit.take();
        let has_place = std::mem::take(&mut call.has_place);
        let queued = call.phase == Phase::Queued;
        let wiring = call.wiring;
        if let Some(ix) = wiring.bulkhead {
            let Places { bulkhead, adaptive, .. } = parts.bulkheads.get_mut(ix);
            if queued {
                bulkhead.withdraw(slot);
            }
            if has_place {
                if let (Some(adaptive), true) = (adaptive.as_mut(), sample != Sample::Ignored || overloaded) {
                    adaptive.record(began, latency, overloaded, bulkhead.used());
                    bulkhead.set_limit(adaptive.limit());
                }
                bulkhead.leave();
            }
        }
        if let (Some(ix), Some(permit)) = (wiring.breaker, permit) {
            parts.breakers.get_mut(ix).record(permit, sample, latency, now);
            self.tell_changes(ix);
        }
        if let (Some(ix), true) = (wiring.bulkhead, has_place)
            && self.parts.bulkheads.get_mut(ix).bulkhead.queued() > 0
        {
            self.vacant.push_back((ix, now));
        }
    }

    /// Begins the calls that are first in line while there is room for them.
    fn pass_on(&mut self, bulkhead: u32, now: Timestamp) {
        while let Some(next) = self.parts.bulkheads.get_mut(bulkhead).bulkhead.pass_on() {
            self.calls[next as usize].has_place = true;
            self.start(next, now);
        }
    }

    fn abort_live(&mut self, slot: u32, reason: AbortReason) {
        let call = &mut self.calls[slot as usize];
        let (attempts, count) = call.take_live();
        for attempt in &attempts[..count] {
            self.commands.push_back(Command::Abort { owner: call.owner, attempt: *attempt, reason });
        }
    }
}

impl Guards {
    fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(id.slot as usize).filter(|call| call.seq == id.seq)
    }

    fn own(&mut self, wiring: Wiring) -> Option<&mut Own> {
        wiring.own.map(|own| &mut self.parts.own[own as usize])
    }

    fn count(&mut self, slot: u32, count: impl FnOnce(&mut Stats)) {
        if let Some(own) = self.calls[slot as usize].wiring.own {
            count(&mut self.parts.own[own as usize].stats);
        }
    }

    fn tell_changes(&mut self, breaker: u32) {
        while let Some(change) = self.parts.breakers.get_mut(breaker).take_change() {
            self.commands.push_back(Command::Circuit { breaker, change });
        }
    }

    /// Sets the timer of a call to what is due next.
    fn arm(&mut self, slot: u32) {
        let call = &mut self.calls[slot as usize];
        let due = call.next_due();
        if due == call.timer.map(|(at, _)| at) {
            return;
        }
        if let Some((_, timer)) = call.timer.take() {
            self.timers.clear(timer);
        }
        call.timer = due.map(|at| (at, self.timers.set(at, slot)));
    }
}
