//! Many runs, one clock: what a host drives.
//!
//! The engine keeps the runs and their timers, and turns the effects of each run into [`Command`]s for the host: calls,
//! aborts and ends. The host tells it what settled and what time it is, and keeps one timer of its own for
//! [`next_deadline`](Engine::next_deadline).

use std::rc::Rc;

use slab::Slab;

use super::plan::{Plan, StepIx};
use super::run::{AbortReason, Effect, Input, Outcome, Run, RunEnd, Timer};
use crate::exec::{TimerId, Timers};
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
}

impl Command {
    /// The run it is about.
    #[must_use]
    pub fn run(self) -> RunId {
        match self {
            Self::Call { run, .. }
            | Self::Abort { run, .. }
            | Self::Collect { run, .. }
            | Self::BuildOutput { run }
            | Self::Settle { run, .. } => run,
        }
    }
}

/// Runs and their timers.
#[derive(Debug, Default)]
pub struct Engine {
    runs: Slab<Slot>,
    timers: Timers<(RunId, Timer)>,
    commands: Vec<Command>,
    /// Reused for the effects of each input.
    effects: Vec<Effect>,
}

#[derive(Debug)]
struct Slot {
    run: Run,
    /// The timer of the run, then one for each step.
    timers: Vec<Option<TimerId>>,
}

impl Engine {
    /// Starts a run of `plan`; `seed` is all its randomness.
    pub fn start(&mut self, plan: Rc<Plan>, seed: u64, now: Timestamp) -> RunId {
        let timers = vec![None; plan.steps().len() + 1];
        let run = self.runs.insert(Slot { run: Run::new(plan, seed), timers }) as RunId;
        self.feed(run, Input::Started, now);
        run
    }

    /// An attempt of a call ended. One that nobody waits for any more is ignored.
    pub fn settle(&mut self, run: RunId, step: StepIx, attempt: u32, outcome: Outcome, now: Timestamp) {
        self.feed(run, Input::StepSettled { step, attempt, outcome }, now);
    }

    /// The output of a run is there, or cannot be had.
    pub fn output_built(&mut self, run: RunId, outcome: Outcome, now: Timestamp) {
        self.feed(run, Input::OutputBuilt(outcome), now);
    }

    /// Stops a run. One that has ended is left as it is.
    pub fn cancel(&mut self, run: RunId, now: Timestamp) {
        self.feed(run, Input::CancelRequested, now);
    }

    /// Fires every timer that is due, earliest first.
    pub fn tick(&mut self, now: Timestamp) {
        while let Some((run, timer)) = self.timers.pop_due(now) {
            self.feed(run, Input::TimerFired(timer), now);
        }
    }

    /// When [`tick`](Self::tick) is due next; `None` when no timer is set.
    pub fn next_deadline(&mut self) -> Option<Timestamp> {
        self.timers.next_due()
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
    pub fn remove(&mut self, run: RunId) {
        if let Some(slot) = self.runs.try_remove(run as usize) {
            for timer in slot.timers.into_iter().flatten() {
                self.timers.clear(timer);
            }
            self.commands.retain(|command| command.run() != run);
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

    fn feed(&mut self, run: RunId, input: Input, now: Timestamp) {
        let Some(slot) = self.runs.get_mut(run as usize) else { return };
        slot.run.handle(input, now, &mut self.effects);
        for effect in self.effects.drain(..) {
            let command = match effect {
                Effect::Call { step, attempt } => Command::Call { run, step, attempt },
                Effect::Abort { step, attempt, reason } => Command::Abort { run, step, attempt, reason },
                Effect::Collect { step } => Command::Collect { run, step },
                Effect::BuildOutput => Command::BuildOutput { run },
                Effect::Settle(end) => Command::Settle { run, end },
                Effect::SetTimer { timer, at } => {
                    let id = self.timers.set(at, (run, timer));
                    if let Some(before) = slot.timers[timer_slot(timer)].replace(id) {
                        self.timers.clear(before);
                    }
                    continue;
                }
                Effect::ClearTimer { timer } => {
                    if let Some(id) = slot.timers[timer_slot(timer)].take() {
                        self.timers.clear(id);
                    }
                    continue;
                }
            };
            self.commands.push(command);
        }
    }
}

fn timer_slot(timer: Timer) -> usize {
    match timer {
        Timer::Run => 0,
        Timer::Step(step) => step.0 as usize + 1,
    }
}
