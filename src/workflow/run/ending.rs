//! How steps and the run end.

use std::rc::Rc;

use super::{NodeIx, Phase, Run, Task};
use crate::policy::FailureReason;
use crate::time::Timestamp;
use crate::workflow::definition::OnError;
use crate::workflow::event::{EventKind, Vain};
use crate::workflow::message::{Effect, Input, RunEnd};
use crate::workflow::plan::{StepIx, StepKind};
use crate::workflow::state::{Hold, Status};

impl Run {
    /// The step ended well.
    pub(super) fn complete(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let step = plan.step(self.node(node).step);
        let state = self.state(node);
        state.status = Status::Completed;
        state.ended_at = Some(now);
        self.record(EventKind::StepCompleted(node), now);
        if matches!(step.kind, StepKind::Group { .. } | StepKind::Switch { .. } | StepKind::ForEach { .. }) {
            let case = match step.kind {
                StepKind::Switch { .. } => self.node(node).part,
                _ => None,
            };
            effects.push(Effect::Collect { node, case });
        }
        if step.compensation.is_some() {
            self.undoable.push(node);
        }
        self.clear_timer(node, effects);
        self.release(node);
        self.ended(node, now, effects);
    }

    /// The step does not begin, nor does anything inside of it.
    pub(super) fn skip(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let first = self.node(node).step;
        let mut step = first;
        while step < plan.step(first).end {
            let it = NodeIx(node.0 + step.0 - first.0);
            let inside = plan.step(step);
            if inside.compensates.is_none() {
                let state = self.state(it);
                state.status = Status::Skipped;
                state.ended_at = Some(now);
                self.record(EventKind::StepSkipped(it), now);
            }
            // The body of a loop has nodes only in its iterations.
            let is_loop = matches!(inside.kind, StepKind::ForEach { .. });
            step = if is_loop { inside.end } else { StepIx(step.0 + 1) };
        }
        self.ended(node, now, effects);
    }

    /// The step failed, and with it what it is a part of, up to something that may fail.
    pub(super) fn fail(&mut self, node: NodeIx, reason: FailureReason, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let mut at = node;
        loop {
            self.cancel_inside(at, now, effects);
            self.state(at).called = false;
            self.state(at).asks = None;
            self.state(at).status = Status::Failed;
            self.state(at).ended_at = Some(now);
            self.clear_timer(at, effects);
            self.record(EventKind::StepFailed(at), now);
            effects.push(Effect::Fail { node: at, origin: node, reason });
            if plan.step(self.node(at).step).on_error == OnError::Continue {
                self.release(at);
                return self.ended(at, now, effects);
            }
            match self.parent_of(at) {
                // What it holds goes with what it is a part of; but the run's own slots are others' too.
                Some(parent) => {
                    self.release(at);
                    at = parent;
                }
                None => return self.finish(RunEnd::Failed(node, reason), now, effects),
            }
        }
    }

    /// What follows when a step has ended, one way or another, and the run goes on.
    fn ended(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let (step, frame) = (self.node(node).step, self.node(node).frame);
        let dependents = &plan.step(step).dependents;
        // With nothing in line before the only one that follows, its turn is now, once it is told what both are a part of.
        let is_next = dependents.len() == 1 && self.agenda.is_empty() && self.phase == Phase::Running;
        let mut next = None;
        for dependent in dependents {
            let dependent = NodeIx(node.0 + dependent.0 - step.0);
            // One that was skipped with its group waits for nobody.
            if self.node(dependent).is_over() {
                continue;
            }
            if is_next && self.node(dependent).blockers == 1 {
                self.state(dependent).blockers = 0;
                next = Some(dependent);
            } else {
                self.unblock(dependent);
            }
        }
        match self.parent_of(node) {
            Some(parent) if matches!(plan.step(self.node(parent).step).kind, StepKind::ForEach { .. }) => {
                self.body_step_ended(frame);
            }
            Some(parent) => {
                let open = &mut self.state(parent).open_children;
                *open -= 1;
                if *open == 0 {
                    self.agenda.push(Task::Complete(parent));
                }
            }
            None => {
                self.open_roots -= 1;
                if self.open_roots == 0 {
                    self.steps_ended(now, effects);
                }
            }
        }
        if let Some(next) = next {
            self.open(next, now, effects);
        }
    }

    /// Every step has ended.
    pub(super) fn steps_ended(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.plan.output.is_some() {
            effects.push(Effect::BuildOutput);
        } else {
            self.finish(RunEnd::Completed, now, effects);
        }
    }

    /// Gives up all that is inside of a step.
    fn cancel_inside(&mut self, group: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        for node in self.nodes_within(group).into_iter().map(NodeIx) {
            // What undoes a step is a part of nothing.
            let undoes = plan.step(self.node(node).step).compensates.is_some();
            if node != group && !undoes && !self.node(node).is_over() {
                self.give_up(node, now, effects);
                self.state(node).dropped = true;
                self.release(node);
            }
        }
    }

    /// Stops a step: its call, its timer, its wait. What it holds it still holds.
    fn give_up(&mut self, node: NodeIx, now: Timestamp, effects: &mut Vec<Effect>) {
        if std::mem::take(&mut self.state(node).called) {
            effects.push(Effect::CancelCall { node });
        }
        self.clear_timer(node, effects);
        let state = self.state(node);
        state.asks = None;
        if matches!(state.status, Status::Running | Status::Waiting) {
            state.status = Status::Cancelled;
            state.ended_at = Some(now);
            self.record(EventKind::StepCancelled(node), now);
        }
    }

    /// The one place where a run comes to its end: all that is under way is given up, and the timeout is cleared. When it
    /// ends in vain, what had completed is undone first.
    pub(super) fn finish(&mut self, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        self.agenda.clear();
        self.held.take();
        for index in 0..self.nodes.len() as u32 {
            if !self.node(NodeIx(index)).is_over() {
                self.give_up(NodeIx(index), now, effects);
                self.state(NodeIx(index)).hold = Hold::Nothing;
            }
        }
        if self.deadline.take().is_some() {
            effects.push(Effect::ClearTimer { node: None });
        }
        let vain = match end {
            RunEnd::Completed => None,
            RunEnd::Failed(..) => Some(Vain::Failed),
            RunEnd::OutputFailed => Some(Vain::OutputFailed),
            RunEnd::TimedOut => Some(Vain::TimedOut),
            RunEnd::Cancelled => Some(Vain::Cancelled),
        };
        match vain.filter(|_| !self.undoable.is_empty()) {
            Some(vain) => {
                self.phase = Phase::Compensating(end);
                self.record(EventKind::RunCompensating(vain), now);
                self.undo_next(end, now, effects);
            }
            None => self.settle(end, now, effects),
        }
    }

    fn settle(&mut self, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        self.record(
            match end {
                RunEnd::Completed => EventKind::RunCompleted,
                RunEnd::Failed(node, _) => EventKind::RunFailed(Some(node)),
                RunEnd::OutputFailed => EventKind::RunFailed(None),
                RunEnd::TimedOut => EventKind::RunTimedOut,
                RunEnd::Cancelled => EventKind::RunCancelled,
            },
            now,
        );
        self.phase = Phase::Ended(end);
        effects.push(Effect::Settle(end));
    }
}

/// Undoing what had completed, the last one first.
impl Run {
    fn undo_next(&mut self, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(done) = self.undoable.pop() else { return self.settle(end, now, effects) };
        let Some(undo) = self.plan.step(self.node(done).step).compensation else { return };
        let undo = self.node_of(self.node(done).frame, undo);
        self.attempt(undo, now, effects);
    }

    pub(super) fn handle_undoing(&mut self, input: Input, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        match input {
            Input::AttemptStarted { node, attempt } => self.attempt_started(node, attempt, now),
            Input::AttemptFailed { node, attempt, reason } => self.attempt_failed(node, attempt, reason, now),
            Input::RetryScheduled { node, delay } => self.retry_scheduled(node, delay, now),
            Input::RetryDue { node } if self.retry_due(node, now) => self.attempt(node, now, effects),
            Input::CallSettled { node, outcome } => {
                if !std::mem::take(&mut self.state(node).called) {
                    return;
                }
                let state = self.state(node);
                (state.live, state.ended_at) = (0, Some(now));
                state.status = if outcome.is_ok() { Status::Completed } else { Status::Failed };
                match outcome {
                    Ok(()) => {
                        self.record(EventKind::CompensationCompleted(node), now);
                        if let Some(undone) = self.plan.step(self.node(node).step).compensates {
                            let undone = self.node_of(self.node(node).frame, undone);
                            self.state(undone).status = Status::Compensated;
                        }
                    }
                    Err(reason) => {
                        self.record(EventKind::CompensationFailed(node), now);
                        effects.push(Effect::Fail { node, origin: node, reason });
                    }
                }
                self.undo_next(end, now, effects);
            }
            Input::Noted { node, attempt, note } if self.node(node).called => {
                self.record(EventKind::noted(note, node, attempt), now);
            }
            Input::Restored => self.restored(now),
            // It is ending already; nothing of this can change how.
            _ => {}
        }
    }
}
