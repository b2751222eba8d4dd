//! Runs of a workflow, and the host that drives them: it answers every call at once, so that what is measured is the
//! engine.

use std::rc::Rc;
use std::time::Duration;

use repflow::policy::Outcome;
use repflow::time::Timestamp;
use repflow::workflow::{Command, Decision, Engine, Log, NodeIx, Plan, Question, RunEnd, RunId};
use serde_json::Value as Json;

use crate::{Once, Workload, shapes};

/// Sizes are steps, items or runs.
pub const ALL: &[Workload] = &[
    Workload { name: "chain", prepare: |steps| run_of(shapes::chain(steps), World::default(), steps) },
    Workload { name: "fan-out", prepare: |calls| run_of(shapes::fan_out(calls), World::default(), calls) },
    Workload { name: "fan-in", prepare: |calls| run_of(shapes::fan_in(calls), World::default(), calls + 1) },
    Workload {
        name: "diamonds",
        prepare: |steps| run_of(shapes::diamonds(steps), World::default(), steps / 3 * 3 + 1),
    },
    Workload { name: "pauses", prepare: |pauses| run_of(shapes::pauses(pauses), World::default(), 0) },
    Workload { name: "for-each", prepare: |items| run_of(shapes::for_each(), World::of(items), items) },
    Workload {
        name: "for-each-group-fails",
        prepare: |items| run_of(shapes::for_each_group(), World::bad(items), items),
    },
    Workload { name: "for-each-loop", prepare: |items| run_of(shapes::for_each_loop(), World::of(items), 2 * items) },
    Workload { name: "for-each-signal", prepare: |items| run_of(shapes::for_each_signal(), World::of(items), 0) },
    Workload {
        name: "retried",
        prepare: |steps| run_of(shapes::retried(steps), World { good: 3, ..World::default() }, 3 * steps),
    },
    Workload { name: "runs-of-5", prepare: |runs| many(shapes::chain(5), runs, 5 * runs) },
    Workload { name: "runs-of-5-pauses", prepare: |runs| many(shapes::computed_pauses(5), runs, 0) },
    Workload { name: "cancelled", prepare: cancelled },
];

/// The plan of a definition.
pub(crate) fn plan(definition: &Json) -> Rc<Plan> {
    plan_of_text(&definition.to_string())
}

/// The plan of a definition as text.
pub(crate) fn plan_of_text(definition: &str) -> Rc<Plan> {
    // What a call without a `timeout` gets in the package, too.
    let default_timeout = Duration::from_secs(30);
    Rc::new(Plan::from_json(definition, default_timeout).expect("the definition is valid"))
}

/// What becomes of what a run asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World {
    /// How many items a loop has that is not within another one; that one has two.
    pub(crate) items: u32,
    /// The first attempt that does not fail.
    pub(crate) good: u32,
}

impl Default for World {
    fn default() -> Self {
        Self { items: 0, good: 1 }
    }
}

impl World {
    /// All goes well.
    pub(crate) fn of(items: usize) -> Self {
        Self { items: items as u32, ..Self::default() }
    }

    /// No call ever completes.
    fn bad(items: usize) -> Self {
        Self { items: items as u32, good: u32::MAX }
    }
}

/// An engine, and the host that performs what it asks for.
#[derive(Default)]
pub(crate) struct Host {
    pub(crate) engine: Engine,
    now: Timestamp,
    /// Those that are performed; kept for their room.
    commands: Vec<Command>,
    pub(crate) calls: usize,
}

impl Host {
    pub(crate) fn start(&mut self, plan: &Rc<Plan>) -> RunId {
        self.engine.start(Rc::clone(plan), 7, None, self.now)
    }

    /// Goes on until nothing is left to do. Runs that complete are passed to `ended`, and then removed.
    pub(crate) fn drive(&mut self, world: World, mut ended: impl FnMut(&Log)) {
        let mut commands = std::mem::take(&mut self.commands);
        loop {
            commands.extend(self.engine.drain_commands());
            if commands.is_empty() {
                let Some(next) = self.engine.next_deadline() else { break };
                self.now = self.now.max(next);
                self.engine.tick(self.now);
            }
            for command in commands.drain(..) {
                match command {
                    Command::Call { run, node, attempt, .. } => {
                        self.calls += 1;
                        let outcome = if attempt < world.good { Outcome::failed() } else { Outcome::COMPLETED };
                        self.engine.settle(run, node, attempt, &outcome, self.now);
                    }
                    Command::Evaluate { run, node, question: Question::Until } => {
                        let until = Decision::Until(self.now + Duration::from_millis(5));
                        self.engine.evaluated(run, node, until, self.now);
                    }
                    Command::Evaluate { run, node, .. } => {
                        // The loop that is not within another one is the first step.
                        let items = if node == NodeIx(0) { world.items } else { 2 };
                        self.engine.evaluated(run, node, Decision::Items(items), self.now);
                    }
                    Command::Settle { run, end } => {
                        assert_eq!(end, RunEnd::Completed);
                        ended(self.engine.run(run).expect("it has not been removed").log());
                        self.engine.remove(run, self.now);
                    }
                    _ => {}
                }
            }
        }
        self.commands = commands;
    }
}

/// One run from its start to its end, after which there were so many calls.
fn run_of(definition: Json, world: World, calls: usize) -> Once {
    let (plan, mut host) = (plan(&definition), Host::default());
    Box::new(move || {
        host.calls = 0;
        host.start(&plan);
        let mut runs = 0;
        host.drive(world, |_| runs += 1);
        assert_eq!((runs, host.calls), (1, calls));
    })
}

/// So many runs at once, after which there were so many calls.
fn many(definition: Json, runs: usize, calls: usize) -> Once {
    let (plan, mut host) = (plan(&definition), Host::default());
    Box::new(move || {
        host.calls = 0;
        for _ in 0..runs {
            host.start(&plan);
        }
        host.drive(World::default(), |_| {});
        assert_eq!((host.calls, host.engine.len()), (calls, 0));
    })
}

/// A run with so many calls under way that is cancelled.
fn cancelled(calls: usize) -> Once {
    let (plan, mut engine, now) = (plan(&shapes::for_all()), Engine::default(), Timestamp::EPOCH);
    Box::new(move || {
        let run = engine.start(Rc::clone(&plan), 7, None, now);
        engine.drain_commands();
        engine.evaluated(run, NodeIx(0), Decision::Items(calls as u32), now);
        engine.drain_commands();
        engine.cancel(run, now);
        let aborted = engine.drain_commands().filter(|command| matches!(command, Command::Abort { .. })).count();
        assert_eq!(aborted, calls);
        engine.remove(run, now);
    })
}
