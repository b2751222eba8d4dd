//! Runs: what moves them, and what can be seen of them.

use std::rc::Rc;
use std::time::Duration;

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::convert::{error_to_js, text_of, value_from_js, value_to_js};
use super::engine::{Host, host, try_with, with};
use super::failure::Reported;
use crate::error::{Code, Error};
use crate::policy::Outcome;
use crate::time::Timestamp;
use crate::value::Value;
use crate::workflow::plan::{Call, Step, StepKind};
use crate::workflow::{Decision, Event, NodeIx, Note, Phase, Plan, Root, Run, Scope, StepIx, Template, decide};

/// Moves an engine, and collects what waits to be done. The same code for all that moves one.
#[inline(never)]
fn act(engine: u32, now_ms: f64, act: &dyn Fn(&mut Host, Timestamp)) -> u32 {
    with(engine, |host| {
        act(host, Timestamp::from_millis(now_ms));
        host.flush()
    })
}

/// Starts a run. Its number, times 2^32, and what it led to; see `IS_NEXT` in engine.rs. NaN when there is no such plan.
#[wasm_bindgen(js_name = runStart)]
pub fn run_start(engine: u32, plan: u32, seed: u32, key: Option<String>, now_ms: f64) -> f64 {
    let now = Timestamp::from_millis(now_ms);
    with(engine, |host| {
        let plan = Rc::clone(host.plans.get(plan as usize)?);
        let run = host.engine.start(plan, u64::from(seed), key.as_deref(), now);
        host.forget_missed(now);
        let told = host.flush_about(run, 1);
        Some(f64::from(run) * 4_294_967_296.0 + f64::from(told))
    })
    .unwrap_or(f64::NAN)
}

/// Goes on with a run where its log ends; see `runEvents` for the numbers. Its number, or `undefined` when there is no such plan.
/// Its commands are fetched by `engineTick`.
#[wasm_bindgen(js_name = runRestore)]
pub fn run_restore(
    engine: u32,
    plan: u32,
    seed: u32,
    key: Option<String>,
    log: &[f64],
    now_ms: f64,
) -> Result<Option<u32>, JsValue> {
    let mut events = Vec::with_capacity(log.len() / Event::NUMBERS);
    for numbers in log.chunks(Event::NUMBERS) {
        let event = Event::from_numbers(numbers).ok_or_else(|| {
            let message = format!("the log of the journal is damaged: event {} is none", events.len());
            error_to_js(&Error::new(Code::JournalInvalid, message))
        })?;
        events.push(event);
    }
    try_with(engine, |host| {
        let Some(plan) = host.plans.get(plan as usize).map(Rc::clone) else { return Ok(None) };
        let now = Timestamp::from_millis(now_ms);
        host.engine.restore(plan, u64::from(seed), key.as_deref(), &events, now).map(Some)
    })
}

/// An attempt completed; see `IS_NEXT` in engine.rs for what is returned.
#[wasm_bindgen(js_name = runSettle)]
pub fn run_settle(engine: u32, run: u32, node: u32, attempt: u32, now_ms: f64) -> u32 {
    with(engine, |host| {
        host.engine.settle(run, NodeIx(node), attempt, &Outcome::COMPLETED, Timestamp::from_millis(now_ms));
        host.flush_about(run, 1)
    })
}

/// An attempt failed; see `Reported` for what is told of its error, and `IS_NEXT` in engine.rs for what is returned.
#[wasm_bindgen(js_name = runFail)]
pub fn run_fail(engine: u32, run: u32, node: u32, attempt: u32, error: Option<Array>, now_ms: f64) -> u32 {
    let error = Reported::read(error.as_ref());
    let now = Timestamp::from_millis(now_ms);
    with(engine, |host| {
        let known = host.engine.run(run).and_then(|run| {
            let step = run.nodes().get(node as usize)?.step;
            Some((Rc::clone(run.plan()), step))
        });
        let rows = known.as_ref().map(|(plan, step)| &plan.step(*step).policies.classify[..]);
        let failure = error.failure(rows.unwrap_or_default(), now);
        host.engine.settle(run, NodeIx(node), attempt, &Outcome::Failed(failure), now);
        host.flush_about(run, attempt.wrapping_add(1))
    })
}

/// A call whose answer others may have begins, by its key.
#[wasm_bindgen(js_name = runBegin)]
pub fn run_begin(engine: u32, run: u32, node: u32, key: Option<String>, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.begin(run, NodeIx(node), key.as_deref(), now))
}

/// A loop has so many items.
#[wasm_bindgen(js_name = runIterate)]
pub fn run_iterate(engine: u32, run: u32, node: u32, count: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.evaluated(run, NodeIx(node), Decision::Items(count), now))
}

/// A step waits for so many milliseconds, which are known to be a duration.
#[wasm_bindgen(js_name = runWait)]
pub fn run_wait(engine: u32, run: u32, node: u32, ms: f64, now_ms: f64) -> u32 {
    let duration = Duration::from_micros((ms * 1_000.0) as u64);
    act(engine, now_ms, &|host, now| host.engine.evaluated(run, NodeIx(node), Decision::Until(now + duration), now))
}

/// What a step asked for cannot be had.
#[wasm_bindgen(js_name = runEvaluationFailed)]
pub fn run_evaluation_failed(engine: u32, run: u32, node: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.evaluation_failed(run, NodeIx(node), now))
}

/// The output of a run was built.
#[wasm_bindgen(js_name = runOutputBuilt)]
pub fn run_output_built(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.output_built(run, now))
}

/// The output of a run cannot be built.
#[wasm_bindgen(js_name = runOutputFailed)]
pub fn run_output_failed(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.output_failed(run, now))
}

/// Stops a run.
#[wasm_bindgen(js_name = runCancel)]
pub fn run_cancel(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.cancel(run, now))
}

/// Lets nothing new begin in a run.
#[wasm_bindgen(js_name = runPause)]
pub fn run_pause(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.pause(run, now))
}

/// Lets a paused run go on.
#[wasm_bindgen(js_name = runResume)]
pub fn run_resume(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.resume(run, now))
}

/// A signal came: its place among those of the plan, and the host's number of what came with it.
#[wasm_bindgen(js_name = runSignal)]
pub fn run_signal(engine: u32, run: u32, signal: u32, payload: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.signal(run, signal, payload, now))
}

/// An attempt tells of its progress (0), or writes a line for the log (1); the number of the event, or -1 when nobody
/// waits for this attempt any more. Nothing is to be done because of it.
#[wasm_bindgen(js_name = runNote)]
pub fn run_note(engine: u32, run: u32, node: u32, attempt: u32, kind: u8, now_ms: f64) -> i32 {
    let note = if kind == 0 { Note::Progress } else { Note::Log };
    with(engine, |host| {
        let before = host.engine.run(run).map_or(0, |run| run.log().len());
        host.engine.note(run, NodeIx(node), attempt, note, Timestamp::from_millis(now_ms));
        let after = host.engine.run(run).map_or(0, |run| run.log().len());
        Some(if after > before { before as i32 } else { -1 })
    })
    .unwrap_or(-1)
}

/// Forgets a run.
#[wasm_bindgen(js_name = runRemove)]
pub fn run_remove(engine: u32, run: u32, now_ms: f64) -> u32 {
    act(engine, now_ms, &|host, now| host.engine.remove(run, now))
}

/// What an expression of a step sees. The engine is borrowed for single questions only, because reading a field may run a
/// getter, which may call back in.
struct JsScope<'a> {
    engine: u32,
    run: u32,
    /// The iteration that the step belongs to.
    frame: u32,
    input: &'a JsValue,
    outputs: &'a Array,
    items: &'a Array,
    run_id: &'a JsValue,
}

impl JsScope<'_> {
    fn ask<T: Default>(&self, question: impl FnOnce(&Run) -> T) -> T {
        with(self.engine, |host| host.engine.run(self.run).map(question)).unwrap_or_default()
    }
}

impl Scope for JsScope<'_> {
    fn root(&self, root: Root) -> Value {
        let number = match root {
            Root::Input => return value_from_js(self.input.clone()),
            Root::RunId => return value_from_js(self.run_id.clone()),
            Root::Status(step) => {
                let status = self.ask(|run| Some(run.node(run.node_of(self.frame, step)).status.name()));
                return Value::String(status.unwrap_or_default().into());
            }
            Root::Output(_) | Root::Variable(_) | Root::Index => self.ask(|run| match root {
                Root::Output(step) => run.node_of(self.frame, step).0,
                Root::Variable(depth) => run.frame_out(self.frame, depth),
                _ => run.frame(self.frame).map_or(0, |frame| frame.index),
            }),
        };
        match root {
            Root::Output(_) => value_from_js(self.outputs.get(number)),
            Root::Variable(_) => value_from_js(self.items.get(number)),
            _ => Value::Int(i64::from(number)),
        }
    }

    fn text_of(&self, value: &Value) -> String {
        text_of(value)
    }
}

/// A step of a run, with its plan; nothing when the run is gone.
fn step_of(engine: u32, run: u32, node: u32) -> Option<(Rc<Plan>, StepIx, u32)> {
    with(engine, |host| {
        let run = host.engine.run(run)?;
        let state = run.nodes().get(node as usize)?;
        Some((Rc::clone(run.plan()), state.step, state.frame))
    })
}

/// What the expressions of a step see, and what is lent to them.
struct Sight<'a> {
    plan: Rc<Plan>,
    step: StepIx,
    scope: JsScope<'a>,
}

impl<'a> Sight<'a> {
    /// Nothing when the run is gone.
    #[inline(never)]
    fn of(
        engine: u32,
        run: u32,
        node: u32,
        run_id: &'a JsValue,
        input: &'a JsValue,
        (outputs, items): (&'a Array, &'a Array),
    ) -> Option<Self> {
        let (plan, step, frame) = step_of(engine, run, node)?;
        Some(Self { plan, step, scope: JsScope { engine, run, frame, input, outputs, items, run_id } })
    }

    fn step(&self) -> &Step {
        self.plan.step(self.step)
    }

    fn call(&self) -> Option<&Call> {
        match &self.step().kind {
            StepKind::Call(call) => Some(call),
            _ => None,
        }
    }

    /// A template with its values; `undefined` when there is none.
    #[inline(never)]
    fn fill(&self, template: Option<&Template>) -> Result<JsValue, JsValue> {
        match template.map(|template| template.fill(&self.scope)) {
            None => Ok(JsValue::UNDEFINED),
            Some(Ok(value)) => Ok(value_to_js(&value)),
            Some(Err(error)) => Err(error_to_js(&error)),
        }
    }
}

/// What a call is given: the `with` of the step, or of its fallback. Where there is none, the host has what is meant.
#[wasm_bindgen(js_name = runParams)]
#[allow(clippy::too_many_arguments)] // the border has no structs
pub fn run_params(
    engine: u32,
    run: u32,
    node: u32,
    level: u32,
    run_id: &JsValue,
    input: &JsValue,
    outputs: &Array,
    items: &Array,
) -> Result<JsValue, JsValue> {
    let Some(sight) = Sight::of(engine, run, node, run_id, input, (outputs, items)) else {
        return Ok(JsValue::UNDEFINED);
    };
    let call = sight.call();
    let fallback = (level as usize).checked_sub(1).and_then(|level| call?.fallbacks.get(level)?.with.as_ref());
    sight.fill(fallback.or(call.and_then(|call| call.with.as_ref())))
}

/// Answers a question of a step that is not about a list. Throws what is wrong with its expression.
#[wasm_bindgen(js_name = runEvaluate)]
#[allow(clippy::too_many_arguments)] // the border has no structs
pub fn run_evaluate(
    engine: u32,
    run: u32,
    node: u32,
    run_id: &JsValue,
    input: &JsValue,
    outputs: &Array,
    items: &Array,
    now_ms: f64,
) -> Result<u32, JsValue> {
    let now = Timestamp::from_millis(now_ms);
    let question = with(engine, |host| host.engine.run(run)?.nodes().get(node as usize)?.question());
    let sight = Sight::of(engine, run, node, run_id, input, (outputs, items));
    let (Some(question), Some(sight)) = (question, sight) else { return Ok(0) };
    let decision = decide(sight.step(), question, &sight.scope, now).map_err(|error| error_to_js(&error))?;
    Ok(act(engine, now_ms, &|host, now| host.engine.evaluated(run, NodeIx(node), decision, now)))
}

/// What an expression of a step gives, or `undefined` where the definition has none: the items of a loop (0), what tells
/// the same answer in the cache (1), what tells the service that it is the same request again (2).
#[wasm_bindgen(js_name = runValue)]
#[allow(clippy::too_many_arguments)] // the border has no structs
pub fn run_value(
    engine: u32,
    run: u32,
    node: u32,
    what: u8,
    run_id: &JsValue,
    input: &JsValue,
    outputs: &Array,
    items: &Array,
) -> Result<JsValue, JsValue> {
    let Some(sight) = Sight::of(engine, run, node, run_id, input, (outputs, items)) else {
        return Ok(JsValue::UNDEFINED);
    };
    let template = match &sight.step().kind {
        StepKind::ForEach { items, .. } => Some(items),
        StepKind::Call(call) if what == 1 => call.key.as_ref(),
        StepKind::Call(call) => call.idempotency_key.as_ref(),
        _ => None,
    };
    let value = sight.fill(template)?;
    // A key is text, whatever the expression gives.
    let is_key = what > 0 && template.is_some();
    Ok(if is_key { text_of(&value_from_js(value)).into() } else { value })
}

/// The output of a run, where the definition gives one.
#[wasm_bindgen(js_name = runOutput)]
pub fn run_output(
    engine: u32,
    run: u32,
    run_id: &JsValue,
    input: &JsValue,
    outputs: &Array,
    items: &Array,
) -> Result<JsValue, JsValue> {
    let plan = with(engine, |host| host.engine.run(run).map(|run| Rc::clone(run.plan())));
    let scope = JsScope { engine, run, frame: 0, input, outputs, items, run_id };
    let output = plan.as_deref().and_then(|plan| plan.output.as_ref()).map(|template| template.fill(&scope));
    match output.transpose() {
        Ok(value) => Ok(value.as_ref().map_or(JsValue::UNDEFINED, value_to_js)),
        Err(error) => Err(error_to_js(&error)),
    }
}

/// Where a run is: 0 running, 1 paused, 2 undoing what it did, 3 ended or gone.
#[wasm_bindgen(js_name = runPhase)]
pub fn run_phase(engine: u32, run: u32) -> u32 {
    with(engine, |host| {
        Some(match host.engine.run(run)?.phase() {
            Phase::Running => 0,
            Phase::Paused => 1,
            Phase::Compensating(_) => 2,
            Phase::Ended(_) => 3,
        })
    })
    .unwrap_or(3)
}

/// Where so many nodes are, from the first one on, three numbers to each: status, level of fallback and attempts in one, began,
/// ended (milliseconds, NaN when not yet). They stand in linear memory until the next call, and before them how many there are.
#[wasm_bindgen(js_name = runSteps)]
pub fn run_steps(engine: u32, run: u32, first: u32, count: u32) -> *const f64 {
    figures(engine, run, |run, figures| {
        let millis = |at: Option<Timestamp>| at.map_or(f64::NAN, Timestamp::as_millis);
        for node in run.nodes().iter().skip(first as usize).take(count as usize) {
            let where_it_is = node.status as u64 | u64::from(node.level as u16) << 3 | u64::from(node.attempt) << 19;
            put(figures, [where_it_is as f64, millis(node.started_at), millis(node.ended_at)]);
        }
    })
}

/// What happened in a run from event number `from` on, six numbers to an event: what (see `EventKind::NAMES`), when
/// (milliseconds), the step, the attempt, and two that depend on what it is; NaN for what it has not. They are told as those of
/// `runSteps`.
#[wasm_bindgen(js_name = runEvents)]
pub fn run_events(engine: u32, run: u32, from: u32) -> *const f64 {
    figures(engine, run, |run, figures| {
        for event in run.log().since(from as usize) {
            put(figures, event.to_numbers());
        }
    })
}

/// Has figures of a run stand in linear memory until the next call, and before them how many there are.
fn figures(engine: u32, run: u32, list: impl FnOnce(&Run, &mut Vec<f64>)) -> *const f64 {
    let Some(host) = host(engine) else { return std::ptr::null() };
    let Host { engine, figures, .. } = &mut *host.borrow_mut();
    figures.clear();
    figures.push(0.0);
    if let Some(run) = engine.run(run) {
        list(run, figures);
    }
    figures[0] = (figures.len() - 1) as f64;
    figures.as_ptr()
}

/// Number by number: a wasm has its host copy what is longer than a few words.
fn put<const N: usize>(figures: &mut Vec<f64>, numbers: [f64; N]) {
    for number in numbers {
        figures.push(number);
    }
}
