//! A run told as a story: a definition begins it, what happens in the world goes in, commands and events come out as
//! lines of text.

use std::rc::Rc;
use std::time::Duration;

use repflow::policy::{FailureReason, Outcome};
use repflow::time::Timestamp;
use repflow::workflow::{AbortReason, Command, Engine, Event, EventKind, Plan, Run, RunEnd, RunId, Status, StepIx};
use serde_json::{Value as Json, json};

/// What a call without a `timeout` gets.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30);

/// A workflow of these steps.
pub(crate) fn workflow(steps: Json) -> Json {
    json!({ "id": "session", "steps": steps })
}

/// A call named `id`, with more `keys`.
pub(crate) fn call(id: &str, keys: Json) -> Json {
    let mut step = json!({ "id": id, "call": "gym.do" });
    for (key, value) in keys.as_object().expect("keys are an object") {
        step[key] = value.clone();
    }
    step
}

/// The plan of a definition that is valid.
pub(crate) fn plan(definition: &Json) -> Rc<Plan> {
    Rc::new(Plan::from_json(&definition.to_string(), DEFAULT_TIMEOUT).expect("the definition is valid"))
}

/// The step named `id`.
pub(crate) fn step(plan: &Plan, id: &str) -> StepIx {
    let index = plan.steps().iter().position(|step| &*step.id == id);
    StepIx(index.unwrap_or_else(|| panic!("there is no step `{id}`")) as u32)
}

pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

/// One run on an engine of its own.
pub(crate) struct Story {
    engine: Engine,
    plan: Rc<Plan>,
    run: RunId,
    now: u64,
}

impl Story {
    /// Starts a run at 0 ms.
    pub(crate) fn begin(definition: &Json) -> Self {
        Self::begin_with_seed(definition, 1)
    }

    pub(crate) fn begin_with_seed(definition: &Json, seed: u64) -> Self {
        let plan = plan(definition);
        let mut engine = Engine::default();
        let run = engine.start(Rc::clone(&plan), seed, at(0));
        Self { engine, plan, run, now: 0 }
    }

    /// Lets time pass until `ms`; every timer fires at its own instant.
    pub(crate) fn at(&mut self, ms: u64) -> &mut Self {
        while let Some(next) = self.wakes_at().filter(|next| *next <= ms) {
            self.now = self.now.max(next);
            self.engine.tick(at(self.now));
        }
        self.now = ms;
        self
    }

    /// The current attempt of a step answers.
    pub(crate) fn completes(&mut self, id: &str) -> &mut Self {
        self.answers(id, self.attempt(id), Outcome::COMPLETED)
    }

    /// The current attempt of a step fails.
    pub(crate) fn fails(&mut self, id: &str) -> &mut Self {
        self.answers(id, self.attempt(id), Outcome::failed())
    }

    /// An attempt of a step ends, whether anybody waits for it or not.
    pub(crate) fn answers(&mut self, id: &str, attempt: u32, outcome: Outcome<'_>) -> &mut Self {
        self.engine.settle(self.run, step(&self.plan, id), attempt, &outcome, at(self.now));
        self
    }

    pub(crate) fn is_cancelled(&mut self) -> &mut Self {
        self.engine.cancel(self.run, at(self.now));
        self
    }

    /// The commands since the last time somebody asked. After the end no timer and no call is left.
    pub(crate) fn told(&mut self) -> Vec<String> {
        let commands: Vec<Command> = self.engine.drain_commands().collect();
        if commands.iter().any(|command| matches!(command, Command::Settle { .. })) {
            assert_eq!(self.wakes_at(), None, "a timer outlives the run");
            assert!(self.engine.guards().is_empty(), "a call outlives the run");
        }
        commands.into_iter().map(|command| line(&self.plan, command)).collect()
    }

    /// All that happened so far: the time in ms, the event, the step and its attempt.
    pub(crate) fn log(&self) -> Vec<String> {
        log(self.engine.run(self.run).expect("the run is kept"))
    }

    /// When the host's timer is due.
    pub(crate) fn wakes_at(&mut self) -> Option<u64> {
        self.engine.next_deadline().map(|at| at.as_millis() as u64)
    }

    pub(crate) fn status(&self, id: &str) -> Status {
        self.engine.run(self.run).expect("the run is kept").step(step(&self.plan, id)).status
    }

    fn attempt(&self, id: &str) -> u32 {
        self.engine.run(self.run).expect("the run is kept").step(step(&self.plan, id)).attempt
    }
}

/// A command as a line.
pub(crate) fn line(plan: &Plan, command: Command) -> String {
    let id = |step| &plan.step(step).id;
    match command {
        Command::Call { step, attempt, .. } => format!("call {}#{attempt}", id(step)),
        Command::Abort { step, attempt, reason, .. } => {
            let reason = match reason {
                AbortReason::TimedOut => "timed out",
                AbortReason::TotalTimedOut => "total timed out",
                AbortReason::Superseded => "superseded",
                AbortReason::RunEnded => "run ended",
            };
            format!("abort {}#{attempt}: {reason}", id(step))
        }
        Command::Collect { step, .. } => format!("collect {}", id(step)),
        Command::BuildOutput { .. } => "build the output".to_owned(),
        Command::Settle { end, .. } => match end {
            RunEnd::Completed => "completed".to_owned(),
            RunEnd::Failed(step, FailureReason::Error) => format!("failed: {}", id(step)),
            RunEnd::Failed(step, FailureReason::Timeout) => format!("failed: {} timed out", id(step)),
            RunEnd::Failed(step, reason) => format!("failed: {} {}", id(step), words(reason)),
            RunEnd::OutputFailed => "output failed".to_owned(),
            RunEnd::TimedOut => "timed out".to_owned(),
            RunEnd::Cancelled => "cancelled".to_owned(),
        },
        Command::Circuit { change, .. } => format!("circuit {} -> {}", change.from.name(), change.to.name()),
    }
}

/// Why a call failed without an error of its own.
fn words(reason: FailureReason) -> String {
    match reason {
        FailureReason::Error | FailureReason::Timeout => unreachable!("they have words of their own"),
        FailureReason::TotalTimeout => "took too long in all".to_owned(),
        FailureReason::CircuitOpen { retry_after: Some(after) } => format!("met an open circuit for {after:?}"),
        FailureReason::CircuitOpen { retry_after: None } => "met an open circuit".to_owned(),
        FailureReason::BulkheadFull => "met a full bulkhead".to_owned(),
        FailureReason::BulkheadTimeout => "waited too long in the queue".to_owned(),
        FailureReason::RateLimited { retry_after } => format!("is above the rate for {retry_after:?}"),
        FailureReason::QuotaExceeded { retry_after } => format!("is above the quota for {retry_after:?}"),
        FailureReason::TooLarge => "costs too much".to_owned(),
    }
}

/// The log of a run: the time in ms, the event, the step and its attempt.
pub(crate) fn log(run: &Run) -> Vec<String> {
    let line = |(index, event): (usize, &Event)| {
        assert_eq!(event.seq as usize, index, "the log has no gaps");
        let mut line = format!("{} {}", event.at.as_millis(), event.kind.name());
        if let Some(step) = event.kind.step() {
            line = format!("{line} {}", run.plan().step(step).id);
        }
        if let Some(attempt) = event.kind.attempt() {
            line = format!("{line}#{attempt}");
        }
        if let EventKind::RetryScheduled(_, _, delay) = event.kind {
            line = format!("{line} in {delay:?}");
        }
        line
    };
    run.log().iter().enumerate().map(line).collect()
}
