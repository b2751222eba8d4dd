//! Plans and runs.
//!
//! Commands go out as words in linear memory, four to a command: what it is, the run, the step, and one more. Every
//! function that moves a run returns how many commands wait there; the host reads them before it calls again.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Object, Reflect};
use slab::Slab;
use wasm_bindgen::prelude::*;

use super::convert::{error_to_js, json_from_js, object, text_of, value_from_js, value_to_js};
use super::failure::{Reported, number_of};
use super::policy::{breaker_from_js, breaker_to_js, move_by_hand};
use super::{handle, slot};
use crate::error::{Code, Error};
use crate::policy::{FailureReason, Guards, Options, Outcome};
use crate::time::Timestamp;
use crate::value::Value;
use crate::workflow::plan::{Step, StepKind};
use crate::workflow::{AbortReason, Command, Engine, Event, EventKind, Plan, RunEnd, Scope, Status, StepIx, Template};

/// Words to a command: `op, run, step, detail`.
const WORDS: usize = 4;
const NO_STEP: u32 = u32::MAX;

thread_local! {
    static ENGINES: RefCell<Slab<Host>> = const { RefCell::new(Slab::new()) };
}

#[derive(Default)]
struct Host {
    engine: Engine,
    plans: Slab<Rc<Plan>>,
    words: Vec<u32>,
}

impl Host {
    fn flush(&mut self) -> u32 {
        self.words.clear();
        self.words.extend(self.engine.drain_commands().filter_map(encode).flatten());
        (self.words.len() / WORDS) as u32
    }
}

/// The facade's `orchestrator.js` reads this back.
fn encode(command: Command) -> Option<[u32; WORDS]> {
    Some(match command {
        Command::Call { run, step, attempt } => [0, run, step.0, attempt],
        Command::Abort { run, step, attempt, reason } => match reason {
            AbortReason::TimedOut => [1, run, step.0, attempt],
            AbortReason::Superseded => [9, run, step.0, attempt],
            AbortReason::TotalTimedOut => [10, run, step.0, attempt],
            // The end of the run follows, and tells every handler why.
            AbortReason::RunEnded => return None,
        },
        Command::Collect { run, step } => [2, run, step.0, 0],
        Command::BuildOutput { run } => [7, run, NO_STEP, 0],
        Command::Settle { run, end } => match end {
            RunEnd::Completed => [3, run, NO_STEP, 0],
            RunEnd::Failed(step, reason) => [4, run, step.0, pack(reason)],
            RunEnd::OutputFailed => [8, run, NO_STEP, 0],
            RunEnd::TimedOut => [5, run, NO_STEP, 0],
            RunEnd::Cancelled => [6, run, NO_STEP, 0],
        },
        Command::Circuit { breaker, change } => [11, breaker, change.from as u32, change.to as u32],
    })
}

/// Why a step failed, in the upper four bits, and in how many milliseconds it may be asked again: up to three days.
fn pack(reason: FailureReason) -> u32 {
    const LONGEST: u32 = (1 << 28) - 1;
    let (number, retry_after) = number_of(reason);
    let ms = retry_after.map_or(LONGEST, |it| u32::try_from(it.as_millis()).unwrap_or(LONGEST).min(LONGEST));
    number << 28 | ms
}

fn with<T: Default>(engine: u32, act: impl FnOnce(&mut Host) -> T) -> T {
    ENGINES.with_borrow_mut(|engines| engines.get_mut(slot(engine)).map(act)).unwrap_or_default()
}

fn try_with<T: Default>(engine: u32, act: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, JsValue> {
    ENGINES
        .with_borrow_mut(|engines| engines.get_mut(slot(engine)).map(act))
        .unwrap_or(Ok(T::default()))
        .map_err(|error| error_to_js(&error))
}

/// Makes an engine.
#[wasm_bindgen(js_name = engineNew)]
pub fn engine_new() -> u32 {
    ENGINES.with_borrow_mut(|engines| handle(engines.insert(Host::default())))
}

/// Forgets an engine with all its runs.
#[wasm_bindgen(js_name = engineFree)]
pub fn engine_free(engine: u32) {
    ENGINES.with_borrow_mut(|engines| engines.try_remove(slot(engine)));
}

/// Compiles a definition, and describes the plan.
#[wasm_bindgen(js_name = planCompile)]
pub fn plan_compile(engine: u32, definition: &JsValue, default_timeout_ms: f64) -> Result<JsValue, JsValue> {
    let default_timeout = Duration::from_micros((default_timeout_ms * 1_000.0) as u64);
    let plan = json_from_js(definition, Code::WorkflowInvalid, "the workflow definition")
        .and_then(|definition| Plan::new(&definition, default_timeout))
        .map_err(|error| error_to_js(&error))?;
    let plan = Rc::new(plan);
    let handle = try_with(engine, |host| {
        host.engine.check(&plan)?;
        Ok(host.plans.insert(Rc::clone(&plan)))
    })?;
    Ok(object([
        ("handle", (handle as f64).into()),
        ("id", (&*plan.id).into()),
        ("version", (&*plan.version).into()),
        ("steps", plan.steps().iter().map(step_to_js).collect::<Array>().into()),
        // The last step of the outermost list, whose output is the run's unless the definition says otherwise.
        ("last", plan.roots.last().map_or(JsValue::NULL, |step| step.0.into())),
        ("hasOutput", plan.output.is_some().into()),
    ]))
}

fn step_to_js(step: &Step) -> JsValue {
    let id = ("id", (&*step.id).into());
    match &step.kind {
        StepKind::Call { feature, action, with } => object([
            id,
            ("feature", (&**feature).into()),
            ("action", (&**action).into()),
            ("hasWith", with.is_some().into()),
            ("timeoutMs", millis(step.policies.timeout)),
            ("totalTimeoutMs", millis(step.policies.total_timeout)),
        ]),
        StepKind::Group { children, .. } => {
            object([id, ("children", children.iter().map(|child| JsValue::from(child.0)).collect::<Array>().into())])
        }
    }
}

fn millis(duration: Option<Duration>) -> JsValue {
    duration.map_or(JsValue::NULL, |duration| (duration.as_secs_f64() * 1_000.0).into())
}

/// Forgets a plan; runs of it go on.
#[wasm_bindgen(js_name = planFree)]
pub fn plan_free(engine: u32, plan: u32) {
    with(engine, |host| host.plans.try_remove(plan as usize).is_some());
}

/// Starts a run; its number, or `undefined` when there is no such plan.
#[wasm_bindgen(js_name = runStart)]
pub fn run_start(engine: u32, plan: u32, seed: u32, now_ms: f64) -> Option<u32> {
    with(engine, |host| {
        let plan = Rc::clone(host.plans.get(plan as usize)?);
        Some(host.engine.start(plan, u64::from(seed), Timestamp::from_millis(now_ms)))
    })
}

/// An attempt completed.
#[wasm_bindgen(js_name = runSettle)]
pub fn run_settle(engine: u32, run: u32, step: u32, attempt: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.settle(run, StepIx(step), attempt, &Outcome::COMPLETED, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// An attempt failed; see `Reported` for what is told of its error.
#[wasm_bindgen(js_name = runFail)]
pub fn run_fail(engine: u32, run: u32, step: u32, attempt: u32, error: Option<Array>, now_ms: f64) -> u32 {
    let error = Reported::read(error.as_ref());
    let now = Timestamp::from_millis(now_ms);
    with(engine, |host| {
        let plan = host.engine.run(run).map(|run| Rc::clone(run.plan()));
        let rows =
            plan.as_ref().and_then(|plan| plan.steps().get(step as usize)).map(|step| &step.policies.classify[..]);
        let failure = error.failure(rows.unwrap_or_default(), now);
        host.engine.settle(run, StepIx(step), attempt, &Outcome::Failed(failure), now);
        host.flush()
    })
}

/// The output of a run was built.
#[wasm_bindgen(js_name = runOutputBuilt)]
pub fn run_output_built(engine: u32, run: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.output_built(run, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// The output of a run cannot be built.
#[wasm_bindgen(js_name = runOutputFailed)]
pub fn run_output_failed(engine: u32, run: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.output_failed(run, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// Stops a run.
#[wasm_bindgen(js_name = runCancel)]
pub fn run_cancel(engine: u32, run: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.cancel(run, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// Forgets a run.
#[wasm_bindgen(js_name = runRemove)]
pub fn run_remove(engine: u32, run: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.remove(run, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// The name of a circuit breaker.
#[wasm_bindgen(js_name = engineBreakerName)]
pub fn engine_breaker_name(engine: u32, breaker: u32) -> String {
    with(engine, |host| host.engine.guards().breaker_name(breaker).to_string())
}

/// Moves the circuit breaker of a name by hand; see `policyCircuit` for the numbers.
#[wasm_bindgen(js_name = engineCircuit)]
pub fn engine_circuit(engine: u32, name: &str, act: u8, now_ms: f64) -> u32 {
    let now = Timestamp::from_millis(now_ms);
    with(engine, |host| {
        let act = |guards: &mut Guards| guards.move_named_breaker(name, now, |breaker| move_by_hand(breaker, act, now));
        host.engine.with_guards(act, now);
        host.flush()
    })
}

/// What outlives a reload: where each circuit breaker is, by name.
#[wasm_bindgen(js_name = engineSnapshot)]
pub fn engine_snapshot(engine: u32, now_ms: f64) -> JsValue {
    let now = Timestamp::from_millis(now_ms);
    with(engine, |host| {
        let circuits = host.engine.guards().breaker_snapshots(now);
        let circuits: Vec<(&str, JsValue)> = circuits.map(|(name, it)| (name, breaker_to_js(it))).collect();
        object([("circuits", object(circuits))])
    })
}

/// Puts back what a snapshot holds. To be called before anything is defined or run.
#[wasm_bindgen(js_name = engineRestore)]
pub fn engine_restore(engine: u32, snapshot: &JsValue, now_ms: f64) {
    let now = Timestamp::from_millis(now_ms);
    let circuits = Reflect::get(snapshot, &"circuits".into()).unwrap_or_default();
    let Some(circuits) = circuits.dyn_ref::<Object>() else { return };
    let entries = Object::entries(circuits).to_vec();
    with(engine, |host| {
        for entry in entries {
            let entry: Array = entry.unchecked_into();
            if let (Some(name), Some(breaker)) = (entry.get(0).as_string(), breaker_from_js(&entry.get(1))) {
                host.engine.guards().remember_breaker(&name, breaker, now);
            }
        }
    });
}

/// Defines shared parts of policies under a name.
#[wasm_bindgen(js_name = engineDefine)]
pub fn engine_define(engine: u32, name: &str, options: &JsValue) -> Result<(), JsValue> {
    let what = format!("the policies `{name}`");
    let options = json_from_js(options, Code::ConfigInvalid, &what)
        .and_then(|options| Options::shared(&options))
        .map_err(|error| error_to_js(&error))?;
    with(engine, |host| host.engine.guards().define(&name.into(), &options));
    Ok(())
}

/// Fires the timers that are due, and collects what waits to be done.
#[wasm_bindgen(js_name = engineTick)]
pub fn engine_tick(engine: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.tick(Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// When the next timer is due, in milliseconds; infinity when none is set.
#[wasm_bindgen(js_name = engineDeadline)]
pub fn engine_deadline(engine: u32) -> f64 {
    with(engine, |host| host.engine.next_deadline()).map_or(f64::INFINITY, Timestamp::as_millis)
}

/// The linear memory of this instance.
#[wasm_bindgen(js_name = linearMemory)]
pub fn linear_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Where the commands stand in linear memory.
#[wasm_bindgen(js_name = engineCommands)]
pub fn engine_commands(engine: u32) -> *const u32 {
    ENGINES.with_borrow(|engines| engines.get(slot(engine)).map_or(std::ptr::null(), |host| host.words.as_ptr()))
}

struct JsScope<'a> {
    input: &'a JsValue,
    outputs: &'a Array,
    run_id: &'a str,
}

impl Scope for JsScope<'_> {
    fn input(&self) -> Value {
        value_from_js(self.input.clone())
    }

    fn output(&self, step: StepIx) -> Value {
        value_from_js(self.outputs.get(step.0))
    }

    fn status(&self, _: StepIx) -> Rc<str> {
        "completed".into()
    }

    fn run_id(&self) -> Rc<str> {
        self.run_id.into()
    }

    fn variable(&self, _: u32) -> Value {
        Value::Null
    }

    fn index(&self) -> u32 {
        0
    }

    fn text_of(&self, value: &Value) -> String {
        text_of(value)
    }
}

/// What a call is given: its `with`, filled.
#[wasm_bindgen(js_name = runParams)]
pub fn run_params(
    engine: u32,
    run: u32,
    step: u32,
    run_id: &str,
    input: &JsValue,
    outputs: &Array,
) -> Result<JsValue, JsValue> {
    fill(engine, run, JsScope { input, outputs, run_id }, |plan| match &plan.step(StepIx(step)).kind {
        StepKind::Call { with, .. } => with.as_ref(),
        StepKind::Group { .. } => None,
    })
}

/// The output of a run, where the definition gives one.
#[wasm_bindgen(js_name = runOutput)]
pub fn run_output(engine: u32, run: u32, run_id: &str, input: &JsValue, outputs: &Array) -> Result<JsValue, JsValue> {
    fill(engine, run, JsScope { input, outputs, run_id }, |plan| plan.output.as_ref())
}

/// Fills a template of the run's plan. The engine is not borrowed meanwhile, because reading a field may run a getter.
fn fill(
    engine: u32,
    run: u32,
    scope: JsScope<'_>,
    pick: impl FnOnce(&Plan) -> Option<&Template>,
) -> Result<JsValue, JsValue> {
    let plan = with(engine, |host| host.engine.run(run).map(|run| Rc::clone(run.plan())));
    let filled: Result<Option<Value>, Error> =
        plan.as_deref().and_then(pick).map(|template| template.fill(&scope)).transpose();
    match filled {
        Ok(value) => Ok(value.as_ref().map_or(JsValue::UNDEFINED, value_to_js)),
        Err(error) => Err(error_to_js(&error)),
    }
}

/// Where each step of a run is, four numbers to a step: status, attempts, began, ended (milliseconds, NaN when not yet).
#[wasm_bindgen(js_name = runSteps)]
pub fn run_steps(engine: u32, run: u32) -> Vec<f64> {
    with(engine, |host| {
        let Some(run) = host.engine.run(run) else { return Vec::new() };
        let millis = |at: Option<Timestamp>| at.map_or(f64::NAN, Timestamp::as_millis);
        (0..run.plan().steps().len() as u32)
            .flat_map(|index| {
                let step = run.step(StepIx(index));
                [f64::from(step.status as u8), f64::from(step.attempt), millis(step.started_at), millis(step.ended_at)]
            })
            .collect()
    })
}

/// The names of the statuses that [`run_steps`] numbers.
#[wasm_bindgen(js_name = statusNames)]
pub fn status_names() -> Vec<String> {
    Status::ALL.iter().map(|status| status.name().to_owned()).collect()
}

/// What happened in a run from event number `from` on, six numbers to an event: its number, what (see [`event_names`]),
/// when (milliseconds), the step, the attempt, and the delay before the next one (milliseconds); NaN for what it has not.
#[wasm_bindgen(js_name = runEvents)]
pub fn run_events(engine: u32, run: u32, from: u32) -> Vec<f64> {
    with(engine, |host| {
        let Some(run) = host.engine.run(run) else { return Vec::new() };
        let fields = |event: &Event| {
            let delay = match event.kind {
                EventKind::RetryScheduled(_, _, delay) => delay.as_secs_f64() * 1_000.0,
                _ => f64::NAN,
            };
            [
                f64::from(event.seq),
                event.kind.index() as f64,
                event.at.as_millis(),
                event.kind.step().map_or(f64::NAN, |step| f64::from(step.0)),
                event.kind.attempt().map_or(f64::NAN, f64::from),
                delay,
            ]
        };
        run.log().iter().skip(from as usize).flat_map(fields).collect()
    })
}

/// The names of the events that [`run_events`] numbers.
#[wasm_bindgen(js_name = eventNames)]
pub fn event_names() -> Vec<String> {
    EventKind::NAMES.iter().map(|name| (*name).to_owned()).collect()
}
