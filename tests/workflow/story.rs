//! A run told as a story: a definition begins it, what happens in the world goes in, commands and events come out as
//! lines of text.

use std::rc::Rc;
use std::time::Duration;

use repflow::policy::{FailureReason, Outcome};
use repflow::time::Timestamp;
use repflow::workflow::{
    AbortReason, Command, Decision, Effect, Engine, Event, EventKind, Input, NodeIx, Note, Phase, Plan, Question, Run,
    RunEnd, RunId, Status, StepIx,
};
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

/// The step named `id`; what undoes it has no name of its own.
pub(crate) fn step(plan: &Plan, id: &str) -> StepIx {
    let index = plan.steps().iter().position(|step| &*step.id == id);
    StepIx(index.unwrap_or_else(|| panic!("there is no step `{id}`")) as u32)
}

/// The node of a step outside of every loop.
pub(crate) fn node(plan: &Plan, id: &str) -> NodeIx {
    NodeIx(step(plan, id).0)
}

/// What a node is called in a story: the id of its step; in a loop with the index of its item, as in `press[0]`, and of the
/// loops around that before it; and what undoes a step is `undo press`.
pub(crate) fn name(run: &Run, node: NodeIx) -> String {
    let state = run.node(node);
    let step = run.plan().step(state.step);
    let mut name = if step.compensates.is_some() { format!("undo {}", step.id) } else { step.id.to_string() };
    let frames = std::iter::successors(run.frame(state.frame), |frame| run.frame(run.node(frame.each).frame));
    let indices: Vec<u32> = frames.map(|frame| frame.index).collect();
    for index in indices.iter().rev() {
        name = format!("{name}[{index}]");
    }
    name
}

/// The node of that name.
pub(crate) fn find(run: &Run, wanted: &str) -> NodeIx {
    let mut nodes = (0..run.nodes().len() as u32).map(NodeIx);
    // The body of a loop stands in the plan, too, but that is nobody's place.
    let in_loop = |node: &NodeIx| {
        let mut around =
            std::iter::successors(Some(run.node(*node).step), |step| run.plan().step(*step).parent).skip(1);
        run.node(*node).frame == 0
            && around
                .any(|step| matches!(run.plan().step(step).kind, repflow::workflow::plan::StepKind::ForEach { .. }))
    };
    let found = nodes.find(|node| !in_loop(node) && name(run, *node) == wanted);
    found.unwrap_or_else(|| panic!("there is no step `{wanted}`"))
}

pub(crate) fn at(ms: u64) -> Timestamp {
    Timestamp::EPOCH + Duration::from_millis(ms)
}

/// One run on an engine of its own.
pub(crate) struct Story {
    pub(crate) engine: Engine,
    plan: Rc<Plan>,
    pub(crate) run: RunId,
    seed: u64,
    now: u64,
    failures: Vec<String>,
}

impl Story {
    /// Starts a run at 0 ms.
    pub(crate) fn begin(definition: &Json) -> Self {
        Self::begin_with_seed(definition, 1)
    }

    pub(crate) fn begin_with_seed(definition: &Json, seed: u64) -> Self {
        let plan = plan(definition);
        let mut engine = Engine::default();
        let run = engine.start(Rc::clone(&plan), seed, None, at(0));
        Self { engine, plan, run, seed, now: 0, failures: Vec::new() }
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
        self.engine.settle(self.run, self.node(id), attempt, &outcome, at(self.now));
        self
    }

    /// An attempt tells something.
    pub(crate) fn notes(&mut self, id: &str, note: Note) -> &mut Self {
        self.engine.note(self.run, self.node(id), self.attempt(id), note, at(self.now));
        self
    }

    /// What a step asks is answered.
    pub(crate) fn decides(&mut self, id: &str, decision: Decision) -> &mut Self {
        self.engine.evaluated(self.run, self.node(id), decision, at(self.now));
        self
    }

    /// The condition of a step holds.
    pub(crate) fn holds(&mut self, id: &str) -> &mut Self {
        self.decides(id, Decision::When(true))
    }

    /// The condition of a step does not hold.
    pub(crate) fn holds_not(&mut self, id: &str) -> &mut Self {
        self.decides(id, Decision::When(false))
    }

    /// A switch takes a case.
    pub(crate) fn takes(&mut self, id: &str, case: Option<u32>) -> &mut Self {
        self.decides(id, Decision::Case(case))
    }

    /// A loop has so many items.
    pub(crate) fn has_items(&mut self, id: &str, count: u32) -> &mut Self {
        self.decides(id, Decision::Items(count))
    }

    /// What a step asks cannot be answered.
    pub(crate) fn cannot_tell(&mut self, id: &str) -> &mut Self {
        self.engine.evaluation_failed(self.run, self.node(id), at(self.now));
        self
    }

    /// A signal comes, with payload number so and so.
    pub(crate) fn signals(&mut self, name: &str, payload: u32) -> &mut Self {
        let signal = self.plan.signals.iter().position(|it| &**it == name).expect("some step waits for it") as u32;
        self.engine.signal(self.run, signal, payload, at(self.now));
        self
    }

    /// The output of the run is there.
    pub(crate) fn builds(&mut self) -> &mut Self {
        self.engine.output_built(self.run, at(self.now));
        self
    }

    /// The output of the run cannot be had.
    pub(crate) fn cannot_build(&mut self) -> &mut Self {
        self.engine.output_failed(self.run, at(self.now));
        self
    }

    pub(crate) fn pauses(&mut self) -> &mut Self {
        self.engine.pause(self.run, at(self.now));
        self
    }

    pub(crate) fn resumes(&mut self) -> &mut Self {
        self.engine.resume(self.run, at(self.now));
        self
    }

    pub(crate) fn is_cancelled(&mut self) -> &mut Self {
        self.engine.cancel(self.run, at(self.now));
        self
    }

    /// The process ends, and another one goes on from the journal, which went through numbers.
    pub(crate) fn crashes(&mut self) -> &mut Self {
        let log: Vec<Event> = through_numbers(&self.run_state().log().to_vec());
        self.engine = Engine::default();
        let restored = self.engine.restore(Rc::clone(&self.plan), self.seed, None, &log, at(self.now));
        self.run = restored.expect("the journal is that of this plan");
        self
    }

    /// The process ends, and another one goes on at `ms`; nobody looked at the clock meanwhile.
    pub(crate) fn crashes_until(&mut self, ms: u64) -> &mut Self {
        self.now = ms;
        self.crashes()
    }

    /// The commands since the last time somebody asked, but for those that say why a step failed: [`failures`] has them.
    /// After the end no timer and no call is left.
    ///
    /// [`failures`]: Self::failures
    pub(crate) fn told(&mut self) -> Vec<String> {
        let commands: Vec<Command> = self.engine.drain_commands().collect();
        if commands.iter().any(|command| matches!(command, Command::Settle { .. })) {
            assert_eq!(self.wakes_at(), None, "a timer outlives the run");
            assert!(self.engine.guards().is_empty(), "a call outlives the run");
        }
        let mut told = Vec::new();
        for command in commands {
            let line = line(command, &|node| name(self.run_state(), node));
            match command {
                Command::Fail { .. } => self.failures.push(line),
                _ => told.push(line),
            }
        }
        told
    }

    /// Why steps failed, since the last time somebody asked.
    pub(crate) fn failures(&mut self) -> Vec<String> {
        let told = self.told();
        assert!(told.is_empty(), "there is more: {told:?}");
        std::mem::take(&mut self.failures)
    }

    /// All that happened so far: the time in ms, the event, the step and its attempt.
    pub(crate) fn log(&self) -> Vec<String> {
        log(self.run_state())
    }

    /// When the host's timer is due.
    pub(crate) fn wakes_at(&mut self) -> Option<u64> {
        self.engine.next_deadline().map(|at| at.as_millis() as u64)
    }

    pub(crate) fn status(&self, id: &str) -> Status {
        self.run_state().node(self.node(id)).status
    }

    /// The names of the statuses of these steps.
    pub(crate) fn statuses<const N: usize>(&self, ids: [&str; N]) -> [&'static str; N] {
        ids.map(|id| self.status(id).name())
    }

    pub(crate) fn phase(&self) -> Phase {
        self.run_state().phase()
    }

    pub(crate) fn run_state(&self) -> &Run {
        self.engine.run(self.run).expect("the run is kept")
    }

    fn attempt(&self, id: &str) -> u32 {
        self.run_state().node(self.node(id)).attempt
    }

    pub(crate) fn node(&self, id: &str) -> NodeIx {
        find(self.run_state(), id)
    }
}

/// Every story is replayed from its log, and has to be where it was.
impl Drop for Story {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let run = self.run_state();
        let replayed =
            Run::replay(Rc::clone(&self.plan), self.seed, &through_numbers(&run.log().to_vec()), &mut Vec::new());
        let replayed = replayed.unwrap_or_else(|at| panic!("event {at} cannot be: {:#?}", self.log()));
        assert_eq!(state(&replayed), state(run), "{:#?}", self.log());
    }
}

/// All there is to a run, but for the reason why it failed, which is for the host to keep.
pub(crate) fn state(run: &Run) -> String {
    let text = format!("{run:?}");
    // The plan is the same in any case.
    let mut text = text[text.find("}, seed: ").unwrap_or_default()..].to_owned();
    if let Phase::Ended(RunEnd::Failed(_, reason)) | Phase::Compensating(RunEnd::Failed(_, reason)) = run.phase() {
        text = text.replacen(&format!("{reason:?}"), "Error", 1);
    }
    text
}

/// A log as a journal keeps it.
pub(crate) fn through_numbers(log: &[Event]) -> Vec<Event> {
    let numbers: Vec<f64> = log.iter().flat_map(Event::to_numbers).collect();
    let events = numbers.chunks(Event::NUMBERS);
    events.map(|numbers| Event::from_numbers(numbers).expect("it is an event")).collect()
}

/// A command as a line.
pub(crate) fn line(command: Command, id: &dyn Fn(NodeIx) -> String) -> String {
    match command {
        Command::Call { node, attempt, level: 0, .. } => format!("call {}#{attempt}", id(node)),
        Command::Call { node, attempt, level, .. } => format!("call fallback {level} of {}#{attempt}", id(node)),
        Command::Abort { node, attempt, reason, .. } => {
            let reason = match reason {
                AbortReason::TimedOut => "timed out",
                AbortReason::TotalTimedOut => "total timed out",
                AbortReason::Superseded => "superseded",
                AbortReason::Cancelled => "cancelled",
            };
            format!("abort {}#{attempt}: {reason}", id(node))
        }
        Command::Prepare { node, .. } => format!("prepare {}", id(node)),
        Command::Evaluate { node, question, .. } => {
            let question = match question {
                Question::When => "whether",
                Question::Case => "which case",
                Question::Items => "how many",
                Question::Until => "until when",
            };
            format!("ask {question}: {}", id(node))
        }
        Command::Iterate { node, index, frame, .. } => format!("iterate {}[{index}] as {frame}", id(node)),
        Command::Collect { node, .. } => format!("collect {}", id(node)),
        Command::Receive { node, payload, .. } => format!("{} receives {payload}", id(node)),
        Command::Fail { node, origin, reason, .. } if node == origin => format!("{}: {reason:?}", id(node)),
        Command::Fail { node, origin, reason, .. } => format!("{}: {reason:?} of {}", id(node), id(origin)),
        Command::FellBack { node, level, reason, .. } => format!("{} falls back to {level}: {reason:?}", id(node)),
        Command::Keep { node, slot, .. } => format!("keep {} in {slot}", id(node)),
        Command::Recall { node, slot, .. } => format!("recall {} from {slot}", id(node)),
        Command::Drop { slot, .. } => format!("drop {slot}"),
        Command::Share { node, from, leader, .. } => format!("share with {} what {from} has in {}", id(node), leader.0),
        Command::BuildOutput { .. } => "build the output".to_owned(),
        Command::Settle { end, .. } => match end {
            RunEnd::Completed => "completed".to_owned(),
            RunEnd::Failed(node, FailureReason::Error) => format!("failed: {}", id(node)),
            RunEnd::Failed(node, FailureReason::Timeout) => format!("failed: {} timed out", id(node)),
            RunEnd::Failed(node, reason) => format!("failed: {} {}", id(node), words(reason)),
            RunEnd::OutputFailed => "output failed".to_owned(),
            RunEnd::TimedOut => "timed out".to_owned(),
            RunEnd::Cancelled => "cancelled".to_owned(),
        },
        Command::Circuit { change, .. } => format!("circuit {} -> {}", change.from.name(), change.to.name()),
    }
}

/// The effects of one input as lines.
pub(crate) fn effects(run: &mut Run, input: Input, ms: u64) -> Vec<String> {
    let mut effects = Vec::new();
    run.handle(input, at(ms), &mut effects);
    effects.into_iter().map(|effect| effect_line(run, effect)).collect()
}

/// An effect as a line.
pub(crate) fn effect_line(run: &Run, effect: Effect) -> String {
    let id = |node| name(run, node);
    match effect {
        Effect::Call { node } => format!("call {}", id(node)),
        Effect::Resume { node } => format!("resume {}", id(node)),
        Effect::CancelCall { node } => format!("cancel {}", id(node)),
        Effect::Evaluate { node, question } => format!("ask {question:?}: {}", id(node)),
        Effect::Collect { node, .. } => format!("collect {}", id(node)),
        Effect::Iterate { node, index, frame } => format!("iterate {}[{index}] as {frame}", id(node)),
        Effect::Receive { node, payload } => format!("{} receives {payload}", id(node)),
        Effect::SetTimer { node: None, at } => format!("wake at {}", at.as_millis()),
        Effect::SetTimer { node: Some(node), at } => format!("wake {} at {}", id(node), at.as_millis()),
        Effect::ClearTimer { node: None } => "clear".to_owned(),
        Effect::ClearTimer { node: Some(node) } => format!("clear {}", id(node)),
        Effect::Fail { node, origin, .. } if node == origin => format!("{} failed", id(node)),
        Effect::Fail { node, origin, .. } => format!("{} failed of {}", id(node), id(origin)),
        Effect::BuildOutput => "build the output".to_owned(),
        Effect::Settle(end) => format!("{end:?}"),
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
    let line = |event: &Event| {
        let mut line = format!("{} {}", event.at.as_millis(), event.kind.name());
        if let Some(node) = event.kind.node() {
            line = format!("{line} {}", name(run, node));
        }
        if let Some(attempt) = event.kind.attempt() {
            line = format!("{line}#{attempt}");
        }
        match event.kind {
            EventKind::RetryScheduled(_, _, delay) => format!("{line} in {:?}", Duration::from_micros(delay)),
            EventKind::FallbackStarted(_, level) => format!("{line} {level}"),
            EventKind::TimerSet(_, at) => format!("{line} for {}", at.as_millis()),
            EventKind::StepEvaluated(_, decision) => format!("{line} {decision:?}"),
            EventKind::SignalReceived(signal, payload) => {
                format!("{line} {} {payload}", run.plan().signals[signal as usize])
            }
            EventKind::IterationStarted(_, index, frame) => format!("{line}[{index}] as {frame}"),
            _ => line,
        }
    };
    run.log().to_vec().iter().map(line).collect()
}
