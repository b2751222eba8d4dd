//! From the outermost policy to the function: what a call has to pass before it runs, and what is due while it waits.

use super::call::{Live, MOST_AT_ONCE, Phase, earlier};
use super::{AbortReason, Command, End, FailureReason, Guards};
use crate::error::Code;
use crate::policy::{Cost, Entry, Failure, HedgeWith, Join, Lookup, Sample, Turn};
use crate::time::Timestamp;

impl Guards {
    /// Asks the cache, and whoever does the same work already. Says whether the call has to do it itself.
    pub(super) fn look_up(&mut self, slot: u32, now: Timestamp) -> bool {
        let Self { parts, calls, commands, .. } = self;
        let call = &calls[slot];
        let Some(own) = parts.own_of(call.wiring) else { return true };
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
            commands.push(Command::Settle { owner, end, goes_on: refresh });
            let call = &mut calls[slot];
            call.answered = true;
            call.leads = refresh;
            if refresh {
                // Nobody sees it hang, or ends it.
                let life = own.cache.as_ref().map(|cache| now + cache.life());
                call.total_deadline = earlier(call.total_deadline, life);
            } else {
                calls.close(slot);
            }
            return refresh;
        }
        if own.cache.is_none() && !call.options.single_flight {
            return true;
        }
        let mut joined = own.flights.join(key, slot);
        if let Join::Follower(leader) = joined
            && calls[leader].refreshes()
        {
            // Nobody waits for a refresh, which may hang: who finds nothing of use asks anew.
            own.flights.leave(leader, slot);
            own.flights.shut(leader);
            joined = own.flights.join(key, slot);
        }
        let call = &mut calls[slot];
        match joined {
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
    pub(super) fn admit(&mut self, slot: u32, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot];
        call.tries += 1;
        call.wake = None;
        if let Some(ix) = call.wiring.breaker {
            let admitted = parts.breakers.get_mut(ix).admit(now);
            call.permit = admitted.ok();
            self.tell_changes(ix);
            if let Err(refusal) = admitted {
                self.count(slot).short_circuited += 1;
                let retry_after = refusal.retry_after;
                let reason = FailureReason::CircuitOpen { retry_after };
                return self.refused(slot, reason, Failure::of(Code::CircuitOpen, retry_after), now);
            }
        }
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot];
        if let Some(ix) = call.wiring.rate_limit {
            let key = call.limit_key.as_deref().unwrap_or_default();
            let cost = Cost { requests: 1, tokens: call.tokens };
            let (reason, failure) = match parts.rate_limits.get_mut(ix).acquire(key, cost, call.total_deadline, now) {
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
            self.count(slot).rate_limited += 1;
            return self.refused(slot, reason, failure, now);
        }
        self.enter(slot, now);
    }

    /// Goes into the bulkhead, or into its queue.
    pub(super) fn enter(&mut self, slot: u32, now: Timestamp) {
        let call = &self.calls[slot];
        let Some(ix) = call.wiring.bulkhead else { return self.start(slot, now) };
        // Those in the queue come first, also to a place that has just become free.
        self.pass_on(ix, now);
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot];
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
                self.count(slot).bulkhead_rejected += 1;
                self.refused(slot, FailureReason::BulkheadFull, Failure::of(Code::BulkheadFull, None), now);
            }
        }
    }

    /// Calls the function, or the fallback.
    pub(super) fn start(&mut self, slot: u32, now: Timestamp) {
        let Self { parts, calls, commands, .. } = self;
        let call = &mut calls[slot];
        call.phase = Phase::Running;
        call.hedges = 0;
        call.not_before = None;
        call.attempt_began = now;
        call.wake = call.options.timeout.map(|timeout| now + timeout);
        call.hedge_at = None;
        let own = parts.own_of(call.wiring);
        if let (Some(hedge), Some(own), 0, false) = (&call.options.hedge, &own, call.level, call.committed) {
            call.hedge_at = hedge.delay(&own.latencies).map(|delay| now + delay);
        }
        if let Some(own) = own {
            own.stats.attempts += 1;
        }
        let (owner, level) = (call.owner, call.level);
        let attempt = call.start(level, now);
        commands.push(Command::Start { owner, attempt, level });
        self.arm(slot);
    }

    /// Calls the function once more, or its next fallback, beside the attempt that takes long.
    pub(super) fn hedge(&mut self, slot: u32, now: Timestamp) {
        let call = &mut self.calls[slot];
        call.hedge_at = None;
        let Some(hedge) = call.options.hedge else { return };
        if call.hedges >= hedge.max_extra || call.live().len() >= MOST_AT_ONCE {
            return;
        }
        let (owner, mut level, mut began) = (call.owner, call.level, call.attempt_began);
        let early = hedge.with == HedgeWith::Fallback;
        if early {
            if call.reached >= call.fallbacks {
                return;
            }
            call.reached += 1;
            (level, began) = (call.reached, now);
            self.commands.push(Command::FellBack { owner, level, reason: None });
        }
        call.hedges += 1;
        let attempt = call.start(level, began);
        if call.hedges < hedge.max_extra {
            let latencies = self.parts.own_of(call.wiring).map(|own| &own.latencies);
            call.hedge_at = latencies.and_then(|latencies| hedge.delay(latencies)).map(|delay| now + delay);
        }
        self.commands.push(Command::Start { owner, attempt, level });
        let stats = self.count(slot);
        stats.attempts += 1;
        stats.hedges += 1;
        stats.fallbacks += u32::from(early);
    }

    pub(super) fn due(&mut self, slot: u32, now: Timestamp) {
        let call = &mut self.calls[slot];
        let is_due = |at: Option<Timestamp>| at.is_some_and(|at| at <= now);
        if is_due(call.total_deadline) {
            let owner = call.owner;
            // A call that still waited for its turn says nothing about the service.
            let runs = call.phase == Phase::Running;
            let sample =
                if runs { call.sample_of(&Failure::of(Code::PolicyTotalTimeout, None)) } else { Sample::Ignored };
            let (level, reason) = (call.level, FailureReason::TotalTimeout);
            self.commands.push(Command::Failed { owner, attempt: 0, level, reason });
            self.count(slot).timeouts += 1;
            self.abort_live(slot, AbortReason::TotalTimedOut);
            self.leave(slot, sample, runs, now);
            return self.end_failed(slot, FailureReason::TotalTimeout, now);
        }
        if is_due(call.wake) {
            call.wake = None;
            match call.phase {
                Phase::Delayed => {
                    call.phase = Phase::Ready;
                    self.commands.push(Command::Ready { owner: call.owner });
                }
                Phase::Throttled => self.enter(slot, now),
                Phase::Queued => {
                    let bulkhead = call.wiring.bulkhead;
                    if let Some(bulkhead) = bulkhead {
                        self.parts.bulkheads.get_mut(bulkhead).bulkhead.withdraw(slot);
                    }
                    self.count(slot).bulkhead_rejected += 1;
                    self.refused(slot, FailureReason::BulkheadTimeout, Failure::of(Code::BulkheadTimeout, None), now);
                }
                Phase::Running => {
                    let (owner, level) = (call.owner, call.level);
                    let mut timed_out = 0;
                    // A fallback that was started early has time left.
                    while let Some(Live { attempt, .. }) = call.live().first().copied().filter(|it| it.level == level) {
                        call.end(attempt);
                        let reason = FailureReason::Timeout;
                        self.commands.push(Command::Abort { owner, attempt, reason: AbortReason::TimedOut });
                        self.commands.push(Command::Failed { owner, attempt, level, reason });
                        timed_out += 1;
                    }
                    self.count(slot).timeouts += timed_out;
                    let failure = Failure::of(Code::PolicyTimeout, None);
                    let sample = self.calls[slot].sample_of(&failure);
                    self.leave(slot, sample, true, now);
                    self.lost(slot, FailureReason::Timeout, &failure, now);
                }
                Phase::Following(_) | Phase::Ready => {}
            }
        } else if is_due(call.hedge_at) {
            self.hedge(slot, now);
        }
    }
}
