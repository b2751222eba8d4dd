//! How a step begins, and what becomes of its call, its wait or its choice.

use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Duration;

use super::{NodeIx, Run, Task};
use crate::policy::FailureReason;
use crate::time::{Timestamp, micros};
use crate::workflow::event::EventKind;
use crate::workflow::message::{Effect, Question};
use crate::workflow::plan::{StepKind, Wait};
use crate::workflow::state::{Hold, Rest, Status};

impl Run {
    /// All that the step waited for is there.
    pub(super) fn open(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let has_condition = self.plan.step(self.node(node).step).when.is_some();
        if has_condition && !self.node(node).admitted {
            return self.ask_for(node, Question::When, effects);
        }
        // Two reasons to go on, a delay and a leader that gave up, may have been held by one pause.
        if self.node(node).hold == Hold::Nothing {
            self.enter_group(node, now, effects);
        }
    }

    /// The step has a slot of its group.
    pub(super) fn enter(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let step = plan.step(self.node(node).step);
        if step.is_call() {
            return self.enter_run(node, now, effects);
        }
        self.begin(node, now);
        if let Some(timeout) = step.timeout {
            self.set_timer(node, now + timeout, effects);
        }
        match &step.kind {
            StepKind::Call(_) => {}
            StepKind::Group { children, .. } => {
                for child in children {
                    self.unblock(self.node_of(self.node(node).frame, *child));
                }
                if children.is_empty() {
                    self.agenda.push(Task::Complete(node));
                }
            }
            StepKind::Switch { .. } => self.ask_for(node, Question::Case, effects),
            StepKind::ForEach { .. } => self.ask_for(node, Question::Items, effects),
            StepKind::Wait(wait) => self.wait(node, wait, now, effects),
        }
    }

    fn ask_for(&mut self, node: NodeIx, question: Question, effects: &mut Vec<Effect>) {
        self.state(node).asks = Some(question);
        effects.push(Effect::Evaluate { node, question });
    }

    /// Marks a step as running, and tells so when it is the first time.
    pub(super) fn begin(&mut self, node: NodeIx, now: Timestamp) {
        let state = self.state(node);
        state.status = Status::Running;
        if state.started_at.is_none() {
            state.started_at = Some(now);
            let undoes = self.plan.step(self.node(node).step).compensates.is_some();
            self.record(if undoes { EventKind::CompensationStarted(node) } else { EventKind::StepStarted(node) }, now);
        }
    }

    pub(super) fn unblock(&mut self, node: NodeIx) {
        let state = self.state(node);
        state.blockers -= 1;
        if state.blockers == 0 {
            self.agenda.push(Task::Open(node));
        }
    }
}

/// Calls.
impl Run {
    /// The call has its slots: make it, or go on with it.
    pub(super) fn attempt(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.node(node).called {
            self.state(node).rest = Rest::None;
            return effects.push(Effect::Resume { node });
        }
        let state = self.state(node);
        state.called = true;
        state.rest = Rest::None;
        state.called_at = now;
        effects.push(Effect::Call { node });
    }

    pub(in crate::workflow) fn attempt_started(&mut self, node: NodeIx, attempt: u32, now: Timestamp) {
        if !self.node(node).called {
            return;
        }
        self.begin(node, now);
        let state = self.state(node);
        state.attempt = attempt;
        state.live = state.live.saturating_add(1);
        self.record(EventKind::AttemptStarted(node, attempt), now);
    }

    pub(super) fn attempt_failed(&mut self, node: NodeIx, attempt: u32, reason: FailureReason, now: Timestamp) {
        if !self.node(node).called {
            return;
        }
        self.begin(node, now);
        let live = self.node(node).live;
        self.state(node).live = if attempt == 0 { live } else { live.saturating_sub(1) };
        let kind = match reason {
            FailureReason::Error => EventKind::AttemptFailed(node, attempt),
            FailureReason::Timeout => EventKind::AttemptTimedOut(node, attempt),
            FailureReason::TotalTimeout => EventKind::StepTimedOut(node),
            FailureReason::CircuitOpen { .. } => EventKind::AttemptShortCircuited(node),
            FailureReason::BulkheadFull | FailureReason::BulkheadTimeout => EventKind::AttemptRejected(node),
            FailureReason::RateLimited { .. } | FailureReason::QuotaExceeded { .. } | FailureReason::TooLarge => {
                EventKind::AttemptRateLimited(node)
            }
        };
        self.record(kind, now);
    }

    /// Waits for the answer of another call, and holds nothing that the other one may need.
    pub(super) fn shared(&mut self, node: NodeIx, now: Timestamp) {
        if !self.node(node).called {
            return;
        }
        self.begin(node, now);
        let state = self.state(node);
        state.status = Status::Waiting;
        // A delay that a restart cut short counts no more.
        (state.due, state.rest) = (None, Rest::Shared);
        self.record(EventKind::AttemptShared(node), now);
        self.release(node);
    }

    /// The other call was given up: this one asks for itself when it has its slots.
    pub(super) fn unshared(&mut self, node: NodeIx, now: Timestamp) {
        let state = self.state(node);
        if !state.called || state.rest != Rest::Shared {
            return;
        }
        state.rest = Rest::Ready;
        self.record(EventKind::AttemptUnshared(node), now);
        self.agenda.push(Task::Open(node));
    }

    pub(super) fn retry_scheduled(&mut self, node: NodeIx, delay: Duration, now: Timestamp) {
        if !self.node(node).called {
            return;
        }
        let state = self.state(node);
        state.status = Status::Waiting;
        state.tries += 1;
        state.live = 0;
        state.due = Some(now + delay);
        let next = state.attempt + 1;
        self.record(EventKind::RetryScheduled(node, next, micros(delay)), now);
        self.release(node);
    }

    /// The delay is over. Says whether somebody still waits for the next attempt.
    pub(super) fn retry_due(&mut self, node: NodeIx, now: Timestamp) -> bool {
        let state = self.state(node);
        if !state.called || state.due.take().is_none() {
            return false;
        }
        state.rest = Rest::Ready;
        self.record(EventKind::TimerFired(node), now);
        true
    }

    pub(super) fn fell_back(&mut self, node: NodeIx, level: u32, now: Timestamp) {
        if !self.node(node).called {
            return;
        }
        let state = self.state(node);
        state.level = level;
        state.live = 0;
        self.record(EventKind::FallbackStarted(node, level), now);
    }

    /// The one place that decides what the end of a call leads to.
    pub(super) fn call_settled(
        &mut self,
        node: NodeIx,
        outcome: Result<(), FailureReason>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if !std::mem::take(&mut self.state(node).called) {
            return;
        }
        self.state(node).live = 0;
        // An answer that somebody else got has taken no attempt.
        self.begin(node, now);
        match outcome {
            // First this step ends, then who waited for its slots begins: the log never shows more at once than may run.
            Ok(()) => self.complete(node, now, effects),
            Err(reason) => self.fail(node, reason, now, effects),
        }
    }
}

/// Waits and choices.
impl Run {
    fn wait(&mut self, node: NodeIx, wait: &Wait, now: Timestamp, effects: &mut Vec<Effect>) {
        match wait {
            Wait::For(duration) => self.wait_until(node, now + *duration, now, effects),
            Wait::Until(at) => self.wait_until(node, *at, now, effects),
            Wait::Computed(..) => self.ask_for(node, Question::Until, effects),
            Wait::Signal { signal, timeout } => {
                let mailbox = &mut self.mailboxes[*signal as usize];
                if let Some(payload) = mailbox.kept.pop() {
                    return self.receive(node, payload, effects);
                }
                mailbox.listening.push(node);
                self.state(node).status = Status::Waiting;
                if let Some(timeout) = timeout {
                    self.record(EventKind::TimerSet(node, now + *timeout), now);
                    self.set_timer(node, now + *timeout, effects);
                }
            }
        }
    }

    pub(super) fn wait_until(&mut self, node: NodeIx, at: Timestamp, now: Timestamp, effects: &mut Vec<Effect>) {
        self.state(node).status = Status::Waiting;
        self.record(EventKind::TimerSet(node, at), now);
        self.set_timer(node, at, effects);
    }

    fn set_timer(&mut self, node: NodeIx, at: Timestamp, effects: &mut Vec<Effect>) {
        self.state(node).due = Some(at);
        effects.push(Effect::SetTimer { node: Some(node), at });
    }

    pub(super) fn clear_timer(&mut self, node: NodeIx, effects: &mut Vec<Effect>) {
        let is_call = self.plan.step(self.node(node).step).is_call();
        // The delay of a call is timed by whoever makes its attempts.
        if self.state(node).due.take().is_some() && !is_call {
            effects.push(Effect::ClearTimer { node: Some(node) });
        }
    }

    pub(super) fn timer_fired(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let kind = &plan.step(self.node(node).step).kind;
        if matches!(kind, StepKind::Call(_)) || self.state(node).due.take().is_none() {
            return;
        }
        let waits_for_time = matches!(kind, StepKind::Wait(Wait::For(_) | Wait::Until(_) | Wait::Computed(..)));
        if waits_for_time {
            self.record(EventKind::TimerFired(node), now);
            self.complete(node, now, effects);
        } else {
            self.record(EventKind::StepTimedOut(node), now);
            self.fail(node, FailureReason::Timeout, now, effects);
        }
    }

    pub(super) fn signalled(&mut self, signal: u32, payload: u32, now: Timestamp, effects: &mut Vec<Effect>) {
        let place = signal as usize;
        if place >= self.mailboxes.len() {
            return;
        }
        self.record(EventKind::SignalReceived(signal, payload), now);
        while let Some(node) = self.mailboxes[place].listening.pop() {
            if self.is_waiting(node) {
                return self.receive(node, payload, effects);
            }
        }
        self.mailboxes[place].kept.push(payload);
    }

    fn receive(&mut self, node: NodeIx, payload: u32, effects: &mut Vec<Effect>) {
        self.clear_timer(node, effects);
        effects.push(Effect::Receive { node, payload });
        self.agenda.push(Task::Complete(node));
    }

    /// A case was chosen: the steps of the others are skipped.
    pub(super) fn choose(&mut self, node: NodeIx, case: Option<u32>, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let StepKind::Switch { cases } = &plan.step(self.node(node).step).kind else { return };
        let frame = self.node(node).frame;
        self.state(node).part = case.and_then(|case| NonZeroU32::new(case + 1));
        if cases.iter().all(|case| case.children.is_empty()) {
            return self.agenda.push(Task::Complete(node));
        }
        for (index, it) in cases.iter().enumerate() {
            for child in &it.children {
                let child = self.node_of(frame, *child);
                if case == Some(index as u32) {
                    self.unblock(child);
                } else {
                    self.skip(child, now, effects);
                }
            }
        }
    }
}
