//! The state machine of one run.
//!
//! It performs nothing. An [`Input`] goes in with the time, [`Effect`]s come out for the host to perform, and what
//! happened is in the log. The same inputs at the same times with the same seed give the same effects, in the same
//! order: that is what makes a run testable under a simulator, and resumable from its journal.
//!
//! A call is limited twice, by its group and by the run: it first takes a slot of its group, then one of the run. While
//! it waits for a retry it holds neither, so that a step backing off does not keep others from running.
//!
//! A call is one thing here, however often it is tried: its attempts are told to the run for its log and its slots, and
//! decided elsewhere.
//!
//! # How steps end
//! - **Completed**, or **skipped** when a condition does not hold: its dependents begin.
//! - **Failed**: what it is a part of fails with it, and so on outwards, until a step says `onError: "continue"`, whose
//!   dependents begin as if it had ended well; or until the run fails. What runs inside of something that failed is
//!   cancelled.
//! - When a run ends in vain, steps that had completed and can be undone are, the last one first. Only then it has ended.

mod ending;
mod flow;
mod loops;
mod plain;
mod restore;
mod retry;
mod slots;

use std::num::NonZeroU32;
use std::rc::Rc;

use super::event::{Decision, Event, EventKind};
use super::log::Log;
use super::message::{Effect, Input, Question, RunEnd};
use super::plan::{Plan, StepIx, StepKind, Wait};
use super::state::{Frame, Loop, NodeIx, Rest, Status, StepState};
use crate::policy::{Bulkhead, FailureReason};
use crate::rng::Rng;
use crate::small::{Few, Queue};
use crate::time::Timestamp;

/// Entries of the log that there is room for from the beginning.
const MOST_RESERVED: usize = 1_024;

/// One execution of a plan.
#[derive(Debug)]
pub struct Run {
    plan: Rc<Plan>,
    /// All its randomness.
    seed: u64,
    phase: Phase,
    nodes: Vec<StepState>,
    frames: Few<Frame>,
    loops: Few<Loop>,
    /// The limit of the run.
    slots: Bulkhead<NodeIx>,
    /// The limits of the groups that have one.
    group_slots: Few<Bulkhead<NodeIx>>,
    /// Steps of the outermost list that have not ended.
    open_roots: u32,
    /// When the run has taken too long.
    deadline: Option<Timestamp>,
    /// What is to be done next. A queue instead of recursion: a chain of ten thousand empty groups is no deeper than one.
    agenda: Queue<Task>,
    /// What would have been done but for a pause.
    held: Few<Task>,
    /// By signal: who waits for it, or what came with it.
    mailboxes: Few<Mailbox>,
    /// Steps that completed and can be undone, in that order.
    undoable: Few<NodeIx>,
    log: Log,
    /// How long the log may become: as long as the one that is replayed, however much that one promises.
    most_events: usize,
}

/// Where a run is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// It goes on.
    Running,
    /// Nothing new begins.
    Paused,
    /// It is going to end like this, and undoes before that what it can.
    Compensating(RunEnd),
    /// It has ended.
    Ended(RunEnd),
}

/// Where a signal finds who waits for it.
#[derive(Debug, Default)]
struct Mailbox {
    /// Steps that began to wait, the first one first. Those that wait no longer are passed over.
    listening: Queue<NodeIx>,
    /// What came when nobody waited.
    kept: Queue<u32>,
}

#[derive(Clone, Copy, Debug)]
enum Task {
    /// All that the step waited for is there: ask whether it is to run at all, and get its slots.
    Open(NodeIx),
    /// The step has a slot of its group.
    Enter(NodeIx),
    /// The call has a slot of the run.
    Attempt(NodeIx),
    /// The step ended well.
    Complete(NodeIx),
    /// The loop may begin its next iterations.
    Iterate(NodeIx),
}

impl Run {
    /// A run that has not begun; `seed` is all its randomness.
    #[must_use]
    pub fn new(plan: Rc<Plan>, seed: u64) -> Self {
        let mut run = Self {
            seed,
            phase: Phase::Running,
            nodes: Vec::with_capacity(plan.steps().len()),
            frames: Few::default(),
            loops: Few::default(),
            slots: Bulkhead::new(plan.concurrency, u32::MAX),
            group_slots: Few::default(),
            open_roots: plan.roots.len() as u32,
            deadline: None,
            agenda: Queue::default(),
            held: Few::default(),
            mailboxes: Few::default(),
            undoable: Few::default(),
            log: Log::with_capacity(plan.usual_entries.min(MOST_RESERVED)),
            most_events: usize::MAX,
            plan,
        };
        for _ in &run.plan.signals {
            run.mailboxes.push(Mailbox::default());
        }
        run.add_nodes(0, 0, run.plan.steps().len() as u32);
        run
    }

    /// What it runs.
    #[must_use]
    pub fn plan(&self) -> &Rc<Plan> {
        &self.plan
    }

    /// Where it is.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How it ended, once it has.
    #[must_use]
    pub fn end(&self) -> Option<RunEnd> {
        match self.phase {
            Phase::Ended(end) => Some(end),
            _ => None,
        }
    }

    /// Where each step is: those of the plan, then those of iterations.
    #[must_use]
    pub fn nodes(&self) -> &[StepState] {
        &self.nodes
    }

    /// Where a step is.
    #[must_use]
    pub fn node(&self, node: NodeIx) -> &StepState {
        &self.nodes[node.0 as usize]
    }

    /// An iteration of a loop; they are counted from 1.
    #[must_use]
    pub fn frame(&self, frame: u32) -> Option<&Frame> {
        self.frames.get((frame as usize).checked_sub(1)?)
    }

    /// All that happened so far.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The node of a step as seen from an iteration: its own, or that of an iteration around it.
    #[must_use]
    pub fn node_of(&self, mut frame: u32, step: StepIx) -> NodeIx {
        while let Some(it) = self.frame(frame) {
            let each = self.node(it.each);
            if each.step < step && step < self.plan.step(each.step).end {
                return NodeIx(it.base + step.0 - each.step.0 - 1);
            }
            frame = each.frame;
        }
        NodeIx(step.0)
    }

    /// The iteration `depth` loops around another one; 0 when there are not so many.
    #[must_use]
    pub fn frame_out(&self, frame: u32, depth: u32) -> u32 {
        (0..depth).fold(frame, |frame, _| self.frame(frame).map_or(0, |it| self.node(it.each).frame))
    }

    /// The signals that steps wait for now, the one that has waited longest first.
    pub fn awaited_signals(&self) -> impl Iterator<Item = u32> {
        self.log.iter().filter_map(|event| match event.kind {
            EventKind::StepStarted(node) => self.signal_of(node).filter(|_| self.is_waiting(node)),
            _ => None,
        })
    }

    /// The signal that a step is made to wait for.
    fn signal_of(&self, node: NodeIx) -> Option<u32> {
        match self.plan.step(self.node(node).step).kind {
            StepKind::Wait(Wait::Signal { signal, .. }) => Some(signal),
            _ => None,
        }
    }

    fn is_waiting(&self, node: NodeIx) -> bool {
        self.node(node).status == Status::Waiting && !self.node(node).is_over()
    }

    /// Whether what was asked for is still wanted.
    pub(super) fn still_wants(&self, effect: Effect) -> bool {
        match effect {
            Effect::Call { node } | Effect::Resume { node } => self.node(node).called,
            Effect::Evaluate { node, question } => self.node(node).asks == Some(question),
            Effect::SetTimer { node: Some(node), at } => self.node(node).due == Some(at),
            Effect::SetTimer { node: None, at } => self.deadline == Some(at),
            Effect::BuildOutput => self.end().is_none(),
            _ => true,
        }
    }

    /// All the randomness of the call of a step.
    pub(super) fn seed_of(&self, node: NodeIx) -> u64 {
        Rng::nth(self.seed, node.0)
    }

    /// What a node is a part of: a group, or the loop whose iteration it belongs to.
    #[must_use]
    pub fn parent_of(&self, node: NodeIx) -> Option<NodeIx> {
        let StepState { step, frame, .. } = *self.node(node);
        let parent = self.plan.step(step).parent?;
        match self.frame(frame) {
            Some(it) if self.node(it.each).step == parent => Some(it.each),
            _ => Some(self.node_of(frame, parent)),
        }
    }

    /// Takes an input and appends what the host has to do. After the end every input is ignored, and so is what comes before
    /// the beginning, a second beginning, and what is about no node.
    pub fn handle(&mut self, input: Input, now: Timestamp, effects: &mut Vec<Effect>) {
        let is_known = input.node().is_none_or(|node| (node.0 as usize) < self.nodes.len());
        if !is_known || self.log.is_empty() != (input == Input::Started) {
            return;
        }
        match self.phase {
            Phase::Ended(_) => return,
            Phase::Compensating(end) => self.handle_undoing(input, end, now, effects),
            Phase::Running | Phase::Paused => self.handle_running(input, now, effects),
        }
        self.work_off_agenda(now, effects);
    }

    fn handle_running(&mut self, input: Input, now: Timestamp, effects: &mut Vec<Effect>) {
        match input {
            Input::Started => self.start(now, effects),
            Input::AttemptStarted { node, attempt } => self.attempt_started(node, attempt, now),
            Input::AttemptFailed { node, attempt, reason } => self.attempt_failed(node, attempt, reason, now),
            Input::Shared { node } => self.shared(node, now),
            Input::Unshared { node } => self.unshared(node, now),
            Input::RetryScheduled { node, delay } => self.retry_scheduled(node, delay, now),
            Input::RetryDue { node } => {
                if self.retry_due(node, now) {
                    self.agenda.push(Task::Open(node));
                }
            }
            Input::FellBack { node, level } => self.fell_back(node, level, now),
            Input::CallSettled { node, outcome } => self.call_settled(node, outcome, now, effects),
            Input::Evaluated { node, decision } => self.evaluated(node, decision, now, effects),
            Input::EvaluationFailed { node } => {
                if self.state(node).asks.take().is_some() {
                    self.begin(node, now);
                    self.fail(node, FailureReason::Error, now, effects);
                }
            }
            Input::TimerFired { node: Some(node) } => self.timer_fired(node, now, effects),
            Input::TimerFired { node: None } => self.finish(RunEnd::TimedOut, now, effects),
            Input::Signalled { signal, payload } => self.signalled(signal, payload, now, effects),
            Input::Noted { node, attempt, note } => {
                if self.node(node).called {
                    self.record(EventKind::noted(note, node, attempt), now);
                }
            }
            Input::OutputBuilt | Input::OutputFailed if self.open_roots > 0 => {}
            Input::OutputBuilt => self.finish(RunEnd::Completed, now, effects),
            Input::OutputFailed => self.finish(RunEnd::OutputFailed, now, effects),
            Input::PauseRequested => {
                if self.phase == Phase::Running {
                    self.phase = Phase::Paused;
                    self.record(EventKind::RunPaused, now);
                }
            }
            Input::ResumeRequested => {
                if self.phase == Phase::Paused {
                    self.phase = Phase::Running;
                    self.record(EventKind::RunResumed, now);
                    for task in self.held.take() {
                        self.agenda.push(task);
                    }
                }
            }
            Input::CancelRequested => self.finish(RunEnd::Cancelled, now, effects),
            Input::Restored => self.restored(now),
        }
    }

    fn start(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.record(EventKind::RunStarted, now);
        if let Some(timeout) = self.plan.timeout {
            self.deadline = Some(now + timeout);
            effects.push(Effect::SetTimer { node: None, at: now + timeout });
        }
        let plan = Rc::clone(&self.plan);
        let mut free = plan.roots.iter().map(|root| NodeIx(root.0)).filter(|root| self.node(*root).blockers == 0);
        match (free.next(), free.next()) {
            // Most runs begin with one step, and an agenda for that one would be one for each run.
            (Some(only), None) => self.open(only, now, effects),
            _ => {
                for root in &plan.roots {
                    if self.node(NodeIx(root.0)).blockers == 0 {
                        self.agenda.push(Task::Open(NodeIx(root.0)));
                    }
                }
            }
        }
        if plan.roots.is_empty() {
            self.steps_ended(now, effects);
        }
    }

    fn work_off_agenda(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        while let Some(task) = self.agenda.pop() {
            if self.log.len() > self.most_events {
                return;
            }
            let (Task::Open(node)
            | Task::Enter(node)
            | Task::Attempt(node)
            | Task::Complete(node)
            | Task::Iterate(node)) = task;
            let (it, completes) = (self.node(node), matches!(task, Task::Complete(_)));
            if it.is_over() || it.rest == Rest::Shared && !completes {
                continue;
            }
            // What runs may end; nothing begins.
            if self.phase == Phase::Paused && !completes {
                self.held.push(task);
                continue;
            }
            match task {
                Task::Open(_) => self.open(node, now, effects),
                Task::Enter(_) => self.enter(node, now, effects),
                Task::Attempt(_) => self.attempt(node, now, effects),
                Task::Complete(_) => self.complete(node, now, effects),
                Task::Iterate(_) => self.iterate(node, now, effects),
            }
        }
    }

    /// Nodes for the steps from `first` on, as they are before anything has happened.
    fn add_nodes(&mut self, frame: u32, first: u32, count: u32) {
        let start = self.nodes.len();
        self.nodes.extend_from_slice(&self.plan.nodes[first as usize..][..count as usize]);
        for state in &mut self.nodes[start..] {
            state.frame = frame;
            if let Some(limit) = state.part {
                self.group_slots.push(Bulkhead::new(Some(limit.get()), u32::MAX));
                state.part = NonZeroU32::new(self.group_slots.len() as u32);
            }
        }
    }

    fn evaluated(&mut self, node: NodeIx, decision: Decision, now: Timestamp, effects: &mut Vec<Effect>) {
        let answers = match (self.node(node).asks, decision) {
            (Some(Question::When), Decision::When(_))
            | (Some(Question::Items), Decision::Items(_))
            | (Some(Question::Until), Decision::Until(_))
            | (Some(Question::Case), Decision::Case(None)) => true,
            (Some(Question::Case), Decision::Case(Some(case))) => {
                let kind = &self.plan.step(self.node(node).step).kind;
                matches!(kind, StepKind::Switch { cases } if (case as usize) < cases.len())
            }
            _ => false,
        };
        if !answers {
            return;
        }
        self.state(node).asks = None;
        self.record(EventKind::StepEvaluated(node, decision), now);
        match decision {
            Decision::When(true) => {
                self.state(node).admitted = true;
                self.agenda.push(Task::Open(node));
            }
            Decision::When(false) => self.skip(node, now, effects),
            Decision::Case(case) => self.choose(node, case, now, effects),
            Decision::Items(count) => self.begin_loop(node, count),
            Decision::Until(at) => self.wait_until(node, at, now, effects),
        }
    }

    fn state(&mut self, node: NodeIx) -> &mut StepState {
        &mut self.nodes[node.0 as usize]
    }

    fn record(&mut self, kind: EventKind, at: Timestamp) {
        self.log.push(Event { at, kind });
    }
}
