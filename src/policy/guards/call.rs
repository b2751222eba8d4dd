//! Guarded calls: where each is, and what it holds.

use std::ops::{Index, IndexMut};
use std::rc::Rc;

use super::{CallId, Options, Wiring};
use crate::exec::TimerId;
use crate::policy::{Failure, Permit, Progress, Sample};
use crate::rng::Rng;
use crate::time::Timestamp;

/// Attempts of one call that may run at once: the first, and the hedges beside it.
pub(super) const MOST_AT_ONCE: usize = 4;

/// Where a call is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Phase {
    /// Another call does the same work.
    Following(u32),
    /// Until its turn at the rate limit.
    Throttled,
    /// In the queue of the bulkhead.
    Queued,
    /// Its function runs.
    Running,
    /// Until the next attempt.
    Delayed,
    /// The delay is over, and the host has been told.
    Ready,
}

/// An attempt that runs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Live {
    pub(super) attempt: u32,
    pub(super) level: u32,
    /// What its timeout counts from: of hedges, when the first of them began.
    pub(super) began: Timestamp,
}

/// The calls that are open, each in a slot. A slot is used again when its call has ended.
#[derive(Debug, Default)]
pub(super) struct Calls {
    slots: Vec<Call>,
    free: Vec<u32>,
    next_seq: u32,
}

impl Calls {
    /// A call begins.
    pub(super) fn open(
        &mut self,
        options: &Rc<Options>,
        wiring: Wiring,
        request: &super::Request<'_>,
        now: Timestamp,
    ) -> CallId {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.slots.push(Call::new(options));
            (self.slots.len() - 1) as u32
        });
        let call = &mut self.slots[slot as usize];
        call.renew(options, wiring, request, now);
        call.seq = self.next_seq;
        self.next_seq = self.next_seq.wrapping_add(1);
        CallId { slot, seq: call.seq }
    }

    /// A call has ended.
    pub(super) fn close(&mut self, slot: u32) {
        let call = &mut self.slots[slot as usize];
        debug_assert!(call.is_open, "a call ended twice");
        call.is_open = false;
        call.key = None;
        call.limit_key = None;
        self.free.push(slot);
    }

    /// The call of this id, unless it has ended.
    pub(super) fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.slots.get_mut(id.slot as usize).filter(|call| call.is_open && call.seq == id.seq)
    }

    /// As [`get_mut`](Self::get_mut), to look at.
    pub(super) fn get(&self, id: CallId) -> Option<&Call> {
        self.slots.get(id.slot as usize).filter(|call| call.is_open && call.seq == id.seq)
    }

    /// Whether the slot holds a call that has not ended.
    pub(super) fn is_open(&self, slot: u32) -> bool {
        self.slots.get(slot as usize).is_some_and(|call| call.is_open)
    }

    /// How many have not ended.
    pub(super) fn len(&self) -> usize {
        self.slots.len() - self.free.len()
    }
}

impl Index<u32> for Calls {
    type Output = Call;

    fn index(&self, slot: u32) -> &Call {
        &self.slots[slot as usize]
    }
}

impl IndexMut<u32> for Calls {
    fn index_mut(&mut self, slot: u32) -> &mut Call {
        &mut self.slots[slot as usize]
    }
}

#[derive(Debug)]
pub(super) struct Call {
    pub(super) options: Rc<Options>,
    pub(super) wiring: Wiring,
    pub(super) owner: u64,
    /// Tells this call from others that had its number before.
    seq: u32,
    /// Whether it has not ended; otherwise its place is free.
    is_open: bool,
    pub(super) phase: Phase,
    /// What tells the same work from other work, where there is a cache or a single flight.
    pub(super) key: Option<Box<str>>,
    /// Whose rate it counts against.
    pub(super) limit_key: Option<Box<str>>,
    pub(super) tokens: u32,
    pub(super) rng: Rng,
    pub(super) progress: Progress,
    /// How often the function or a fallback was called.
    pub(super) attempts: u32,
    /// Attempts of this level, hedges not counted: what `maxAttempts` counts.
    pub(super) tries: u32,
    /// The first level that has not failed.
    pub(super) level: u32,
    /// The last level that was begun: above `level` while a fallback runs that was started early, and after it failed.
    pub(super) reached: u32,
    pub(super) fallbacks: u32,
    /// The attempts that run.
    live: [Live; MOST_AT_ONCE],
    live_count: u8,
    /// When the service wants to be asked again, as it told an attempt of the current try.
    pub(super) not_before: Option<Timestamp>,
    /// Hedges of the current attempt so far.
    pub(super) hedges: u32,
    pub(super) began: Timestamp,
    /// When the first attempt of this level was made.
    pub(super) attempt_began: Timestamp,
    pub(super) total_deadline: Option<Timestamp>,
    /// When the current phase is over.
    pub(super) wake: Option<Timestamp>,
    pub(super) hedge_at: Option<Timestamp>,
    pub(super) timer: Option<(Timestamp, TimerId)>,
    pub(super) permit: Option<Permit>,
    pub(super) has_place: bool,
    /// Whether others may follow it.
    pub(super) leads: bool,
    /// Whether the caller has their answer.
    pub(super) answered: bool,
    /// Whether that was because they gave up: then it is for its followers only.
    pub(super) given_up: bool,
    /// Whether its output has been seen: nothing is tried again from here on.
    pub(super) committed: bool,
}

impl Call {
    fn new(options: &Rc<Options>) -> Self {
        Self {
            options: Rc::clone(options),
            wiring: Wiring::default(),
            owner: 0,
            seq: 0,
            is_open: false,
            phase: Phase::Ready,
            key: None,
            limit_key: None,
            tokens: 0,
            rng: Rng::new(0),
            progress: Progress::default(),
            attempts: 0,
            tries: 0,
            level: 0,
            reached: 0,
            fallbacks: 0,
            live: [Live { attempt: 0, level: 0, began: Timestamp::EPOCH }; MOST_AT_ONCE],
            live_count: 0,
            not_before: None,
            hedges: 0,
            began: Timestamp::EPOCH,
            attempt_began: Timestamp::EPOCH,
            total_deadline: None,
            wake: None,
            hedge_at: None,
            timer: None,
            permit: None,
            has_place: false,
            leads: false,
            answered: false,
            given_up: false,
            committed: false,
        }
    }

    /// Becomes another call, where the last one was. One field after the other: moving the whole is several calls of
    /// `memory.copy`, which in wasm cost more than all the rest.
    fn renew(&mut self, options: &Rc<Options>, wiring: Wiring, request: &super::Request<'_>, now: Timestamp) {
        if !Rc::ptr_eq(&self.options, options) {
            self.options = Rc::clone(options);
        }
        self.wiring = wiring;
        self.owner = request.owner;
        self.is_open = true;
        self.phase = Phase::Ready;
        self.key = request.key.map(Into::into);
        self.limit_key = request.limit_key.map(Into::into);
        self.tokens = request.tokens;
        self.rng = Rng::new(request.seed);
        self.progress = Progress::default();
        self.attempts = 0;
        self.tries = 0;
        self.level = 0;
        self.reached = 0;
        self.fallbacks = request.fallbacks;
        self.live_count = 0;
        self.not_before = None;
        self.hedges = 0;
        self.began = now;
        self.attempt_began = now;
        self.total_deadline = options.total_timeout.map(|timeout| now + timeout);
        self.wake = None;
        self.hedge_at = None;
        self.timer = None;
        self.permit = None;
        self.has_place = false;
        self.leads = false;
        self.answered = false;
        self.given_up = false;
        self.committed = false;
    }

    /// The attempts that run, in the order in which they started.
    pub(super) fn live(&self) -> &[Live] {
        &self.live[..usize::from(self.live_count)]
    }

    /// The next attempt runs; its number.
    pub(super) fn start(&mut self, level: u32, began: Timestamp) -> u32 {
        self.attempts += 1;
        let attempt = self.attempts;
        self.run(Live { attempt, level, began });
        attempt
    }

    /// An attempt runs, which may be one that was taken out.
    pub(super) fn run(&mut self, it: Live) {
        self.live[usize::from(self.live_count)] = it;
        self.live_count += 1;
    }

    /// An attempt ended, if it is one that runs.
    pub(super) fn end(&mut self, attempt: u32) -> Option<Live> {
        let place = self.live().iter().position(|it| it.attempt == attempt)?;
        let ended = self.live[place];
        self.live_count -= 1;
        for place in place..usize::from(self.live_count) {
            self.live[place] = self.live[place + 1];
        }
        Some(ended)
    }

    /// Goes on with an attempt of another level, which is on its own from here on.
    pub(super) fn go_on_with(&mut self, it: Live) {
        self.level = it.level;
        self.attempt_began = it.began;
        self.wake = self.options.timeout.map(|timeout| it.began + timeout);
    }

    /// Whether another attempt may do better.
    pub(super) fn may_pass(&self, failure: &Failure<'_>) -> bool {
        match (failure.retry, self.options.retry.as_ref().and_then(|retry| retry.on.as_ref())) {
            (Some(asked), _) => asked,
            (None, Some(on)) => on.matches(failure),
            (None, None) => failure.class.retryable,
        }
    }

    /// What a failure is to the circuit breaker.
    pub(super) fn sample_of(&self, failure: &Failure<'_>) -> Sample {
        match (failure.sample, &self.options.breaker_on) {
            (None, Some(on)) if on.matches(failure) => Sample::Failure,
            (None, Some(_)) => Sample::Ignored,
            _ => failure.sample(),
        }
    }

    /// Whether it only refreshes the cache, and nobody waits for it.
    pub(super) fn refreshes(&self) -> bool {
        self.answered && !self.given_up
    }

    /// Whether it has a permit, a place, or a place in the queue.
    pub(super) fn holds_something(&self) -> bool {
        self.permit.is_some() || self.has_place || self.phase == Phase::Queued
    }

    /// When something is due.
    pub(super) fn next_due(&self) -> Option<Timestamp> {
        earlier(self.total_deadline, earlier(self.wake, self.hedge_at))
    }
}

pub(super) fn earlier(a: Option<Timestamp>, b: Option<Timestamp>) -> Option<Timestamp> {
    match (a, b) {
        (Some(a), Some(b)) => Some(if a < b { a } else { b }),
        _ => a.or(b),
    }
}
