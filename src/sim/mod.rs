//! The simulator: the same engine that the package drives, under a virtual clock and a world of seeded faults.
//!
//! Hours of workflow pass in milliseconds, and a seed repeats a run exactly: what the world does, when it answers, and in
//! which order things that happen at the same instant are told. While it runs, [`invariants`] watches every command.
//!
//! A call that was aborted still gets its answer when its time has come, as from a handler that does not listen to its
//! signal; the engine has to ignore it. When everything else has happened, the world sends the signals that somebody
//! still waits for.
//!
//! The process may [crash](Simulation::crash_after) at any moment: then nothing is left but the journals of the runs, and
//! a new engine goes on from them.
//!
//! ```
//! use repflow::sim::{Answer, Simulation};
//! use repflow::workflow::{Plan, RunEnd};
//! use std::{rc::Rc, time::Duration};
//!
//! let definition = r#"{ "id": "greet", "steps": [{ "id": "hello", "call": "greeter.hello", "timeout": "2h" }] }"#;
//! let plan = Rc::new(Plan::from_json(definition, Duration::from_secs(30))?);
//! let mut simulation = Simulation::new(7, |_, _| Answer::value_after(Duration::from_secs(3600), "hello"));
//! let run = simulation.start(plan, "input".into());
//! simulation.run_to_end();
//! assert_eq!(simulation.end_of(run), Some(RunEnd::Completed));
//! assert_eq!(simulation.now().as_millis(), 3_600_000.0);
//! # Ok::<(), repflow::Error>(())
//! ```

mod happening;
mod host;
pub mod invariants;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::exec::Timers;
use crate::policy::{Options, Part};
use crate::rng::Rng;
use crate::time::Timestamp;
use crate::value::Value;
use crate::workflow::{Engine, Event, NodeIx, Plan, Root, Run, RunEnd, RunId, Scope, StepIx};
use happening::Happening;
use invariants::{Circuits, Watch};

/// A call as the world sees it.
#[derive(Debug)]
pub struct Call<'a> {
    /// The step.
    pub step: &'a str,
    /// The iteration that it belongs to; 0 is none.
    pub frame: u32,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// How many attempts of this step were made before this one and not cut off by a crash.
    pub before: u32,
    /// 0 is the step itself, then its fallbacks.
    pub level: u32,
    /// What it is given.
    pub params: &'a Value,
}

/// What the world does with a call.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Answer {
    /// It answers after a while.
    Value(Duration, Json),
    /// It fails after a while; another attempt may not.
    Fail(Duration),
    /// It fails after a while, and always will.
    FailForGood(Duration),
    /// It never answers.
    Never,
}

impl Answer {
    /// It answers after a while.
    pub fn value_after(delay: Duration, value: impl Into<Json>) -> Self {
        Self::Value(delay, value.into())
    }
}

/// An engine, a clock and a world.
pub struct Simulation<W> {
    engine: Engine,
    world: W,
    now: Timestamp,
    rng: Rng,
    happenings: Timers<Happening>,
    /// The runs, by the number that the simulation has for each.
    runs: Vec<SimulatedRun>,
    /// Those numbers, by the engine's.
    numbers: BTreeMap<RunId, usize>,
    /// What is defined by name, for an engine that begins anew.
    defined: Vec<(Rc<str>, Options)>,
    /// The limits of the bulkheads that have a name.
    limits: BTreeMap<Rc<str>, u32>,
    circuits: Circuits,
    /// What caches keep.
    kept: BTreeMap<(u32, u32), Value>,
    /// Whether the host goes on by itself where it can, and how often it did.
    follows: bool,
    followed: u32,
}

impl<W> std::fmt::Debug for Simulation<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation").field("now", &self.now).field("runs", &self.runs).finish_non_exhaustive()
    }
}

#[derive(Debug)]
struct SimulatedRun {
    /// The engine's number, until it is removed.
    id: Option<RunId>,
    /// Counts the processes that the run lived in: what an earlier one began is lost.
    life: u32,
    plan: Rc<Plan>,
    seed: u64,
    key: Option<String>,
    input: Value,
    /// By node.
    outputs: Vec<Value>,
    /// The items of each loop, and the item of each iteration.
    lists: BTreeMap<NodeIx, Vec<Value>>,
    items: Vec<Value>,
    /// What came with signals.
    signals: Vec<Value>,
    watch: Watch,
    output: Value,
    end: Option<RunEnd>,
    /// The log of a run that was removed.
    gone: String,
    /// Whether nothing has happened that lets it go on otherwise than its plan says.
    is_certain: bool,
}

/// What an expression sees.
struct RunScope<'a> {
    state: &'a SimulatedRun,
    run: &'a Run,
    frame: u32,
}

impl Scope for RunScope<'_> {
    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => self.state.input.clone(),
            Root::RunId => Value::String("simulated".into()),
            Root::Output(step) => self.state.output_of(self.run.node_of(self.frame, step)),
            Root::Status(step) => Value::String(self.run.node(self.run.node_of(self.frame, step)).status.name().into()),
            Root::Variable(depth) => {
                let frame = self.run.frame_out(self.frame, depth) as usize;
                self.state.items.get(frame).cloned().unwrap_or(Value::Null)
            }
            Root::Index => Value::Int(self.run.frame(self.frame).map_or(0, |frame| frame.index.into())),
        }
    }
}

impl SimulatedRun {
    fn output_of(&self, node: NodeIx) -> Value {
        self.outputs.get(node.0 as usize).cloned().unwrap_or(Value::Null)
    }

    fn set_output(&mut self, node: NodeIx, value: Value) {
        let index = node.0 as usize;
        if index >= self.outputs.len() {
            self.outputs.resize(index + 1, Value::Null);
        }
        self.outputs[index] = value;
    }

    /// The outputs of some steps of an iteration, by id.
    fn by_id(&self, run: &Run, frame: u32, steps: impl Iterator<Item = StepIx>) -> Value {
        let fields = steps.map(|step| (Rc::clone(&self.plan.step(step).id), self.output_of(run.node_of(frame, step))));
        Value::Map(Rc::new(fields.collect()))
    }
}

impl<W: FnMut(&Call<'_>, &mut Rng) -> Answer> Simulation<W> {
    /// A simulation at the epoch; all its randomness is `seed`.
    pub fn new(seed: u64, world: W) -> Self {
        Self {
            engine: Engine::default(),
            world,
            now: Timestamp::EPOCH,
            rng: Rng::new(seed),
            happenings: Timers::default(),
            runs: Vec::new(),
            numbers: BTreeMap::new(),
            defined: Vec::new(),
            limits: BTreeMap::new(),
            circuits: Circuits::default(),
            kept: BTreeMap::new(),
            follows: false,
            followed: 0,
        }
    }

    /// Has the host begin by itself what is certain to follow, as [`Plan::leads_to`] says, and tell the engine of it.
    pub fn follow_what_is_certain(&mut self) {
        self.follows = true;
    }

    /// How many answers the host went on from by itself.
    #[must_use]
    pub fn followed(&self) -> u32 {
        self.followed
    }

    /// Defines shared parts of policies under a name.
    pub fn define(&mut self, name: &str, options: &Options) {
        let name: Rc<str> = name.into();
        if let Some(Part::Own(bulkhead)) = &options.bulkhead {
            self.limits.insert(Rc::clone(&name), bulkhead.max_concurrent);
        }
        self.engine.guards().define(&name, options);
        self.defined.push((name, options.clone()));
    }

    /// Starts a run now; the simulation's number for it.
    pub fn start(&mut self, plan: Rc<Plan>, input: Json) -> usize {
        self.start_with_key(plan, input, None)
    }

    /// Starts a run that shares a limit with others that have its key.
    pub fn start_with_key(&mut self, plan: Rc<Plan>, input: Json, key: Option<&str>) -> usize {
        let seed = self.rng.next_u64();
        let id = self.engine.start(Rc::clone(&plan), seed, key, self.now);
        let number = self.runs.len();
        let watch = Watch::new(&plan);
        self.numbers.insert(id, number);
        self.runs.push(SimulatedRun {
            id: Some(id),
            life: 0,
            plan,
            seed,
            key: key.map(str::to_owned),
            input: Value::from(&input),
            outputs: Vec::new(),
            lists: BTreeMap::new(),
            items: Vec::new(),
            signals: Vec::new(),
            watch,
            output: Value::Null,
            end: None,
            gone: String::new(),
            is_certain: true,
        });
        self.perform();
        number
    }

    /// Starts a run after a while.
    pub fn start_after(&mut self, delay: Duration, plan: Rc<Plan>, input: Json, key: Option<&str>) {
        self.happenings.set(self.now + delay, Happening::Start(plan, input, key.map(str::to_owned)));
    }

    /// Forgets a run after a while, whether it has ended or not.
    pub fn remove_after(&mut self, run: usize, delay: Duration) {
        self.happenings.set(self.now + delay, Happening::Remove(run));
    }

    /// Cancels a run after a while.
    pub fn cancel_after(&mut self, run: usize, delay: Duration) {
        self.happenings.set(self.now + delay, Happening::Cancel(run));
    }

    /// Pauses a run after a while, for a while.
    pub fn pause_after(&mut self, run: usize, delay: Duration, length: Duration) {
        self.happenings.set(self.now + delay, Happening::Pause(run));
        self.happenings.set(self.now + delay + length, Happening::Resume(run));
    }

    /// Sends a run a signal after a while: one of those of its plan, by its place there.
    pub fn signal_after(&mut self, run: usize, delay: Duration, signal: u32, payload: Json) {
        self.happenings.set(self.now + delay, Happening::Signal(run, signal, payload));
    }

    /// Ends the process after a while: all runs go on from their journals in another one.
    pub fn crash_after(&mut self, delay: Duration) {
        self.happenings.set(self.now + delay, Happening::Crash);
    }

    /// Lets time pass until nothing is left to happen.
    ///
    /// # Panics
    /// When an invariant does not hold, or a run has not ended when nothing is left to happen.
    pub fn run_to_end(&mut self) {
        loop {
            let world = self.happenings.next_due();
            let timer = self.engine.next_deadline();
            let Some(next) = [world, timer].into_iter().flatten().min() else {
                if self.send_what_is_awaited() { continue } else { break }
            };
            self.now = self.now.max(next);
            // What happens at the same instant may be told in either order.
            let timer_first = match (world == Some(next), timer == Some(next)) {
                (true, true) => self.rng.below(2) == 0,
                (_, timer) => timer,
            };
            if timer_first {
                self.engine.tick(self.now);
            } else if let Some(happening) = self.happenings.pop_due(self.now) {
                self.happen(happening);
            }
            self.perform();
        }
        for (number, state) in self.runs.iter().enumerate() {
            let over = state.end.is_some() || state.id.is_none();
            assert!(over, "run {number} has not ended, and nothing is left that could end it");
        }
        self.assert_idle();
    }

    /// Sends the first signal that somebody still waits for.
    fn send_what_is_awaited(&mut self) -> bool {
        let awaited = self.runs.iter().enumerate().find_map(|(number, state)| {
            let run = self.engine.run(state.id?)?;
            let signal = run.awaited_signals().next()?;
            Some((number, signal))
        });
        let Some((number, signal)) = awaited else { return false };
        self.happen(Happening::Signal(number, signal, Json::from("at last")));
        self.perform();
        true
    }

    /// Nothing that calls share is still held by one of them.
    fn assert_idle(&mut self) {
        let guards = self.engine.guards();
        assert!(guards.is_empty(), "{} calls are left when all runs have ended", guards.len());
        for step in self.runs.iter().filter(|run| run.id.is_some()).flat_map(|run| run.plan.steps()) {
            let Some(scope) = &step.scope else { continue };
            let wiring = guards.wire(&step.policies, scope);
            if let Some((used, _, queued)) = guards.bulkhead(wiring) {
                assert_eq!((used, queued), (0, 0), "the bulkhead of `{scope}` is not empty");
            }
            if let Some(breaker) = guards.breaker(wiring) {
                let later = self.now + Duration::from_secs(86_400);
                assert!(
                    breaker.clone().admit(later).is_ok(),
                    "the circuit breaker of `{scope}` lets nobody pass again"
                );
            }
        }
    }

    /// What time it is.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// How a run ended, once it has.
    #[must_use]
    pub fn end_of(&self, run: usize) -> Option<RunEnd> {
        self.runs.get(run)?.end
    }

    /// The output of a run that completed.
    #[must_use]
    pub fn output_of(&self, run: usize) -> Option<Json> {
        let state = self.runs.get(run)?;
        (state.end == Some(RunEnd::Completed)).then(|| Json::from(&state.output))
    }

    /// All that happened in a run that has not been removed.
    #[must_use]
    pub fn events_of(&self, run: usize) -> Vec<Event> {
        let id = self.runs.get(run).and_then(|state| state.id);
        id.and_then(|id| self.engine.run(id)).map(|run| run.log().to_vec()).unwrap_or_default()
    }

    /// All that happened in a run, a line to an event, for comparing.
    #[must_use]
    pub fn log_of(&self, run: usize) -> String {
        let Some(state) = self.runs.get(run) else { return String::new() };
        let Some(run) = state.id.and_then(|id| self.engine.run(id)) else { return state.gone.clone() };
        let mut text = String::new();
        for (place, event) in run.log().iter().enumerate() {
            let step = event.kind.node().map_or("", |node| &*state.plan.step(run.node(node).step).id);
            let [.., node, attempt, a, b] = event.to_numbers();
            let name = event.kind.name();
            let _ = writeln!(text, "{} {} {name} {step} {node} {attempt} {a} {b}", place, event.at);
        }
        text
    }

    /// The logs of all runs.
    #[must_use]
    pub fn log(&self) -> String {
        (0..self.runs.len()).map(|run| self.log_of(run)).collect::<Vec<_>>().concat()
    }

    /// How each run ended, once it has; runs that were removed are left out.
    pub fn ends(&self) -> impl Iterator<Item = (usize, Option<RunEnd>)> {
        self.runs.iter().enumerate().filter(|(_, state)| state.id.is_some()).map(|(number, state)| (number, state.end))
    }
}
