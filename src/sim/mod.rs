//! The simulator: the same engine that the package drives, under a virtual clock and a world of seeded faults.
//!
//! Hours of workflow pass in milliseconds, and a seed repeats a run exactly: what the world does, when it answers, and in
//! which order things that happen at the same instant are told. While it runs, [`invariants`] watches every command.
//!
//! A call that was aborted still gets its answer when its time has come, as from a handler that does not listen to its
//! signal; the engine has to ignore it.
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

pub mod invariants;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::rc::Rc;
use std::time::Duration;

use serde_json::Value as Json;

use crate::exec::Timers;
use crate::policy::{Options, Outcome, Part};
use crate::rng::Rng;
use crate::time::Timestamp;
use crate::value::Value;
use crate::workflow::plan::StepKind;
use crate::workflow::{Command, Engine, Event, Plan, RunEnd, RunId, Scope, StepIx};
use invariants::{Circuits, Watch};

/// A call as the world sees it.
#[derive(Debug)]
pub struct Call<'a> {
    /// The step.
    pub step: &'a str,
    /// Which attempt this is, from 1.
    pub attempt: u32,
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
    runs: BTreeMap<RunId, SimulatedRun>,
    /// How many runs were started.
    started: u64,
    /// The limits of the bulkheads that have a name.
    limits: BTreeMap<Rc<str>, u32>,
    circuits: Circuits,
    /// The logs of runs that were removed.
    gone: String,
}

impl<W> std::fmt::Debug for Simulation<W> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Simulation").field("now", &self.now).field("runs", &self.runs).finish_non_exhaustive()
    }
}

/// Something that the world does at an instant.
#[derive(Debug)]
enum Happening {
    Settle { run: RunId, number: u64, step: StepIx, attempt: u32, answer: Result<Json, Fault> },
    Start(Rc<Plan>, Json),
    Cancel(RunId),
    Remove(RunId),
}

/// How a call fails.
#[derive(Debug)]
enum Fault {
    Passing,
    Lasting,
}

#[derive(Debug)]
struct SimulatedRun {
    /// Tells it from runs that had its id before.
    number: u64,
    plan: Rc<Plan>,
    input: Value,
    outputs: Vec<Value>,
    watch: Watch,
    output: Value,
    end: Option<RunEnd>,
}

impl SimulatedRun {
    fn scope(&self) -> RunScope<'_> {
        RunScope(self)
    }
}

struct RunScope<'a>(&'a SimulatedRun);

impl Scope for RunScope<'_> {
    fn input(&self) -> Value {
        self.0.input.clone()
    }

    fn output(&self, step: StepIx) -> Value {
        self.0.outputs[step.0 as usize].clone()
    }

    fn status(&self, _: StepIx) -> Rc<str> {
        "completed".into()
    }

    fn run_id(&self) -> Rc<str> {
        "simulated".into()
    }

    fn variable(&self, _: u32) -> Value {
        Value::Null
    }

    fn index(&self) -> u32 {
        0
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
            runs: BTreeMap::new(),
            started: 0,
            limits: BTreeMap::new(),
            circuits: Circuits::default(),
            gone: String::new(),
        }
    }

    /// Defines shared parts of policies under a name.
    pub fn define(&mut self, name: &str, options: &Options) {
        let name: Rc<str> = name.into();
        if let Some(Part::Own(bulkhead)) = &options.bulkhead {
            self.limits.insert(Rc::clone(&name), bulkhead.max_concurrent);
        }
        self.engine.guards().define(&name, options);
    }

    /// Starts a run now.
    pub fn start(&mut self, plan: Rc<Plan>, input: Json) -> RunId {
        let run = self.engine.start(Rc::clone(&plan), self.rng.next_u64(), self.now);
        let outputs = vec![Value::Null; plan.steps().len()];
        let watch = Watch::new(&plan);
        self.runs.insert(
            run,
            SimulatedRun {
                number: self.started,
                plan,
                input: Value::from(&input),
                outputs,
                watch,
                output: Value::Null,
                end: None,
            },
        );
        self.started += 1;
        self.perform();
        run
    }

    /// Starts a run after a while.
    pub fn start_after(&mut self, delay: Duration, plan: Rc<Plan>, input: Json) {
        self.happenings.set(self.now + delay, Happening::Start(plan, input));
    }

    /// Forgets a run after a while, whether it has ended or not.
    pub fn remove_after(&mut self, run: RunId, delay: Duration) {
        self.happenings.set(self.now + delay, Happening::Remove(run));
    }

    /// Cancels a run after a while.
    pub fn cancel_after(&mut self, run: RunId, delay: Duration) {
        self.happenings.set(self.now + delay, Happening::Cancel(run));
    }

    /// Lets time pass until nothing is left to happen.
    ///
    /// # Panics
    /// When an invariant does not hold, or a run has not ended when nothing is left to happen.
    pub fn run_to_end(&mut self) {
        loop {
            let world = self.happenings.next_due();
            let timer = self.engine.next_deadline();
            let Some(next) = [world, timer].into_iter().flatten().min() else { break };
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
        for (run, state) in &self.runs {
            assert!(state.end.is_some(), "run {run} has not ended, and nothing is left that could end it");
        }
        self.assert_idle();
    }

    /// Nothing that calls share is still held by one of them.
    fn assert_idle(&mut self) {
        let guards = self.engine.guards();
        assert!(guards.is_empty(), "{} calls are left when all runs have ended", guards.len());
        for step in self.runs.values().flat_map(|run| run.plan.steps()) {
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
    pub fn end_of(&self, run: RunId) -> Option<RunEnd> {
        self.runs.get(&run)?.end
    }

    /// The output of a run that completed.
    #[must_use]
    pub fn output_of(&self, run: RunId) -> Option<Json> {
        let state = self.runs.get(&run)?;
        (state.end == Some(RunEnd::Completed)).then(|| Json::from(&state.output))
    }

    /// All that happened in a run.
    #[must_use]
    pub fn events_of(&self, run: RunId) -> &[Event] {
        self.engine.run(run).map_or(&[], |run| run.log())
    }

    /// All that happened in a run, a line to an event, for comparing.
    #[must_use]
    pub fn log_of(&self, run: RunId) -> String {
        let mut text = String::new();
        let Some(state) = self.runs.get(&run) else { return text };
        for event in self.events_of(run) {
            let step = event.kind.step().map_or("", |step| &*state.plan.step(step).id);
            let attempt = event.kind.attempt().unwrap_or_default();
            let _ = writeln!(text, "{} {} {} {step} {attempt}", event.seq, event.at, event.kind.name());
        }
        text
    }

    /// The logs of all runs, those that were removed first.
    #[must_use]
    pub fn log(&self) -> String {
        let logs: Vec<String> = self.runs.keys().map(|run| self.log_of(*run)).collect();
        format!("{}{}", self.gone, logs.concat())
    }

    /// The runs that have not been removed, and how each ended, once it has.
    pub fn ends(&self) -> impl Iterator<Item = (RunId, Option<RunEnd>)> {
        self.runs.iter().map(|(run, state)| (*run, state.end))
    }

    fn happen(&mut self, happening: Happening) {
        match happening {
            Happening::Start(plan, input) => _ = self.start(plan, input),
            Happening::Cancel(run) => self.engine.cancel(run, self.now),
            Happening::Remove(run) => {
                self.gone += &self.log_of(run);
                self.runs.remove(&run);
                self.engine.remove(run, self.now);
            }
            // Of a run that is gone, and whose id may be another's by now.
            Happening::Settle { run, number, .. } if self.runs.get(&run).is_none_or(|it| it.number != number) => {}
            Happening::Settle { run, step, attempt, answer, .. } => {
                let outcome = match answer {
                    Ok(value) => {
                        // A late answer must not overwrite the output of a later attempt, as in any host.
                        if let Some(state) = self.runs.get_mut(&run)
                            && state.watch.is_running(step, attempt)
                        {
                            state.outputs[step.0 as usize] = Value::from(&value);
                        }
                        Outcome::COMPLETED
                    }
                    Err(Fault::Passing) => Outcome::failed(),
                    Err(Fault::Lasting) => Outcome::failed_for_good(),
                };
                if let Some(state) = self.runs.get_mut(&run) {
                    state.watch.settled(step, attempt);
                }
                self.engine.settle(run, step, attempt, &outcome, self.now);
            }
        }
    }

    fn perform(&mut self) {
        let commands: Vec<Command> = self.engine.drain_commands().collect();
        for command in commands {
            match command {
                Command::Call { run, step, attempt } => self.call(run, step, attempt),
                Command::Abort { run, step, attempt, .. } => self.state(run).watch.aborted(step, attempt),
                Command::Collect { run, step } => {
                    let state = self.state(run);
                    if let StepKind::Group { children, .. } = &state.plan.step(step).kind {
                        let fields = children
                            .iter()
                            .map(|child| {
                                (Rc::clone(&state.plan.step(*child).id), state.outputs[child.0 as usize].clone())
                            })
                            .collect();
                        state.outputs[step.0 as usize] = Value::Map(Rc::new(fields));
                    }
                }
                Command::BuildOutput { run } => {
                    let state = self.state(run);
                    let output = state.plan.output.as_ref().map(|template| template.fill(&state.scope()));
                    match output {
                        Some(Ok(value)) => {
                            state.output = value;
                            self.engine.output_built(run, self.now);
                        }
                        _ => self.engine.output_failed(run, self.now),
                    }
                    self.perform();
                }
                Command::Settle { run, end } => {
                    let log = self.engine.run(run).map(|run| run.log().to_vec()).unwrap_or_default();
                    let state = self.state(run);
                    state.watch.ended(end, &log);
                    if let (None, Some(last)) = (&state.plan.output, state.plan.roots.last()) {
                        state.output = state.outputs[last.0 as usize].clone();
                    }
                    state.end = Some(end);
                }
                Command::Circuit { breaker, change } => self.circuits.changed(breaker, change),
            }
        }
    }

    fn call(&mut self, run: RunId, step: StepIx, attempt: u32) {
        let now = self.now;
        let state = self.state(run);
        state.watch.called(step, attempt);
        let (plan, number) = (Rc::clone(&state.plan), state.number);
        self.check_bulkhead(&plan, step);
        let state = self.state(run);
        let params = match &plan.step(step).kind {
            StepKind::Call { with: Some(with), .. } => with.fill(&state.scope()),
            _ => Ok(state.input.clone()),
        };
        let (delay, answer) = match params {
            Err(_) => (Duration::ZERO, Err(Fault::Lasting)),
            Ok(params) => {
                let call = Call { step: &plan.step(step).id, attempt, params: &params };
                match (self.world)(&call, &mut self.rng) {
                    Answer::Value(delay, value) => (delay, Ok(value)),
                    Answer::Fail(delay) => (delay, Err(Fault::Passing)),
                    Answer::FailForGood(delay) => (delay, Err(Fault::Lasting)),
                    Answer::Never => return,
                }
            }
        };
        self.happenings.set(now + delay, Happening::Settle { run, number, step, attempt, answer });
    }

    /// No more calls run behind a bulkhead than it lets in, whichever runs they belong to.
    fn check_bulkhead(&self, plan: &Plan, step: StepIx) {
        let Some((name, limit)) = self.bulkhead(plan, step) else { return };
        let is_behind = |plan: &Plan, step| self.bulkhead(plan, step).is_some_and(|(other, _)| other == name);
        let inside: usize = self
            .runs
            .values()
            .map(|run| run.watch.busy().into_iter().filter(|step| is_behind(&run.plan, *step)).count())
            .sum();
        assert!(inside <= limit as usize, "{inside} calls in the bulkhead `{name}` of {limit}");
    }

    /// The bulkhead of a step and its limit.
    fn bulkhead<'a>(&self, plan: &'a Plan, step: StepIx) -> Option<(&'a str, u32)> {
        let step = plan.step(step);
        match step.policies.bulkhead.as_ref()? {
            Part::Own(options) => Some((step.scope.as_deref()?, options.max_concurrent)),
            Part::Named(name) => Some((name, *self.limits.get(name)?)),
        }
    }

    fn state(&mut self, run: RunId) -> &mut SimulatedRun {
        self.runs.get_mut(&run).expect("a command is about a run that was started")
    }
}
