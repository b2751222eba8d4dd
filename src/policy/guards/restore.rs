//! A call that had begun before a restart goes on where it was.
//!
//! What it had waited in is gone with the process: the place in the bulkhead, the turn at the rate limit, the permit of
//! the circuit breaker. So an attempt that is made again passes them again. What it had used up is not: its attempts, its
//! tries and its time go on to count.

use std::rc::Rc;

use super::call::Phase;
use super::{CallId, Guards, Options, Request, Wiring};
use crate::time::Timestamp;

/// How far a call had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// Attempts that were numbered; the next one has the number after it.
    pub attempts: u32,
    /// Tries that failed, which is what `maxAttempts` counts: neither the attempts of fallbacks nor hedges, nor the one
    /// that was cut off.
    pub tries: u32,
    /// 0 is the function itself, then its fallbacks in order.
    pub level: u32,
    /// When the call began, for `totalTimeout` and `maxElapsed`.
    pub began: Timestamp,
    /// What comes next.
    pub then: Then,
}

/// What a restored call was about to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// An attempt, now; also one that was cut off.
    Attempt,
    /// An attempt when its delay is over, which is told by [`Command::Ready`](super::Command::Ready).
    Delay(Timestamp),
    /// An attempt when the host is ready for it: it has been told that the delay is over, and calls
    /// [`resume`](Guards::resume).
    Ready,
}

impl Guards {
    /// Begins a call that had begun before a restart, and goes on with it. When its total timeout is over by now it does
    /// nothing more, and fails with the next [`tick`](Self::tick). A fallback has neither delays nor limits, so on a level
    /// above 0 it is called at once unless the host has to be ready for it.
    ///
    /// The seed is best another one than it was, lest the delays that come be those that have been.
    pub fn restore(
        &mut self,
        options: &Rc<Options>,
        wiring: Wiring,
        request: &Request<'_>,
        made: &Made,
        now: Timestamp,
    ) -> CallId {
        let id = self.calls.open(options, wiring, request, now);
        let slot = id.slot;
        let call = &mut self.calls[slot];
        call.attempts = made.attempts;
        call.tries = made.tries;
        call.level = made.level.min(request.fallbacks);
        call.reached = call.level;
        call.began = made.began.min(now);
        call.total_deadline = options.total_timeout.map(|timeout| call.began + timeout);
        let is_over = call.total_deadline.is_some_and(|deadline| deadline <= now);
        let has_key = call.key.is_some();
        self.count(slot).calls += 1;
        if is_over {
            self.wait(slot, Phase::Delayed, None);
        } else if !has_key || self.look_up(slot, now) {
            match made.then {
                Then::Ready => self.wait(slot, Phase::Ready, None),
                _ if self.calls[slot].level > 0 => self.start(slot, now),
                Then::Attempt => self.admit(slot, now),
                Then::Delay(due) => self.wait(slot, Phase::Delayed, Some(due)),
            }
        }
        id
    }

    fn wait(&mut self, slot: u32, phase: Phase, wake: Option<Timestamp>) {
        let call = &mut self.calls[slot];
        (call.phase, call.wake) = (phase, wake);
        self.arm(slot);
    }
}
