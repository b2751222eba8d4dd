//! The state machine of one run.
//!
//! It performs nothing. An [`Input`] goes in with the time, [`Effect`]s come out for the host to perform, and what
//! happened is in the log. The same inputs at the same times with the same seed give the same effects, in the same
//! order: that is what makes a run testable under a simulator and, later, resumable from its journal.
//!
//! A call is limited twice, by its group and by the run: it first takes a slot of its group, then one of the run. While
//! it waits for a retry it holds neither, so that a step backing off does not keep others from running.
//!
//! A call is one thing here, however often it is tried: its attempts are told to the run for its log and its slots, and
//! decided elsewhere.

use std::collections::VecDeque;
use std::rc::Rc;

use super::event::{Event, EventKind};
use super::message::{Effect, Input, RunEnd};
use super::plan::{Plan, StepIx, StepKind};
use super::state::{Status, StepState};
use crate::policy::{Bulkhead, Entry, FailureReason};
use crate::rng::Rng;
use crate::time::Timestamp;

/// One execution of a plan.
#[derive(Debug)]
pub struct Run {
    plan: Rc<Plan>,
    rng: Rng,
    end: Option<RunEnd>,
    steps: Vec<StepState>,
    /// The limit of the run.
    slots: Bulkhead<StepIx>,
    /// The limits of the groups that have one, by step.
    group_slots: Vec<Option<Bulkhead<StepIx>>>,
    /// Steps of the outermost list that have not completed.
    open_roots: u32,
    /// What is to be done next. A queue instead of recursion: a chain of ten thousand empty groups is no deeper than one.
    agenda: VecDeque<Task>,
    log: Vec<Event>,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    /// All that the step waited for is there: get its slots.
    Open(StepIx),
    /// The step has a slot of its group.
    Enter(StepIx),
    /// The call has a slot of the run.
    Attempt(StepIx),
    /// The step ended well.
    Complete(StepIx),
}

impl Run {
    /// A run that has not begun; `seed` is all its randomness.
    #[must_use]
    pub fn new(plan: Rc<Plan>, seed: u64) -> Self {
        let steps = plan
            .steps()
            .iter()
            .map(|step| StepState {
                blockers: step.needs.len() as u32 + u32::from(step.parent.is_some()),
                open_children: match &step.kind {
                    StepKind::Group { children, .. } => children.len() as u32,
                    StepKind::Call { .. } => 0,
                },
                ..StepState::default()
            })
            .collect();
        let group_slots = plan
            .steps()
            .iter()
            .map(|step| match step.kind {
                StepKind::Group { concurrency: Some(limit), .. } => Some(Bulkhead::new(Some(limit), u32::MAX)),
                _ => None,
            })
            .collect();
        Self {
            rng: Rng::new(seed),
            end: None,
            steps,
            slots: Bulkhead::new(plan.concurrency, u32::MAX),
            group_slots,
            open_roots: plan.roots.len() as u32,
            agenda: VecDeque::new(),
            log: Vec::new(),
            plan,
        }
    }

    /// What it runs.
    #[must_use]
    pub fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn end(&self) -> Option<RunEnd> {
        self.end
    }

    /// Where a step is.
    #[must_use]
    pub fn step(&self, step: StepIx) -> &StepState {
        &self.steps[step.0 as usize]
    }

    /// All that happened so far.
    #[must_use]
    pub fn log(&self) -> &[Event] {
        &self.log
    }

    /// Takes an input and appends what the host has to do. After the end every input is ignored.
    pub fn handle(&mut self, input: Input, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.end.is_some() {
            return;
        }
        match input {
            Input::Started => self.start(now, effects),
            Input::AttemptStarted { step, attempt } => {
                self.begin(step, now);
                self.state(step).attempt = attempt;
                self.record(EventKind::AttemptStarted(step, attempt), now);
            }
            Input::AttemptFailed { step, attempt, reason } => {
                self.begin(step, now);
                self.record(attempt_failed(step, attempt, reason), now);
            }
            Input::RetryScheduled { step, delay } => {
                self.state(step).status = Status::Waiting;
                let next = self.step(step).attempt + 1;
                self.record(EventKind::RetryScheduled(step, next, delay), now);
                self.release_slots(step);
            }
            Input::RetryDue { step } => self.agenda.push_back(Task::Open(step)),
            Input::CallSettled { step, outcome } => self.settle(step, outcome, now, effects),
            Input::OutputBuilt | Input::OutputFailed if self.open_roots > 0 => {}
            Input::OutputBuilt => self.finish(RunEnd::Completed, now, effects),
            Input::OutputFailed => self.finish(RunEnd::OutputFailed, now, effects),
            Input::TimeoutFired => self.finish(RunEnd::TimedOut, now, effects),
            Input::CancelRequested => self.finish(RunEnd::Cancelled, now, effects),
        }
        self.work_off_agenda(now, effects);
    }

    fn start(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.record(EventKind::RunStarted, now);
        if let Some(timeout) = self.plan.timeout {
            effects.push(Effect::SetTimeout { at: now + timeout });
        }
        let plan = Rc::clone(&self.plan);
        for root in &plan.roots {
            if self.step(*root).blockers == 0 {
                self.agenda.push_back(Task::Open(*root));
            }
        }
        if plan.roots.is_empty() {
            self.steps_completed(now, effects);
        }
    }

    /// The one place that decides what the end of a call leads to.
    fn settle(&mut self, step: StepIx, outcome: Result<(), FailureReason>, now: Timestamp, effects: &mut Vec<Effect>) {
        self.state(step).called = false;
        match outcome {
            Ok(()) => {
                // First this step ends, then who waited for its slots begins: the log never shows more at once than
                // may run.
                self.agenda.push_back(Task::Complete(step));
                self.release_slots(step);
            }
            Err(reason) => {
                let state = self.state(step);
                state.status = Status::Failed;
                state.ended_at = Some(now);
                self.record(EventKind::StepFailed(step), now);
                self.finish(RunEnd::Failed(step, reason), now, effects);
            }
        }
    }

    fn work_off_agenda(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(task) = self.agenda.pop_front() {
            match task {
                Task::Open(step) => {
                    let entry = self.slots_of_group(step).map_or(Entry::Entered, |slots| slots.enter(step));
                    if entry == Entry::Entered {
                        self.agenda.push_back(Task::Enter(step));
                    }
                }
                Task::Enter(step) => self.enter(step, now),
                Task::Attempt(step) => self.attempt(step, effects),
                Task::Complete(step) => self.complete(step, now, effects),
            }
        }
    }

    fn enter(&mut self, step: StepIx, now: Timestamp) {
        let plan = Rc::clone(&self.plan);
        match &plan.step(step).kind {
            StepKind::Call { .. } => {
                if self.slots.enter(step) == Entry::Entered {
                    self.agenda.push_back(Task::Attempt(step));
                }
            }
            StepKind::Group { children, .. } => {
                self.begin(step, now);
                for child in children {
                    self.unblock(*child);
                }
                if children.is_empty() {
                    self.agenda.push_back(Task::Complete(step));
                }
            }
        }
    }

    fn attempt(&mut self, step: StepIx, effects: &mut Vec<Effect>) {
        self.state(step).has_slots = true;
        if std::mem::replace(&mut self.state(step).called, true) {
            effects.push(Effect::Resume { step });
        } else {
            effects.push(Effect::Call { step, seed: self.rng.next_u64() });
        }
    }

    /// Marks a step as running, and tells so when it is the first time.
    fn begin(&mut self, step: StepIx, now: Timestamp) {
        let state = self.state(step);
        state.status = Status::Running;
        if state.started_at.is_none() {
            state.started_at = Some(now);
            self.record(EventKind::StepStarted(step), now);
        }
    }

    fn complete(&mut self, step: StepIx, now: Timestamp, effects: &mut Vec<Effect>) {
        let plan = Rc::clone(&self.plan);
        let state = self.state(step);
        state.status = Status::Completed;
        state.ended_at = Some(now);
        self.record(EventKind::StepCompleted(step), now);
        if let StepKind::Group { .. } = plan.step(step).kind {
            effects.push(Effect::Collect { step });
            self.release_group_slot(step);
        }
        for dependent in &plan.step(step).dependents {
            self.unblock(*dependent);
        }
        let open = match plan.step(step).parent {
            Some(parent) => &mut self.state(parent).open_children,
            None => &mut self.open_roots,
        };
        *open -= 1;
        if *open == 0 {
            match plan.step(step).parent {
                Some(parent) => self.agenda.push_back(Task::Complete(parent)),
                None => self.steps_completed(now, effects),
            }
        }
    }

    fn steps_completed(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.plan.output.is_some() {
            effects.push(Effect::BuildOutput);
        } else {
            self.finish(RunEnd::Completed, now, effects);
        }
    }

    fn unblock(&mut self, step: StepIx) {
        let state = self.state(step);
        state.blockers -= 1;
        if state.blockers == 0 {
            self.agenda.push_back(Task::Open(step));
        }
    }

    /// Gives back the slots of a call, and passes each on to who is next in line for it.
    fn release_slots(&mut self, step: StepIx) {
        if std::mem::take(&mut self.state(step).has_slots) {
            self.slots.leave();
            let next = self.slots.pass_on();
            self.agenda.extend(next.map(Task::Attempt));
            self.release_group_slot(step);
        }
    }

    fn release_group_slot(&mut self, step: StepIx) {
        let next = self.slots_of_group(step).and_then(|slots| {
            slots.leave();
            slots.pass_on()
        });
        self.agenda.extend(next.map(Task::Enter));
    }

    fn slots_of_group(&mut self, step: StepIx) -> Option<&mut Bulkhead<StepIx>> {
        let parent = self.plan.step(step).parent?;
        self.group_slots[parent.0 as usize].as_mut()
    }

    /// The one place where a run ends: every call that is open is given up, and the timeout is cleared.
    fn finish(&mut self, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        self.agenda.clear();
        for index in 0..self.steps.len() {
            let step = StepIx(index as u32);
            let state = self.state(step);
            if std::mem::take(&mut state.called) {
                effects.push(Effect::CancelCall { step });
            }
            let state = self.state(step);
            if matches!(state.status, Status::Running | Status::Waiting) {
                state.status = Status::Cancelled;
                state.ended_at = Some(now);
                self.record(EventKind::StepCancelled(step), now);
            }
        }
        if self.plan.timeout.is_some() {
            effects.push(Effect::ClearTimeout);
        }
        self.record(
            match end {
                RunEnd::Completed => EventKind::RunCompleted,
                RunEnd::Failed(step, _) => EventKind::RunFailed(Some(step)),
                RunEnd::OutputFailed => EventKind::RunFailed(None),
                RunEnd::TimedOut => EventKind::RunTimedOut,
                RunEnd::Cancelled => EventKind::RunCancelled,
            },
            now,
        );
        self.end = Some(end);
        effects.push(Effect::Settle(end));
    }

    fn state(&mut self, step: StepIx) -> &mut StepState {
        &mut self.steps[step.0 as usize]
    }

    fn record(&mut self, kind: EventKind, at: Timestamp) {
        self.log.push(Event { seq: self.log.len() as u32, at, kind });
    }
}

fn attempt_failed(step: StepIx, attempt: u32, reason: FailureReason) -> EventKind {
    match reason {
        FailureReason::Error => EventKind::AttemptFailed(step, attempt),
        FailureReason::Timeout => EventKind::AttemptTimedOut(step, attempt),
        FailureReason::TotalTimeout => EventKind::StepTimedOut(step),
        FailureReason::CircuitOpen { .. } => EventKind::AttemptShortCircuited(step),
        FailureReason::BulkheadFull | FailureReason::BulkheadTimeout => EventKind::AttemptRejected(step),
        FailureReason::RateLimited { .. } | FailureReason::QuotaExceeded { .. } | FailureReason::TooLarge => {
            EventKind::AttemptRateLimited(step)
        }
    }
}
