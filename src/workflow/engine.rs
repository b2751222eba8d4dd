//! Many runs, one clock: what a host drives.
//!
//! A run says which call it wants, the [guards](Guards) say when it is attempted, and the engine connects the two. What
//! is left for the host are [`Command`]s: calls, aborts and ends. The host tells the engine what settled and what time it
//! is, and keeps one timer of its own for [`next_deadline`](Engine::next_deadline).

use std::rc::Rc;

use slab::Slab;

use super::message::{AbortReason, Effect, Input, RunEnd};
use super::plan::{Plan, StepIx, WHAT};
use super::run::Run;
use crate::error::{Code, Error, Problem};
use crate::exec::{TimerId, Timers};
use crate::policy::{self, CallId, Change, End, Guards, Outcome, Request, Wiring};
use crate::time::Timestamp;

/// Names a run from its start until it is removed; then the number is used again.
pub type RunId = u32;

/// What the host has to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command {
    /// Call the handler of a step; report back with [`Engine::settle`].
    Call {
        /// The run.
        run: RunId,
        /// The step.
        step: StepIx,
        /// Which attempt this is, from 1.
        attempt: u32,
    },
    /// Tell a handler to stop, and drop what it may still answer.
    Abort {
        /// The run.
        run: RunId,
        /// The step.
        step: StepIx,
        /// The attempt.
        attempt: u32,
        /// Why.
        reason: AbortReason,
    },
    /// A group completed: its output is the outputs of its children, by id.
    Collect {
        /// The run.
        run: RunId,
        /// The group.
        step: StepIx,
    },
    /// Every step completed: build the output that the definition describes; report back with
    /// [`Engine::output_built`].
    BuildOutput {
        /// The run.
        run: RunId,
    },
    /// The run ended. The host takes what it wants to keep and calls [`Engine::remove`].
    Settle {
        /// The run.
        run: RunId,
        /// How it ended.
        end: RunEnd,
    },
    /// A circuit breaker changed its state; it belongs to all runs.
    Circuit {
        /// Which one; see [`Guards::breaker_name`].
        breaker: u32,
        /// From what to what.
        change: Change,
    },
}

impl Command {
    /// The run it is about, if it is about one.
    #[must_use]
    pub fn run(self) -> Option<RunId> {
        match self {
            Self::Call { run, .. }
            | Self::Abort { run, .. }
            | Self::Collect { run, .. }
            | Self::BuildOutput { run }
            | Self::Settle { run, .. } => Some(run),
            Self::Circuit { .. } => None,
        }
    }
}

/// Runs, and the guards of their calls.
#[derive(Debug, Default)]
pub struct Engine {
    runs: Slab<Slot>,
    /// The timeouts of the runs.
    timeouts: Timers<RunId>,
    guards: Guards,
    commands: Vec<Command>,
    /// Effects that are to be performed, the next one last. A stack and not recursion: what one of them leads to comes
    /// before the next one, however long the chain.
    todo: Vec<(RunId, Effect)>,
    /// Reused for the effects of each input.
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Slot {
    run: Run,
    timeout: Option<TimerId>,
    /// The calls that are open, by step.
    calls: Vec<Option<CallId>>,
}

impl Engine {
    /// Whether every part that the policies of a plan refer to by name was defined.
    ///
    /// # Errors
    /// `workflow.invalid` with every name that was not.
    pub fn check(&self, plan: &Plan) -> Result<(), Error> {
        let mut problems = Vec::new();
        for step in plan.steps() {
            for (key, name) in self.guards.undefined(&step.policies) {
                let message = format!("nobody has defined `{name}`; the `policies` of the orchestrator say what it is");
                problems.push(Problem::new(format!("{}/{key}", step.pointer), message));
            }
        }
        if problems.is_empty() { Ok(()) } else { Err(Error::invalid(Code::WorkflowInvalid, WHAT, problems)) }
    }

    /// Starts a run of `plan`; `seed` is all its randomness.
    pub fn start(&mut self, plan: Rc<Plan>, seed: u64, now: Timestamp) -> RunId {
        let calls = vec![None; plan.steps().len()];
        let run = self.runs.insert(Slot { run: Run::new(plan, seed), timeout: None, calls }) as RunId;
        self.input(run, Input::Started, now);
        run
    }

    /// An attempt of a call ended. One that nobody waits for any more is ignored.
    pub fn settle(&mut self, run: RunId, step: StepIx, attempt: u32, outcome: &Outcome<'_>, now: Timestamp) {
        let call = self.runs.get(run as usize).and_then(|slot| *slot.calls.get(step.0 as usize)?);
        if let Some(call) = call {
            self.guards.settle(call, attempt, outcome, now);
            self.work_off(now);
        }
    }

    /// The output of a run is there.
    pub fn output_built(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::OutputBuilt, now);
    }

    /// The output of a run cannot be had.
    pub fn output_failed(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::OutputFailed, now);
    }

    /// Stops a run. One that has ended is left as it is.
    pub fn cancel(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::CancelRequested, now);
    }

    /// Does all that is due, earliest first.
    pub fn tick(&mut self, now: Timestamp) {
        loop {
            let (timeout, call) = (self.timeouts.next_due(), self.guards.next_deadline());
            // At the same instant the end of a run comes first: nothing is begun for a run that is over.
            if timeout.is_some_and(|at| call.is_none_or(|call| at <= call)) {
                let Some(run) = self.timeouts.pop_due(now) else { return };
                self.input(run, Input::TimeoutFired, now);
            } else {
                if !self.guards.tick(now) {
                    return;
                }
                self.work_off(now);
            }
        }
    }

    /// When [`tick`](Self::tick) is due next; `None` when nothing waits for time to pass.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        [self.timeouts.next_due(), self.guards.next_deadline()].into_iter().flatten().min()
    }

    /// The guards of all calls, with what they share.
    pub fn guards(&mut self) -> &mut Guards {
        &mut self.guards
    }

    /// Moves the guards by hand, and passes on what comes of it.
    pub fn with_guards(&mut self, act: impl FnOnce(&mut Guards), now: Timestamp) {
        act(&mut self.guards);
        self.work_off(now);
    }

    /// Takes what the host has to do, in order.
    pub fn drain_commands(&mut self) -> std::vec::Drain<'_, Command> {
        self.commands.drain(..)
    }

    /// A run that has not been removed.
    #[must_use]
    pub fn run(&self, run: RunId) -> Option<&Run> {
        self.runs.get(run as usize).map(|slot| &slot.run)
    }

    /// Forgets a run, with its timers and the commands that nobody has taken yet. One that has not ended is not told to
    /// stop: [`cancel`](Self::cancel) it first to abort what runs.
    pub fn remove(&mut self, run: RunId, now: Timestamp) {
        if let Some(slot) = self.runs.try_remove(run as usize) {
            if let Some(timeout) = slot.timeout {
                self.timeouts.clear(timeout);
            }
            for call in slot.calls.into_iter().flatten() {
                self.guards.cancel(call, now);
            }
            // Another run may get what its calls held.
            self.work_off(now);
            self.commands.retain(|command| command.run() != Some(run));
        }
    }

    /// How many runs are kept.
    #[must_use]
    pub fn len(&self) -> usize {
        self.runs.len()
    }

    /// Whether no run is kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }

    fn input(&mut self, run: RunId, input: Input, now: Timestamp) {
        self.feed(run, input, now);
        self.work_off(now);
    }

    fn feed(&mut self, run: RunId, input: Input, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        let ended_before = slot.run.end().is_some();
        slot.run.handle(input, now, &mut self.effects);
        if !ended_before && slot.run.end().is_some() {
            // What it asked for before, and did not get yet, is not wanted any more: it has just given it up.
            self.todo.retain(|(other, _)| *other != run);
        }
        self.todo.extend(self.effects.drain(..).rev().map(|effect| (run, effect)));
    }

    /// Performs what is to be done until nothing is: first what guards have to say, then the next effect. Last of all,
    /// places that became free are passed on: by then a run that ended has given up all its calls, so that none of them
    /// is begun in vain.
    fn work_off(&mut self, now: Timestamp) {
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
        match effect {
            Effect::Call { step, seed } => {
                let policies = &slot.run.plan().step(step).policies;
                let wiring = match &slot.run.plan().step(step).scope {
                    Some(scope) => self.guards.wire(policies, scope),
                    None => Wiring::default(),
                };
                let request = Request { seed, ..Request::new(owner(run, step)) };
                slot.calls[step.0 as usize] = Some(self.guards.begin(policies, wiring, &request, now));
            }
            Effect::Resume { step } => {
                if let Some(call) = slot.calls[step.0 as usize] {
                    self.guards.resume(call, now);
                }
            }
            Effect::CancelCall { step } => {
                if let Some(call) = slot.calls[step.0 as usize].take() {
                    self.guards.cancel(call, now);
                }
            }
            Effect::SetTimeout { at } => slot.timeout = Some(self.timeouts.set(at, run)),
            Effect::ClearTimeout => {
                if let Some(timeout) = slot.timeout.take() {
                    self.timeouts.clear(timeout);
                }
            }
            Effect::Collect { step } => self.commands.push(Command::Collect { run, step }),
            Effect::BuildOutput => self.commands.push(Command::BuildOutput { run }),
            Effect::Settle(end) => self.commands.push(Command::Settle { run, end }),
        }
    }

    /// Passes on what the guards say: to the run, and to the host.
    fn relay(&mut self, command: policy::Command, now: Timestamp) {
        match command {
            policy::Command::Start { owner, attempt, .. } => {
                let (run, step) = owned_by(owner);
                self.feed(run, Input::AttemptStarted { step, attempt }, now);
                self.commands.push(Command::Call { run, step, attempt });
            }
            policy::Command::Abort { owner, attempt, reason } => {
                let (run, step) = owned_by(owner);
                let reason = match reason {
                    policy::AbortReason::TimedOut => AbortReason::TimedOut,
                    policy::AbortReason::TotalTimedOut => AbortReason::TotalTimedOut,
                    policy::AbortReason::Superseded => AbortReason::Superseded,
                    policy::AbortReason::Cancelled => AbortReason::RunEnded,
                };
                self.commands.push(Command::Abort { run, step, attempt, reason });
            }
            policy::Command::Failed { owner, attempt, reason } => {
                let (run, step) = owned_by(owner);
                self.feed(run, Input::AttemptFailed { step, attempt, reason }, now);
            }
            policy::Command::Delayed { owner, delay } => {
                let (run, step) = owned_by(owner);
                self.feed(run, Input::RetryScheduled { step, delay }, now);
            }
            policy::Command::Ready { owner } => {
                let (run, step) = owned_by(owner);
                self.feed(run, Input::RetryDue { step }, now);
            }
            policy::Command::Settle { owner, end, .. } => {
                let (run, step) = owned_by(owner);
                let outcome = match end {
                    End::Failed(reason) => Err(reason),
                    End::Cancelled => return,
                    End::Completed { .. } | End::Cached { .. } | End::Shared { .. } => Ok(()),
                };
                if let Some(slot) = self.runs.get_mut(run as usize) {
                    slot.calls[step.0 as usize] = None;
                }
                self.feed(run, Input::CallSettled { step, outcome }, now);
            }
            policy::Command::Circuit { breaker, change } => self.commands.push(Command::Circuit { breaker, change }),
            // Steps have neither fallbacks nor a cache yet.
            policy::Command::FellBack { .. } | policy::Command::Evict { .. } => {}
        }
    }
}

fn owner(run: RunId, step: StepIx) -> u64 {
    u64::from(run) << 32 | u64::from(step.0)
}

fn owned_by(owner: u64) -> (RunId, StepIx) {
    ((owner >> 32) as RunId, StepIx(owner as u32))
}
