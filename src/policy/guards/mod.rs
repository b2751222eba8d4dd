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
//!
//! # Layout
//! - `call`: one call, where it is and what it holds; `parts`: what calls share
//! - `inward`: from the outermost policy to the function; `outward`: from the end of an attempt back to the caller
//! - `at_once`: a retry without a delay
//! - `restore`: a call that had begun before a restart
//! - `by_hand`: what a host can see and move; `command`: what it is asked to do

mod at_once;
mod by_hand;
mod call;
mod command;
mod inward;
mod outward;
mod parts;
mod restore;

use std::rc::Rc;

use self::call::{Call, Calls, Phase};
use self::parts::{Own, Parts};
use super::{Options, Outcome, Sample};
use crate::exec::Timers;
use crate::small::Queue;
use crate::time::Timestamp;

pub use self::command::{AbortReason, Command, End, FailureReason};
pub use self::parts::{Stats, Wiring};
pub use self::restore::{Made, Then};

/// The code of an error that asks to be asked less often, as OpenAI has it.
const SLOW_DOWN: &str = "slow_down";

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
    calls: Calls,
    /// As wide a key as that of the timers of an engine, so that there is one kind of timers.
    timers: Timers<u64>,
    commands: Queue<Command>,
    /// The bulkheads with a place that became free, and when.
    vacant: Queue<(u32, Timestamp)>,
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
        let id = self.calls.open(options, wiring, request, now);
        let slot = id.slot;
        self.count(slot).calls += 1;
        if self.calls[slot].key.is_none() || self.look_up(slot, now) {
            self.admit(slot, now);
        }
        id
    }

    /// An attempt ended. One that nobody waits for any more is ignored.
    pub fn settle(&mut self, id: CallId, attempt: u32, outcome: &Outcome<'_>, now: Timestamp) {
        let Some(call) = self.calls.get_mut(id) else { return };
        let Some(ended) = call.end(attempt) else { return };
        match outcome {
            Outcome::Completed { bytes } => self.completed(id.slot, ended, *bytes, now),
            Outcome::Failed(failure) => {
                let (owner, level) = (call.owner, ended.level);
                let is_first = level == call.level;
                let beside = call.live().first().is_some_and(|it| it.level == level);
                // A fallback that was started early leaves the others as they are; so does what a hedge may escape.
                let goes_on = !is_first || (beside && call.may_pass(failure));
                let sample = call.sample_of(failure);
                if let (Some(asked), true) = (failure.retry_after, is_first) {
                    call.not_before = call.not_before.max(Some(now + asked));
                    call.hedge_at = None;
                }
                // Fallbacks stand outside of the rate limit, and may ask somebody else.
                if let (0, Some(SLOW_DOWN), Some(limit)) = (level, failure.code, call.wiring.rate_limit) {
                    let key = call.limit_key.as_deref().unwrap_or_default();
                    self.parts.rate_limits.get_mut(limit).slow_down(key, call.attempt_began, now);
                }
                self.commands.push(Command::Failed { owner, attempt, level, reason: FailureReason::Error });
                if goes_on {
                    return self.arm(id.slot);
                }
                if beside {
                    // They would meet the same.
                    self.abort_live(id.slot, AbortReason::Superseded);
                }
                self.leave(id.slot, sample, failure.class.overloaded, now);
                self.lost(id.slot, FailureReason::Error, failure, now);
            }
        }
    }

    /// Output of an attempt has been seen: from here on nothing is tried again, neither beside it nor after it. Attempts
    /// that run beside it are aborted, for theirs would be another output. An attempt that nobody waits for any more
    /// commits to nothing: what it puts out is dropped.
    pub fn commit(&mut self, id: CallId, attempt: u32, now: Timestamp) {
        let Some(call) = self.get_mut(id) else { return };
        let Some(seen) = call.end(attempt) else { return };
        let is_first = seen.level == call.level;
        self.abort_live(id.slot, AbortReason::Superseded);
        if !is_first {
            self.leave(id.slot, Sample::Ignored, false, now);
            self.calls[id.slot].go_on_with(seen);
        }
        let call = &mut self.calls[id.slot];
        call.run(seen);
        call.committed = true;
        call.hedge_at = None;
        self.arm(id.slot);
    }

    /// The host is ready for the attempt whose delay is over.
    pub fn resume(&mut self, id: CallId, now: Timestamp) {
        match self.get_mut(id) {
            Some(call) if call.phase == Phase::Ready && call.level > 0 => self.start(id.slot, now),
            Some(call) if call.phase == Phase::Ready => self.admit(id.slot, now),
            _ => {}
        }
    }

    /// The caller gives up. Work that others wait for goes on.
    pub fn cancel(&mut self, id: CallId, now: Timestamp) {
        let Some(call) = self.get_mut(id) else { return };
        if call.answered {
            return;
        }
        let (leads, wiring, owner) = (call.leads, call.wiring, call.owner);
        self.count(id.slot).cancelled += 1;
        if leads && self.own(wiring).is_some_and(|own| own.flights.followers(id.slot) > 0) {
            let call = &mut self.calls[id.slot];
            (call.answered, call.given_up) = (true, true);
            self.commands.push(Command::Settle { owner, end: End::Cancelled, goes_on: true });
        } else {
            self.abort_live(id.slot, AbortReason::Cancelled);
            self.finish(id.slot, End::Cancelled, now);
        }
    }

    /// Whether a call waits for the answer of another one.
    pub(crate) fn follows(&self, id: CallId) -> bool {
        self.calls.get(id).is_some_and(|call| matches!(call.phase, Phase::Following(_)))
    }

    /// The call is given up for everybody: those who wait for its answer end with it.
    pub(crate) fn revoke(&mut self, id: CallId, now: Timestamp) {
        let Some(call) = self.get_mut(id) else { return };
        let unanswered = !call.answered;
        if unanswered {
            self.count(id.slot).cancelled += 1;
        }
        self.abort_live(id.slot, AbortReason::Cancelled);
        self.finish(id.slot, End::Cancelled, now);
    }

    /// Does what is due first, and says whether something was. The host calls it until nothing is.
    pub fn tick(&mut self, now: Timestamp) -> bool {
        // Who has a place by now does not wait too long for it.
        while let Some((bulkhead, _)) = self.vacant.pop() {
            self.pass_on(bulkhead, now);
        }
        let Some(slot) = self.timers.pop_due(now) else { return false };
        let slot = slot as u32;
        self.calls[slot].timer = None;
        self.due(slot, now);
        if self.calls.is_open(slot) {
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
        self.calls.get(id)?.next_due()
    }

    /// Takes the next thing for the host to do. A place that became free is passed on when nothing else is left to say:
    /// first a call ends, then who waited for its place begins.
    pub fn next_command(&mut self) -> Option<Command> {
        loop {
            if let Some(command) = self.next_consequence() {
                return Some(command);
            }
            let (bulkhead, now) = self.vacant.pop()?;
            self.pass_on(bulkhead, now);
        }
    }

    /// Takes the next thing for the host to do if it is what most calls come to, and the only one: the first attempt of
    /// `owner` starts, or its call completes with what the function gave and nobody keeps. Most hosts have a shorter way
    /// for these.
    pub fn take_usual(&mut self, owner: u64) -> bool {
        let usual = match self.commands.first() {
            Some(Command::Start { owner: whose, attempt: 1, level: 0 }) => *whose == owner,
            Some(Command::Settle { owner: whose, end, goes_on: false }) => {
                *whose == owner && matches!(end, End::Completed { level: 0, store: None, .. })
            }
            _ => false,
        };
        let usual = usual && self.commands.len() == 1 && self.vacant.is_empty();
        if usual {
            self.commands.clear();
        }
        usual
    }

    /// As [`next_command`](Self::next_command), but passes no place on. Whoever gives up several calls at once does so
    /// before one of them gets the place of another.
    pub(crate) fn next_consequence(&mut self) -> Option<Command> {
        self.commands.pop()
    }

    /// Whether there is nothing for the host to do.
    pub(crate) fn is_silent(&self) -> bool {
        self.commands.is_empty() && self.vacant.is_empty()
    }

    /// How many calls have not ended.
    #[must_use]
    pub fn len(&self) -> usize {
        self.calls.len()
    }

    /// Whether every call has ended.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.calls.len() == 0
    }
}

impl Guards {
    fn get_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(id)
    }

    fn own(&mut self, wiring: Wiring) -> Option<&mut Own> {
        self.parts.own_of(wiring)
    }

    /// Where what happens to a call is counted.
    fn count(&mut self, slot: u32) -> &mut Stats {
        self.parts.stats_of(self.calls[slot].wiring)
    }

    fn tell_changes(&mut self, breaker: u32) {
        while let Some(change) = self.parts.breakers.get_mut(breaker).take_change() {
            self.commands.push(Command::Circuit { breaker, change });
        }
    }

    /// Sets the timer of a call to what is due next.
    fn arm(&mut self, slot: u32) {
        let call = &mut self.calls[slot];
        let due = call.next_due();
        if due == call.timer.map(|(at, _)| at) {
            return;
        }
        if let Some((_, timer)) = call.timer.take() {
            self.timers.clear(timer);
        }
        call.timer = due.map(|at| (at, self.timers.set(at, slot.into())));
    }
}
