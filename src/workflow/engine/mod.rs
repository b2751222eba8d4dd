//! Many runs, one clock: what a host drives.
//!
//! A run says which call it wants, the [guards](Guards) say when it is attempted, and the engine connects the two. What
//! is left for the host are [`Command`]s: calls, aborts, questions that only values answer, and ends. The host tells the
//! engine what settled and what time it is, and keeps one timer of its own for [`next_deadline`](Engine::next_deadline).
//!
//! # Layout
//! - this file: what a host calls; `relay`: between runs, guards and the host; `command`: what the host is asked to do
//! - `plain`: calls that need no guards; `retry`: calls that are tried again at once
//! - `keys`: how many calls of all runs with the same key run at once

mod command;
mod keys;
mod plain;
mod relay;
mod retry;

use std::rc::Rc;

use slab::Slab;

pub use self::command::{Command, RunId};
use self::keys::Keys;
use self::plain::Watch;
use super::event::{Decision, Event};
use super::message::{Effect, Input, Note};
use super::plan::{Plan, WHAT};
use super::run::Run;
use super::state::NodeIx;
use crate::error::{Code, Error, Problem};
use crate::exec::{TimerId, Timers};
use crate::policy::{CallId, Guards, Outcome};
use crate::small::{Few, Queue};
use crate::time::Timestamp;

/// Timers that are worked off before the host has its turn again, so that thousands that are due at once hold nobody up.
const TIMERS_AT_ONCE: u32 = 128;

/// Runs, and the guards of their calls.
#[derive(Debug, Default)]
pub struct Engine {
    /// Each in a place of its own: a slab that grows doubles its room, and a run is large.
    runs: Slab<Box<Slot>>,
    /// The timers of the runs and of their steps; see [`Whose::key`].
    timers: Timers<u64>,
    guards: Guards,
    keys: Keys,
    commands: Vec<Command>,
    /// Effects that are to be performed. A queue: what a run wants is done in the order in which it wants it, also when one
    /// of its calls is over before the next thing is done, so that outputs are there before who reads them is asked.
    todo: Queue<(RunId, Effect)>,
    /// Reused for the effects of each input, and for the plain calls that follow one.
    effects: Vec<Effect>,
    begun: Vec<NodeIx>,
    /// Calls that follow another one whose end comes next.
    followers: Vec<(RunId, NodeIx)>,
}

/// Whose a timer is, in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Whose(u32);

impl Whose {
    /// That of the run itself.
    const RUN: Self = Self(u32::MAX);
    /// That of its plain calls.
    const CALLS: Self = Self(u32::MAX - 1);

    /// That of a step, or of the run itself.
    fn of(node: Option<NodeIx>) -> Self {
        node.map_or(Self::RUN, |node| Self(node.0))
    }

    /// The key of a timer: whose it is, and in which run.
    fn key(self, run: RunId) -> u64 {
        u64::from(run) << 32 | u64::from(self.0)
    }

    fn of_key(key: u64) -> (RunId, Self) {
        ((key >> 32) as RunId, Self(key as u32))
    }
}

#[derive(Debug)]
struct Slot {
    run: Run,
    /// Which runs it shares a limit with.
    key: Option<u32>,
    /// By node, behind that of the run itself; some of them have fired.
    timers: Few<Option<TimerId>>,
    /// Plain calls, the one that has the least time left first; some of them have ended.
    awaited: Queue<NodeIx>,
    watch: Option<Watch>,
    /// By node.
    calls: Few<OpenCall>,
}

/// A call of a run, as the engine knows it.
#[derive(Clone, Copy, Debug, Default)]
struct OpenCall {
    /// Once it has begun.
    id: Option<CallId>,
    /// Whether it has its place among the runs with the same key.
    has_place: bool,
    /// Whose cache it asks.
    cache: Option<u32>,
    /// The last attempt that the host was told of.
    told: u32,
}

impl Slot {
    fn new(run: Run, key: Option<u32>) -> Self {
        Self { run, key, timers: Few::default(), awaited: Queue::default(), watch: None, calls: Few::default() }
    }

    /// The timer of the run or of a step.
    fn timer(&mut self, node: Option<NodeIx>) -> &mut Option<TimerId> {
        let index = node.map_or(0, |node| node.0 as usize + 1);
        while index >= self.timers.len() {
            self.timers.push(None);
        }
        &mut self.timers[index]
    }

    fn call(&mut self, node: NodeIx) -> &mut OpenCall {
        let index = node.0 as usize;
        while index >= self.calls.len() {
            self.calls.push(OpenCall::default());
        }
        &mut self.calls[index]
    }
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

    /// Starts a run of `plan`; `seed` is all its randomness. Runs of a workflow with the same `key` share its limit.
    pub fn start(&mut self, plan: Rc<Plan>, seed: u64, key: Option<&str>, now: Timestamp) -> RunId {
        let key = self.keys.join(&plan, key);
        let run = self.runs.insert(Box::new(Slot::new(Run::new(plan, seed), key))) as RunId;
        self.input(run, Input::Started, now);
        run
    }

    /// Goes on with a run where its log ends; with an empty log it begins. What only moves values comes as commands again; calls that had not ended are
    /// made again.
    ///
    /// # Errors
    /// `journal.invalid` when the log is not that of a run of this plan.
    pub fn restore(
        &mut self,
        plan: Rc<Plan>,
        seed: u64,
        key: Option<&str>,
        log: &[Event],
        now: Timestamp,
    ) -> Result<RunId, Error> {
        let mut effects = Vec::new();
        let run = Run::replay(Rc::clone(&plan), seed, log, &mut effects).map_err(|at| {
            let message = format!("the log of the journal is not that of a run of `{}`: event {at} cannot be", plan.id);
            Error::new(Code::JournalInvalid, message)
        })?;
        let key = self.keys.join(&plan, key);
        let run = self.runs.insert(Box::new(Slot::new(run, key))) as RunId;
        if let Some(slot) = self.runs.get(run as usize) {
            slot.run.unfinished(&mut effects);
        }
        // First what was under way, then what comes of the loss of what ran.
        for effect in effects {
            self.todo.push((run, effect));
        }
        self.feed(run, if log.is_empty() { Input::Started } else { Input::Restored }, now);
        self.work_off(now);
        Ok(run)
    }

    /// An attempt of a call ended. One that nobody waits for any more is ignored.
    pub fn settle(&mut self, run: RunId, node: NodeIx, attempt: u32, outcome: &Outcome<'_>, now: Timestamp) {
        if matches!(outcome, Outcome::Completed { .. }) && self.go_on(run, node, attempt, now) {
            return;
        }
        if let Outcome::Failed(failure) = outcome
            && self.retry_at_once(run, node, attempt, failure, now)
        {
            return;
        }
        let call = self.runs.get(run as usize).and_then(|slot| slot.calls.get(node.0 as usize)?.id);
        if let Some(call) = call {
            self.guards.settle(call, attempt, outcome, now);
            self.work_off(now);
        } else if self.runs.get(run as usize).is_some_and(|slot| slot.runs_plainly(node, attempt)) {
            self.settle_plain(run, node, outcome, now);
        }
    }

    /// What [`Command::Prepare`] asked for is there: a call whose answer others may have, or share, by this key.
    pub fn begin(&mut self, run: RunId, node: NodeIx, key: Option<&str>, now: Timestamp) {
        let wanted = self.runs.get(run as usize).and_then(|slot| slot.run.nodes().get(node.0 as usize));
        let open = self.runs.get(run as usize).and_then(|slot| slot.calls.get(node.0 as usize)?.id);
        if wanted.is_some_and(|node| node.called) && open.is_none() {
            self.begin_call(run, node, key, now);
            self.work_off(now);
        }
    }

    /// What [`Command::Evaluate`] asked for.
    pub fn evaluated(&mut self, run: RunId, node: NodeIx, decision: Decision, now: Timestamp) {
        self.input(run, Input::Evaluated { node, decision }, now);
    }

    /// What [`Command::Evaluate`] asked for cannot be had.
    pub fn evaluation_failed(&mut self, run: RunId, node: NodeIx, now: Timestamp) {
        self.input(run, Input::EvaluationFailed { node }, now);
    }

    /// A signal came for a run: its place among those of the plan, and the host's number of what came with it.
    pub fn signal(&mut self, run: RunId, signal: u32, payload: u32, now: Timestamp) {
        self.input(run, Input::Signalled { signal, payload }, now);
    }

    /// An attempt tells something while it still runs.
    pub fn note(&mut self, run: RunId, node: NodeIx, attempt: u32, note: Note, now: Timestamp) {
        self.input(run, Input::Noted { node, attempt, note }, now);
    }

    /// The output of a run is there.
    pub fn output_built(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::OutputBuilt, now);
    }

    /// The output of a run cannot be had.
    pub fn output_failed(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::OutputFailed, now);
    }

    /// Lets nothing new begin in a run. What has been handed to its policies goes on.
    pub fn pause(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::PauseRequested, now);
    }

    /// Lets a paused run go on.
    pub fn resume(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::ResumeRequested, now);
    }

    /// Stops a run. One that has ended is left as it is.
    pub fn cancel(&mut self, run: RunId, now: Timestamp) {
        self.input(run, Input::CancelRequested, now);
    }

    /// Does what is due, earliest first. When very much is due, some of it is left for the next call:
    /// [`next_deadline`](Self::next_deadline) says so.
    pub fn tick(&mut self, now: Timestamp) {
        for _ in 0..TIMERS_AT_ONCE {
            let (timer, call) = (self.timers.next_due(), self.guards.next_deadline());
            // At the same instant the end of a run comes first: nothing is begun for a run that is over.
            if timer.is_some_and(|at| call.is_none_or(|call| at <= call)) {
                let Some(key) = self.timers.pop_due(now) else { return };
                let (run, whose) = Whose::of_key(key);
                let node = match whose {
                    Whose::CALLS => {
                        self.watch_fired(run, now);
                        continue;
                    }
                    Whose::RUN => None,
                    Whose(node) => Some(NodeIx(node)),
                };
                self.input(run, Input::TimerFired { node }, now);
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
        self.refresh_watches();
        self.next_look()
    }

    /// As [`next_deadline`](Self::next_deadline), or earlier: for who asks after each step, and may come in vain now and then.
    pub fn next_look(&mut self) -> Option<Timestamp> {
        let (timer, call) = (self.timers.next_due(), self.guards.next_deadline());
        call.filter(|call| timer.is_none_or(|timer| *call < timer)).or(timer)
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

    /// Takes what the host has to do, in order, into a list that is empty; the engine goes on with the memory of that list.
    pub fn take_commands(&mut self, into: &mut Vec<Command>) {
        std::mem::swap(&mut self.commands, into);
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
        let nodes = self.runs.get(run as usize).map_or(0, |slot| slot.calls.len());
        for node in 0..nodes as u32 {
            self.revoke(run, NodeIx(node), now);
        }
        if let Some(slot) = self.runs.try_remove(run as usize) {
            for timer in slot.timers.iter().flatten() {
                self.timers.clear(*timer);
            }
            if let Some(watch) = slot.watch {
                self.timers.clear(watch.timer);
            }
            self.keys.leave(slot.key);
            // Another run may get what its calls held.
            self.work_off(now);
            for command in std::mem::take(&mut self.commands) {
                if command.run() != Some(run) {
                    self.commands.push(command);
                }
            }
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
}
