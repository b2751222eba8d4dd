//! A run that goes on where its journal ends.
//!
//! The log is the journal: every input has left an event in it, so the inputs can be read back from it, and the machine
//! that gets them again at the same times is where it was. What it records on the way has to be the log that it came
//! from; when it is not, the journal is not one of this plan.

use std::rc::Rc;
use std::time::Duration;

use super::{NodeIx, Phase, Run};
use crate::policy::{FailureReason, Made, Then};
use crate::time::Timestamp;
use crate::workflow::event::{Event, EventKind, Vain};
use crate::workflow::message::{Effect, Input, Note};
use crate::workflow::plan::Plan;
use crate::workflow::state::Rest;

impl Run {
    /// The run whose log this is. What only moves values is appended to `effects`, to be done again by a host that has
    /// the values; what was under way is not: see [`unfinished`](Self::unfinished).
    ///
    /// # Errors
    /// The place in the log from which on it is not one of this plan.
    pub fn replay(plan: Rc<Plan>, seed: u64, log: &[Event], effects: &mut Vec<Effect>) -> Result<Self, usize> {
        let mut run = Self::new(plan, seed);
        run.most_events = log.len();
        let mut all = Vec::new();
        while run.log.len() < log.len() {
            let start = run.log.len();
            // Of the events that one input leaves, the first one that can be an input is that input.
            let found = log[start..].iter().find_map(|event| Some((run.input_of(event.kind)?, event.at)));
            let Some((input, at)) = found else { return Err(start) };
            run.handle(input, at, &mut all);
            let is_told = run.log.len() > start;
            if !is_told || !run.log.since(start).enumerate().all(|(place, told)| is_same(&told, log.get(start + place)))
            {
                return Err(start);
            }
            for effect in &all {
                if matches!(effect, Effect::Collect { .. } | Effect::Iterate { .. } | Effect::Receive { .. }) {
                    effects.push(*effect);
                }
            }
            all.clear();
        }
        run.most_events = usize::MAX;
        Ok(run)
    }

    /// What was under way: timers to set, questions to ask, calls to make or to go on with; of a run that has ended, that it
    /// has, since nobody may have heard of it.
    pub fn unfinished(&self, effects: &mut Vec<Effect>) {
        if let Some(end) = self.end() {
            return effects.push(Effect::Settle(end));
        }
        if self.log.is_empty() {
            return;
        }
        if let Some(at) = self.deadline {
            effects.push(Effect::SetTimer { node: None, at });
        }
        for (index, state) in self.nodes.iter().enumerate() {
            let node = NodeIx(index as u32);
            if state.called {
                effects.push(Effect::Call { node });
            } else if let Some(at) = state.due {
                effects.push(Effect::SetTimer { node: Some(node), at });
            }
            if let Some(question) = state.asks {
                effects.push(Effect::Evaluate { node, question });
            }
        }
        let is_undoing = matches!(self.phase, Phase::Compensating(_));
        if self.open_roots == 0 && self.plan.output.is_some() && !is_undoing {
            effects.push(Effect::BuildOutput);
        }
    }

    /// How far a call had come before a restart, or before it had its place; `None` when it is asked for only now.
    #[must_use]
    pub fn made(&self, node: NodeIx, now: Timestamp) -> Option<Made> {
        let state = self.node(node);
        let then = match state.due {
            Some(at) => Then::Delay(at),
            None if state.rest != Rest::None => Then::Ready,
            None => Then::Attempt,
        };
        let begun = state.attempt > 0 || then != Then::Attempt || state.called_at < now;
        begun.then_some(Made {
            attempts: state.attempt,
            tries: state.tries,
            level: state.level,
            began: state.called_at,
            then,
        })
    }

    /// Attempts that ran are lost.
    pub(super) fn restored(&mut self, now: Timestamp) {
        self.record(EventKind::RunRestored, now);
        if self.nodes.iter().all(|state| state.live == 0) {
            return;
        }
        for (index, open) in self.open_attempts().into_iter().enumerate() {
            let node = NodeIx(index as u32);
            self.state(node).live = 0;
            for attempt in open {
                self.record(EventKind::AttemptInterrupted(node, attempt), now);
            }
        }
    }

    /// By node: the attempts of a call that runs that began and have not ended. One way through the log for all of them.
    fn open_attempts(&self) -> Vec<Vec<u32>> {
        let mut all: Vec<Vec<u32>> = self.nodes.iter().map(|_| Vec::new()).collect();
        for event in self.log.iter() {
            let Some(node) = event.kind.node().filter(|it| self.node(*it).called && self.node(*it).live > 0) else {
                continue;
            };
            let open = &mut all[node.0 as usize];
            match event.kind {
                EventKind::AttemptStarted(_, attempt) => open.push(attempt),
                EventKind::AttemptFailed(_, attempt)
                | EventKind::AttemptTimedOut(_, attempt)
                | EventKind::AttemptInterrupted(_, attempt) => open.retain(|it| *it != attempt),
                // What comes after one of these begins anew; attempts that ran beside each other are over.
                EventKind::RetryScheduled(..) | EventKind::FallbackStarted(..) => open.clear(),
                _ => {}
            }
        }
        all
    }

    /// The input that leaves this event, if it is not the consequence of another one.
    fn input_of(&self, kind: EventKind) -> Option<Input> {
        let is_known = kind.node().is_none_or(|node| (node.0 as usize) < self.nodes.len());
        if !is_known {
            return None;
        }
        let is_call = |node: NodeIx| self.plan.step(self.node(node).step).is_call();
        let failed = |node, attempt, reason| Some(Input::AttemptFailed { node, attempt, reason });
        let settled = |node, outcome| Some(Input::CallSettled { node, outcome });
        match kind {
            EventKind::RunStarted => Some(Input::Started),
            EventKind::RunCompleted => self.plan.output.is_some().then_some(Input::OutputBuilt),
            EventKind::RunFailed(None) | EventKind::RunCompensating(Vain::OutputFailed) => Some(Input::OutputFailed),
            EventKind::RunTimedOut | EventKind::RunCompensating(Vain::TimedOut) => {
                Some(Input::TimerFired { node: None })
            }
            EventKind::RunCancelled | EventKind::RunCompensating(Vain::Cancelled) => Some(Input::CancelRequested),
            EventKind::RunPaused => Some(Input::PauseRequested),
            EventKind::RunResumed => Some(Input::ResumeRequested),
            EventKind::RunRestored => Some(Input::Restored),
            EventKind::StepEvaluated(node, decision) => Some(Input::Evaluated { node, decision }),
            EventKind::StepFailed(node) if self.node(node).asks.is_some() => Some(Input::EvaluationFailed { node }),
            EventKind::StepFailed(node) | EventKind::CompensationFailed(node) if is_call(node) => {
                settled(node, Err(FailureReason::Error))
            }
            EventKind::StepCompleted(node) | EventKind::CompensationCompleted(node) if is_call(node) => {
                settled(node, Ok(()))
            }
            EventKind::StepTimedOut(node) if is_call(node) => failed(node, 0, FailureReason::TotalTimeout),
            EventKind::StepTimedOut(node) => Some(Input::TimerFired { node: Some(node) }),
            EventKind::StepProgress(node, attempt) => Some(Input::Noted { node, attempt, note: Note::Progress }),
            EventKind::StepLogged(node, attempt) => Some(Input::Noted { node, attempt, note: Note::Log }),
            EventKind::AttemptStarted(node, attempt) if attempt == self.node(node).attempt + 1 => {
                Some(Input::AttemptStarted { node, attempt })
            }
            EventKind::AttemptFailed(node, attempt) => failed(node, attempt, FailureReason::Error),
            EventKind::AttemptTimedOut(node, attempt) => failed(node, attempt, FailureReason::Timeout),
            EventKind::AttemptShortCircuited(node) => failed(node, 0, FailureReason::CircuitOpen { retry_after: None }),
            EventKind::AttemptRejected(node) => failed(node, 0, FailureReason::BulkheadFull),
            EventKind::AttemptRateLimited(node) => failed(node, 0, FailureReason::TooLarge),
            EventKind::AttemptShared(node) => Some(Input::Shared { node }),
            EventKind::AttemptUnshared(node) => Some(Input::Unshared { node }),
            EventKind::RetryScheduled(node, _, delay) => {
                Some(Input::RetryScheduled { node, delay: Duration::from_micros(delay) })
            }
            EventKind::FallbackStarted(node, level) => Some(Input::FellBack { node, level }),
            EventKind::TimerFired(node) if is_call(node) => Some(Input::RetryDue { node }),
            EventKind::TimerFired(node) => Some(Input::TimerFired { node: Some(node) }),
            EventKind::SignalReceived(signal, payload) => {
                let is_known = (signal as usize) < self.plan.signals.len();
                is_known.then_some(Input::Signalled { signal, payload })
            }
            _ => None,
        }
    }
}

/// Whether an event is what the journal has in its place. Compared as numbers, which is how a journal keeps them: that
/// takes less code than to compare every kind of event.
fn is_same(told: &Event, kept: Option<&Event>) -> bool {
    kept.is_some_and(|kept| kept.to_numbers().map(f64::to_bits) == told.to_numbers().map(f64::to_bits))
}
