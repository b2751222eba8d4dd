//! Between runs, guards and the host: who is told what.

use super::{Command, Engine, RunId, Whose};
use crate::policy::{self, End, FailureReason, Made, Request, Then, Wiring};
use crate::time::Timestamp;
use crate::workflow::message::{AbortReason, Effect, Input};
use crate::workflow::plan::StepKind;
use crate::workflow::state::{NodeIx, Rest};

impl Engine {
    pub(super) fn input(&mut self, run: RunId, input: Input, now: Timestamp) {
        self.feed(run, input, now);
        self.work_off(now);
    }

    pub(super) fn feed(&mut self, run: RunId, input: Input, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        slot.run.handle(input, now, &mut self.effects);
        // Mostly nothing else waits, and a plain call begins: it needs not wait its turn.
        let mut effects = std::mem::take(&mut self.effects);
        for effect in effects.drain(..) {
            match effect {
                Effect::Call { node } if self.begins_at_once(run, node, now) => self.begin_plain(run, node, now),
                effect => self.todo.push((run, effect)),
            }
        }
        self.effects = effects;
    }

    /// Whether a plain call begins, and nothing that waits has to come before it.
    fn begins_at_once(&self, run: RunId, node: NodeIx, now: Timestamp) -> bool {
        self.todo.is_empty()
            && self.guards.is_silent()
            && self.runs.get(run as usize).is_some_and(|slot| slot.begins_plainly(node, now))
    }

    /// Performs what is to be done until nothing is: first what guards have to say, then the next effect. Last of all,
    /// places that became free are passed on: by then a run that ended has given up all its calls, so that none of them
    /// is begun in vain.
    pub(super) fn work_off(&mut self, now: Timestamp) {
        loop {
            if let Some(command) = self.guards.next_consequence() {
                self.relay(command, now);
            } else if let Some((run, effect)) = self.todo.pop() {
                self.perform(run, effect, now);
            } else if let Some(command) = self.guards.next_command() {
                self.relay(command, now);
            } else {
                return;
            }
        }
    }

    fn perform(&mut self, run: RunId, effect: Effect, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        // Given up meanwhile: something beside it was over at once.
        if !slot.run.still_wants(effect) {
            return;
        }
        match effect {
            Effect::Call { node } if slot.begins_plainly(node, now) => self.begin_plain(run, node, now),
            Effect::Call { node } => {
                // One that had begun before a restart begins at once, since its time goes on; without a place it waits then.
                let made = slot.run.made(node, now);
                let waits = made.is_some_and(|made| made.then != Then::Attempt);
                if waits || self.enter(run, node) || made.is_some() {
                    self.begin_or_prepare(run, node, now);
                }
            }
            Effect::Resume { node } => {
                if self.enter(run, node) {
                    self.resume_call(run, node, now);
                }
            }
            Effect::CancelCall { node } => self.revoke(run, node, now),
            Effect::SetTimer { node, at } => {
                let timer = self.timers.set(at, Whose::of(node).key(run));
                *slot.timer(node) = Some(timer);
            }
            Effect::ClearTimer { node } => {
                if let Some(timer) = slot.timer(node).take() {
                    self.timers.clear(timer);
                }
            }
            Effect::Evaluate { node, question } => self.commands.push(Command::Evaluate { run, node, question }),
            Effect::Iterate { node, index, frame } => {
                self.commands.push(Command::Iterate { run, node, index, frame });
            }
            Effect::Collect { node, case } => self.commands.push(Command::Collect { run, node, case }),
            Effect::Receive { node, payload } => self.commands.push(Command::Receive { run, node, payload }),
            Effect::Fail { node, origin, reason } => self.commands.push(Command::Fail { run, node, origin, reason }),
            Effect::BuildOutput => self.commands.push(Command::BuildOutput { run }),
            Effect::Settle(end) => self.commands.push(Command::Settle { run, end }),
        }
    }

    /// Asks for a place among the calls of runs with the same key. Says whether there is one.
    fn enter(&mut self, run: RunId, node: NodeIx) -> bool {
        let Some(slot) = self.runs.get_mut(run as usize) else { return false };
        let Some(key) = slot.key else { return true };
        let entered = self.keys.enter(key, run, node);
        slot.call(node).has_place = entered;
        entered
    }

    /// Gives the place back, and passes it on.
    fn leave(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        let Some(key) = slot.key else { return };
        if !std::mem::take(&mut slot.call(node).has_place) {
            return self.keys.withdraw(key, run, node);
        }
        self.keys.give_back(key);
        while let Some((run, node)) = self.keys.pass_on(key) {
            let Some(slot) = self.runs.get_mut(run as usize) else { continue };
            slot.call(node).has_place = true;
            // Otherwise it is about to be given up, and the place with it.
            if slot.run.node(node).called {
                match slot.call(node).id {
                    Some(_) => self.resume_call(run, node, now),
                    None => self.begin_or_prepare(run, node, now),
                }
            }
        }
    }

    /// Begins a call; one whose answer others may have needs a key first, which the host knows.
    fn begin_or_prepare(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        let Some(slot) = self.runs.get(run as usize) else { return };
        if slot.run.plan().step(slot.run.node(node).step).is_keyed() {
            self.commands.push(Command::Prepare { run, node });
        } else {
            self.begin_call(run, node, None, now);
        }
    }

    pub(super) fn begin_call(&mut self, run: RunId, node: NodeIx, key: Option<&str>, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        if slot.call(node).id.is_some() {
            return;
        }
        let state = slot.run.node(node);
        let step = slot.run.plan().step(state.step);
        let fallbacks = match &step.kind {
            StepKind::Call(call) => call.fallbacks.len() as u32,
            _ => 0,
        };
        let wiring = step.scope.as_ref().map_or(Wiring::default(), |scope| self.guards.wire(&step.policies, scope));
        let request = Request { seed: slot.run.seed_of(node), key, fallbacks, ..Request::new(owner(run, node)) };
        let shared = state.rest == Rest::Shared;
        let has_place = slot.key.is_none() || slot.calls.get(node.0 as usize).is_some_and(|call| call.has_place);
        let id = match slot.run.made(node, now) {
            Some(made) if made.then == Then::Attempt && !has_place => {
                let made = Made { then: Then::Ready, ..made };
                self.guards.restore(&step.policies, wiring, &request, &made, now)
            }
            Some(made) => self.guards.restore(&step.policies, wiring, &request, &made, now),
            None => self.guards.begin(&step.policies, wiring, &request, now),
        };
        let call = slot.call(node);
        (call.id, call.cache, call.told) = (Some(id), wiring.cache(), 0);
        match (self.guards.follows(id), shared) {
            (true, false) => {
                self.leave(run, node, now);
                self.feed(run, Input::Shared { node }, now);
            }
            (false, true) => self.feed(run, Input::Unshared { node }, now),
            _ => {}
        }
    }

    fn resume_call(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        let id = self.runs.get_mut(run as usize).and_then(|slot| slot.call(node).id);
        if let Some(id) = id {
            self.guards.resume(id, now);
        }
    }

    /// Gives a call up. Others that wait for its answer ask for themselves then: no call outlives its run.
    pub(super) fn revoke(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        if slot.ran_plainly(node) {
            self.commands.push(Command::Abort { run, node, attempt: 1, reason: AbortReason::Cancelled });
            return;
        }
        if let Some(id) = slot.call(node).id.take() {
            self.guards.revoke(id, now);
        }
        self.leave(run, node, now);
    }

    /// Passes on what the guards say: to the run, and to the host.
    fn relay(&mut self, command: policy::Command, now: Timestamp) {
        match command {
            policy::Command::Start { owner, attempt, level } => {
                let (run, node) = owned_by(owner);
                let wanted = self.runs.get_mut(run as usize).filter(|slot| slot.run.node(node).called);
                // One that is not wanted any more is about to be aborted, and the host need not know of it.
                let Some(slot) = wanted else { return };
                slot.call(node).told = attempt;
                self.feed(run, Input::AttemptStarted { node, attempt }, now);
                self.commands.push(Command::Call { run, node, attempt, level });
            }
            policy::Command::Abort { owner, attempt, reason } => {
                let (run, node) = owned_by(owner);
                let reason = match reason {
                    policy::AbortReason::TimedOut => AbortReason::TimedOut,
                    policy::AbortReason::TotalTimedOut => AbortReason::TotalTimedOut,
                    policy::AbortReason::Superseded => AbortReason::Superseded,
                    policy::AbortReason::Cancelled => AbortReason::Cancelled,
                };
                let told = self.runs.get_mut(run as usize).map_or(0, |slot| slot.call(node).told);
                if attempt <= told {
                    self.commands.push(Command::Abort { run, node, attempt, reason });
                }
            }
            policy::Command::Failed { owner, attempt, reason, .. } => {
                let (run, node) = owned_by(owner);
                self.feed(run, Input::AttemptFailed { node, attempt, reason }, now);
            }
            policy::Command::Delayed { owner, delay } => {
                let (run, node) = owned_by(owner);
                self.leave(run, node, now);
                self.feed(run, Input::RetryScheduled { node, delay }, now);
            }
            policy::Command::Ready { owner } => {
                let (run, node) = owned_by(owner);
                self.feed(run, Input::RetryDue { node }, now);
            }
            policy::Command::FellBack { owner, level, reason } => {
                let (run, node) = owned_by(owner);
                self.feed(run, Input::FellBack { node, level }, now);
                // No fallback of a step starts early.
                let reason = reason.unwrap_or(FailureReason::Error);
                self.commands.push(Command::FellBack { run, node, level, reason });
            }
            policy::Command::Settle { owner, end: End::Shared { .. }, .. } => self.followers.push(owned_by(owner)),
            policy::Command::Settle { owner, end, .. } => {
                let leader = owned_by(owner);
                self.settled(leader.0, leader.1, end, now);
                for (run, node) in std::mem::take(&mut self.followers) {
                    self.follow(run, node, leader, end, now);
                }
            }
            policy::Command::Circuit { breaker, change } => self.commands.push(Command::Circuit { breaker, change }),
            policy::Command::Evict { own, slot } => self.commands.push(Command::Drop { cache: own, slot }),
        }
    }

    /// A call ended.
    fn settled(&mut self, run: RunId, node: NodeIx, end: End, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        let call = slot.call(node);
        let cache = call.cache.unwrap_or_default();
        call.id = None;
        let outcome = match end {
            End::Completed { store, .. } => {
                if let Some(slot) = store {
                    self.commands.push(Command::Keep { run, node, cache, slot });
                }
                Ok(())
            }
            End::Cached { slot, .. } => {
                self.commands.push(Command::Recall { run, node, cache, slot });
                Ok(())
            }
            End::Failed(reason) => Err(reason),
            // Who gave it up knows.
            End::Cancelled | End::Shared { .. } => return,
        };
        self.end_call(run, node, outcome, now);
    }

    /// A call ended that had waited for another one, which asked for the same and has ended, too.
    fn follow(&mut self, run: RunId, node: NodeIx, leader: (RunId, NodeIx), end: End, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        slot.call(node).id = None;
        let (from, leader) = leader;
        let outcome = match end {
            End::Cached { .. } => return self.settled(run, node, end, now),
            // Nobody is left who asks: one of those who waited does, and the others wait for that one.
            End::Cancelled | End::Shared { .. } => return self.begin_or_prepare(run, node, now),
            End::Completed { .. } => Ok(()),
            End::Failed(reason) => Err(reason),
        };
        self.commands.push(Command::Share { run, node, from, leader });
        self.end_call(run, node, outcome, now);
    }

    fn end_call(&mut self, run: RunId, node: NodeIx, outcome: Result<(), FailureReason>, now: Timestamp) {
        self.feed(run, Input::CallSettled { node, outcome }, now);
        self.leave(run, node, now);
    }
}

fn owner(run: RunId, node: NodeIx) -> u64 {
    u64::from(run) << 32 | u64::from(node.0)
}

fn owned_by(owner: u64) -> (RunId, NodeIx) {
    ((owner >> 32) as RunId, NodeIx(owner as u32))
}
