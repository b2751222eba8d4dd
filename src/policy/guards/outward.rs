//! From the end of an attempt back out to the caller: what is given back, whether it is tried again, how it ends.

use super::call::{Live, Phase};
use super::parts::Places;
use super::{AbortReason, Command, End, FailureReason, Guards};
use crate::policy::{Failure, Permit, Sample};
use crate::time::Timestamp;

impl Guards {
    pub(super) fn completed(&mut self, slot: u32, ended: Live, bytes: u64, now: Timestamp) {
        let Live { attempt, level, .. } = ended;
        let call = &self.calls[slot];
        // Of what was outrun by its fallback nothing is known.
        let sample = if level == call.level { Sample::Success } else { Sample::Ignored };
        if !call.live().is_empty() {
            self.abort_live(slot, AbortReason::Superseded);
        }
        self.leave(slot, sample, false, now);
        let Self { parts, calls, commands, evicted, .. } = self;
        let call = &calls[slot];
        // A fallback that works does not pay for asking again what failed.
        if let (0, Some(budget)) = (level, call.wiring.budget) {
            parts.budgets.get_mut(budget).deposit(now);
        }
        let mut store = None;
        if let Some(own) = parts.own_of(call.wiring) {
            if level == 0 && call.options.hedge.is_some() {
                own.latencies.record(now.since(call.attempt_began));
            }
            own.stats.succeeded += u32::from(!call.answered);
            // What a fallback gave is good enough for now, and not for the next ones; nor is what was asked for before the
            // cache was cleared, or before others gave up waiting for it.
            if let (0, Some(key), Some(cache), true) =
                (level, call.key.as_deref(), own.cache.as_mut(), own.flights.is_open(slot))
            {
                store = cache.put(key, bytes, now, evicted);
            }
        }
        if let Some(own) = call.wiring.own {
            for slot in evicted.iter() {
                commands.push(Command::Evict { own, slot: *slot });
            }
            evicted.clear();
        }
        self.finish(slot, End::Completed { attempt, level, store }, now);
    }

    /// An attempt was not admitted.
    pub(super) fn refused(&mut self, slot: u32, reason: FailureReason, failure: Failure<'_>, now: Timestamp) {
        let call = &self.calls[slot];
        self.commands.push(Command::Failed { owner: call.owner, attempt: 0, level: call.level, reason });
        self.leave(slot, Sample::Ignored, false, now);
        self.failed(slot, reason, &failure, now);
    }

    /// A level has no attempt left that runs. What was started early goes on in its place.
    pub(super) fn lost(&mut self, slot: u32, reason: FailureReason, failure: &Failure<'_>, now: Timestamp) {
        let call = &mut self.calls[slot];
        match call.live().first().copied() {
            Some(next) => {
                call.go_on_with(next);
                self.arm(slot);
            }
            None => self.failed(slot, reason, failure, now),
        }
    }

    /// The one place that decides what a failure leads to.
    pub(super) fn failed(&mut self, slot: u32, reason: FailureReason, failure: &Failure<'_>, now: Timestamp) {
        let Self { parts, calls, commands, .. } = self;
        let call = &mut calls[slot];
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
                if call.wiring.budget.is_none_or(|budget| parts.budgets.get_mut(budget).withdraw(now)) {
                    commands.push(Command::Delayed { owner, delay });
                    if delay.is_zero() {
                        // No timer for nothing: hosts round it up to a millisecond, or to four.
                        call.phase = Phase::Ready;
                        commands.push(Command::Ready { owner });
                    } else {
                        call.phase = Phase::Delayed;
                        call.wake = Some(now + delay);
                    }
                    parts.stats_of(call.wiring).retries += 1;
                    return self.arm(slot);
                }
                parts.stats_of(call.wiring).budget_exhausted += 1;
            }
        }
        if call.reached < call.fallbacks {
            call.reached += 1;
            call.level = call.reached;
            commands.push(Command::FellBack { owner, level: call.level, reason: Some(reason) });
            self.count(slot).fallbacks += 1;
            return self.start(slot, now);
        }
        self.end_failed(slot, reason, now);
    }

    /// Nothing is left to try but an old value of the cache.
    pub(super) fn end_failed(&mut self, slot: u32, reason: FailureReason, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &calls[slot];
        let mut end = End::Failed(reason);
        if let Some(own) = parts.own_of(call.wiring) {
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
    pub(super) fn finish(&mut self, slot: u32, end: End, now: Timestamp) {
        if self.calls[slot].holds_something() {
            self.leave(slot, Sample::Ignored, false, now);
        }
        let Self { parts, calls, timers, commands, .. } = self;
        calls.close(slot);
        let call = &calls[slot];
        if let Some((_, timer)) = call.timer {
            timers.clear(timer);
        }
        let (owner, phase, leads) = (call.owner, call.phase, call.leads);
        let mut unwanted = None;
        if let Some(own) = parts.own_of(call.wiring) {
            if let Phase::Following(leader) = phase {
                own.flights.leave(leader, slot);
                unwanted = Some(leader).filter(|leader| own.flights.followers(*leader) == 0);
            }
            if leads {
                for follower in own.flights.finish(slot) {
                    calls.close(follower);
                    let follower = &calls[follower];
                    if let Some((_, timer)) = follower.timer {
                        timers.clear(timer);
                    }
                    match end {
                        End::Completed { .. } | End::Cached { .. } => own.stats.succeeded += 1,
                        _ => own.stats.failed += 1,
                    }
                    own.stats.shared += 1;
                    let end = End::Shared { leader: owner };
                    commands.push(Command::Settle { owner: follower.owner, end, goes_on: false });
                }
            }
        }
        commands.push(Command::Settle { owner, end, goes_on: false });
        // Its own caller had given up before, and now the last who followed did.
        if let Some(leader) = unwanted.filter(|leader| self.calls[*leader].given_up) {
            self.abort_live(leader, AbortReason::Cancelled);
            self.finish(leader, End::Cancelled, now);
        }
    }

    /// Gives back what an attempt holds: its permit, its place, its place in the queue.
    pub(super) fn leave(&mut self, slot: u32, sample: Sample, overloaded: bool, now: Timestamp) {
        let Self { parts, calls, .. } = self;
        let call = &mut calls[slot];
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
            self.vacant.push((ix, now));
        }
    }

    /// Begins the calls that are first in line while there is room for them.
    pub(super) fn pass_on(&mut self, bulkhead: u32, now: Timestamp) {
        while let Some(next) = self.parts.bulkheads.get_mut(bulkhead).bulkhead.pass_on() {
            self.calls[next].has_place = true;
            self.start(next, now);
        }
    }

    pub(super) fn abort_live(&mut self, slot: u32, reason: AbortReason) {
        let call = &mut self.calls[slot];
        while let Some(Live { attempt, .. }) = call.live().first().copied() {
            call.end(attempt);
            self.commands.push(Command::Abort { owner: call.owner, attempt, reason });
        }
    }
}
