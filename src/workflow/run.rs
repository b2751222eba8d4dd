//! The state machine of one run.
//!
//! It performs nothing. An [`Input`] goes in with the time, [`Effect`]s come out for the host to perform, and what
//! happened is in the log. The same inputs at the same times with the same seed give the same effects, in the same
//! order: that is what makes a run testable under a simulator and, later, resumable from its journal.
//!
//! A call is limited twice, by its group and by the run: it first takes a slot of its group, then one of the run. While
//! it waits for a retry it holds neither, so that a step backing off does not keep others from running.

use std::collections::VecDeque;
use std::rc::Rc;

use super::event::{Event, EventKind};
use super::plan::{Plan, StepIx, StepKind};
use crate::exec::Slots;
use crate::rng::Rng;
use crate::time::Timestamp;

/// What a host tells a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// Begin.
    Started,
    /// An attempt of a call ended. One that the run no longer waits for is ignored.
    StepSettled {
        /// The step.
        step: StepIx,
        /// The attempt, as [`Effect::Call`] named it.
        attempt: u32,
        /// How it ended.
        outcome: Outcome,
    },
    /// A timer is due.
    TimerFired(Timer),
    /// The output that [`Effect::BuildOutput`] asked for is there, or cannot be had.
    OutputBuilt(Outcome),
    /// Somebody wants the run to stop.
    CancelRequested,
}

/// How an attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// With a value, which the host keeps.
    Completed,
    /// With an error that another attempt may not meet.
    Failed,
    /// With an error that every attempt will meet.
    FailedForGood,
}

/// What a run asks of its host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Call the handler of a step; report back with [`Input::StepSettled`].
    Call {
        /// The step.
        step: StepIx,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// An attempt is no longer wanted: tell its handler to stop, and drop what it may still answer.
    Abort {
        /// The step.
        step: StepIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: AbortReason,
    },
    /// A group completed: its output is the outputs of its children, by id.
    Collect {
        /// The group.
        step: StepIx,
    },
    /// Wake the run at an instant. There is at most one timer of a kind; setting it again moves it.
    SetTimer {
        /// Which timer.
        timer: Timer,
        /// When.
        at: Timestamp,
    },
    /// A timer is no longer needed.
    ClearTimer {
        /// Which timer.
        timer: Timer,
    },
    /// Every step completed, and the definition says what the run's output is: build it, and report back with
    /// [`Input::OutputBuilt`]. The run has not completed before it is there.
    BuildOutput,
    /// The run ended; nothing comes after this.
    Settle(RunEnd),
}

/// Why an attempt is no longer wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AbortReason {
    /// It took longer than its timeout.
    TimedOut,
    /// The run ended without it.
    RunEnded,
}

/// A timer of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timer {
    /// The timeout of the run.
    Run,
    /// The timeout of a step's attempt or, between attempts, the delay before the next one.
    Step(StepIx),
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// Every step completed.
    Completed,
    /// A step failed.
    Failed(StepIx, FailureReason),
    /// Every step completed, but the output cannot be built from what they gave.
    OutputFailed,
    /// The run took longer than the workflow's timeout.
    TimedOut,
    /// Somebody cancelled it.
    Cancelled,
}

/// Why the last attempt of a step failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureReason {
    /// Its handler said so; the host has the error.
    Error,
    /// It took longer than its timeout.
    Timeout,
}

/// Where a step is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Status {
    /// It waits for its needs or for a slot, or never got to run.
    #[default]
    Pending,
    /// It runs.
    Running,
    /// It waits for its next attempt.
    Waiting,
    /// It ended well.
    Completed,
    /// It failed.
    Failed,
    /// It was stopped because the run ended.
    Cancelled,
}

impl Status {
    /// Every status, in the order of its number.
    pub const ALL: &[Self] =
        &[Self::Pending, Self::Running, Self::Waiting, Self::Completed, Self::Failed, Self::Cancelled];

    /// The stable name, such as `"completed"`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// What a run knows of one step.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct StepState {
    /// Where it is.
    pub status: Status,
    /// The current attempt, from 1; 0 before the first.
    pub attempt: u32,
    /// When it began.
    pub started_at: Option<Timestamp>,
    /// When it ended.
    pub ended_at: Option<Timestamp>,
    /// Needs that have not completed, one more while its group has not begun.
    blockers: u32,
    /// Children that have not completed.
    open_children: u32,
}

/// One execution of a plan.
#[derive(Debug)]
pub struct Run {
    plan: Rc<Plan>,
    rng: Rng,
    end: Option<RunEnd>,
    steps: Vec<StepState>,
    /// The limit of the run.
    slots: Slots<StepIx>,
    /// The limits of the groups that have one, by step.
    group_slots: Vec<Option<Slots<StepIx>>>,
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
                StepKind::Group { concurrency: Some(limit), .. } => Some(Slots::new(Some(limit))),
                _ => None,
            })
            .collect();
        Self {
            rng: Rng::new(seed),
            end: None,
            steps,
            slots: Slots::new(plan.concurrency),
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
            Input::StepSettled { step, attempt, outcome } => self.settle(step, attempt, outcome, now, effects),
            Input::OutputBuilt(outcome) if self.open_roots == 0 => {
                let end = if outcome == Outcome::Completed { RunEnd::Completed } else { RunEnd::OutputFailed };
                self.finish(end, now, effects);
            }
            Input::OutputBuilt(_) => {}
            Input::TimerFired(Timer::Run) => self.finish(RunEnd::TimedOut, now, effects),
            Input::TimerFired(Timer::Step(step)) => match self.step(step).status {
                Status::Running => {
                    let attempt = self.step(step).attempt;
                    effects.push(Effect::Abort { step, attempt, reason: AbortReason::TimedOut });
                    self.record(EventKind::AttemptTimedOut(step, attempt), now);
                    self.attempt_failed(step, FailureReason::Timeout, Outcome::Failed, now, effects);
                }
                Status::Waiting => self.agenda.push_back(Task::Open(step)),
                _ => {}
            },
            Input::CancelRequested => self.finish(RunEnd::Cancelled, now, effects),
        }
        self.work_off_agenda(now, effects);
    }

    fn start(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.record(EventKind::RunStarted, now);
        if let Some(timeout) = self.plan.timeout {
            effects.push(Effect::SetTimer { timer: Timer::Run, at: now + timeout });
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

    fn settle(&mut self, step: StepIx, attempt: u32, outcome: Outcome, now: Timestamp, effects: &mut Vec<Effect>) {
        let current = self.steps.get(step.0 as usize);
        if !current.is_some_and(|it| it.status == Status::Running && it.attempt == attempt) {
            return;
        }
        if self.plan.step(step).timeout.is_some() {
            effects.push(Effect::ClearTimer { timer: Timer::Step(step) });
        }
        if outcome == Outcome::Completed {
            // First this step ends, then who waited for its slots begins: the log never shows more at once than may run.
            self.agenda.push_back(Task::Complete(step));
            self.release_slots(step);
        } else {
            self.record(EventKind::AttemptFailed(step, attempt), now);
            self.attempt_failed(step, FailureReason::Error, outcome, now, effects);
        }
    }

    /// The one place that decides what a failure leads to.
    fn attempt_failed(
        &mut self,
        step: StepIx,
        reason: FailureReason,
        outcome: Outcome,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let attempt = self.step(step).attempt;
        let retry = self.plan.step(step).retry.filter(|_| outcome != Outcome::FailedForGood);
        match retry.and_then(|retry| retry.next_delay(attempt, &mut self.rng)) {
            Some(delay) => {
                self.state(step).status = Status::Waiting;
                self.record(EventKind::RetryScheduled(step, attempt + 1, delay), now);
                effects.push(Effect::SetTimer { timer: Timer::Step(step), at: now + delay });
                self.release_slots(step);
            }
            None => {
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
                    let granted = match self.slots_of_group(step) {
                        Some(slots) => slots.acquire(step),
                        None => Some(step),
                    };
                    self.agenda.extend(granted.map(Task::Enter));
                }
                Task::Enter(step) => self.enter(step, now),
                Task::Attempt(step) => self.attempt(step, now, effects),
                Task::Complete(step) => self.complete(step, now, effects),
            }
        }
    }

    fn enter(&mut self, step: StepIx, now: Timestamp) {
        let plan = Rc::clone(&self.plan);
        match &plan.step(step).kind {
            StepKind::Call { .. } => {
                let granted = self.slots.acquire(step);
                self.agenda.extend(granted.map(Task::Attempt));
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

    fn attempt(&mut self, step: StepIx, now: Timestamp, effects: &mut Vec<Effect>) {
        self.begin(step, now);
        let state = self.state(step);
        state.attempt += 1;
        let attempt = state.attempt;
        self.record(EventKind::AttemptStarted(step, attempt), now);
        if let Some(timeout) = self.plan.step(step).timeout {
            effects.push(Effect::SetTimer { timer: Timer::Step(step), at: now + timeout });
        }
        effects.push(Effect::Call { step, attempt });
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
        let next = self.slots.release();
        self.agenda.extend(next.map(Task::Attempt));
        self.release_group_slot(step);
    }

    fn release_group_slot(&mut self, step: StepIx) {
        let next = self.slots_of_group(step).and_then(Slots::release);
        self.agenda.extend(next.map(Task::Enter));
    }

    fn slots_of_group(&mut self, step: StepIx) -> Option<&mut Slots<StepIx>> {
        let parent = self.plan.step(step).parent?;
        self.group_slots[parent.0 as usize].as_mut()
    }

    /// The one place where a run ends: whatever still runs is told to stop, and every timer is cleared.
    fn finish(&mut self, end: RunEnd, now: Timestamp, effects: &mut Vec<Effect>) {
        self.agenda.clear();
        for index in 0..self.steps.len() {
            let step = StepIx(index as u32);
            let state = self.state(step);
            let (status, attempt) = (state.status, state.attempt);
            if !matches!(status, Status::Running | Status::Waiting) {
                continue;
            }
            state.status = Status::Cancelled;
            state.ended_at = Some(now);
            if status == Status::Waiting || self.plan.step(step).timeout.is_some() {
                effects.push(Effect::ClearTimer { timer: Timer::Step(step) });
            }
            if status == Status::Running && attempt > 0 {
                effects.push(Effect::Abort { step, attempt, reason: AbortReason::RunEnded });
            }
            self.record(EventKind::StepCancelled(step), now);
        }
        if self.plan.timeout.is_some() {
            effects.push(Effect::ClearTimer { timer: Timer::Run });
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
