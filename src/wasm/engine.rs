//! Engines: what outlives their runs, and how commands get out.
//!
//! Commands go out as words in linear memory, five to a command: what it is, the run, the step, and two more. Every
//! function that moves a run returns how many commands wait there, with two flags for what else the host should ask; it
//! reads them before it calls again.

use std::cell::RefCell;
use std::num::NonZeroU32;
use std::rc::Rc;

use js_sys::{Array, Object, Reflect};
use slab::Slab;
use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::{Fields, data_from_js, error_to_js};
use super::failure::number_of;
use super::policy::{breaker_from_js, breaker_to_js, move_by_hand};
use crate::error::{Code, Error};
use crate::number::read_by;
use crate::policy::{FailureReason, Guards, Options};
use crate::time::Timestamp;
use crate::workflow::{AbortReason, Command, Engine, NodeIx, Plan, Question, RunEnd, RunId};

/// Words to a command: `op, run, step, a, b`.
const WORDS: usize = 5;
const NONE: u32 = u32::MAX;

thread_local! {
    static ENGINES: Table<Host> = const { Table::new() };
}

/// What is told beside how many commands wait: that they stand in another place of the memory than before, and that
/// something is due before the host was told to come back. So most calls tell all that there is to say in one number.
const IS_ELSEWHERE: u32 = 1 << 31;
const IS_EARLIER: u32 = 1 << 30;
/// That all there is to do is to begin an attempt of a step of the run that the call was about, which is what most answers of a
/// step lead to: the first one, or after an attempt that failed the next one. The number is that of the step then, and nothing
/// waits.
const IS_NEXT: u32 = 1 << 29;
/// What stands there for a step when all there is to do is to tell that the run has completed.
const COMPLETED: u32 = IS_NEXT - 1;

/// An engine, the plans it knows, and the commands that wait to be fetched.
#[derive(Default)]
pub(super) struct Host {
    pub(super) engine: Engine,
    pub(super) plans: Slab<Rc<Plan>>,
    /// Taken out of the engine, and as words.
    commands: Vec<Command>,
    words: Vec<u32>,
    /// What the host was last told of the steps of a run.
    pub(super) figures: Vec<f64>,
    /// When the host was told that something is due.
    told_deadline: Option<Timestamp>,
}

impl Host {
    pub(super) fn flush(&mut self) -> u32 {
        self.flush_about(NONE, 0)
    }

    /// Has the host be told again of what is due when it has not come for what it was told: some hosts drop a timer with the
    /// request that set it.
    pub(super) fn forget_missed(&mut self, now: Timestamp) {
        self.told_deadline = self.told_deadline.filter(|told| *told > now);
    }

    /// The same after something about one run, which mostly leads to this attempt of some step.
    pub(super) fn flush_about(&mut self, about: RunId, usual: u32) -> u32 {
        let Self { engine, commands, words, told_deadline, .. } = self;
        engine.take_commands(commands);
        let is_earlier = engine.next_look().is_some_and(|at| told_deadline.is_none_or(|told| at < told));
        let is_earlier = if is_earlier { IS_EARLIER } else { 0 };
        let next = match commands[..] {
            [Command::Call { run, node: NodeIx(node), attempt, level: 0 }]
                if (run, attempt) == (about, usual) && node < COMPLETED =>
            {
                node
            }
            [Command::Settle { run, end: RunEnd::Completed }] if run == about => COMPLETED,
            _ => NONE,
        };
        if next != NONE {
            commands.clear();
            return next | IS_NEXT | is_earlier;
        }
        words.clear();
        let place = words.as_ptr();
        for command in commands.iter() {
            // The end of a run that has not completed follows, and tells every handler why.
            let told = matches!(command, Command::Abort { run, reason: AbortReason::Cancelled, .. }
                if engine.run(*run).is_none_or(|run| run.end().is_some_and(|end| end != RunEnd::Completed)));
            if !told {
                words.extend_from_slice(&encode(command));
            }
        }
        commands.clear();
        let count = (words.len() / WORDS) as u32;
        let is_elsewhere = place != words.as_ptr();
        count | if is_elsewhere { IS_ELSEWHERE } else { 0 } | is_earlier
    }
}

/// The facade's `commands.js` and `perform.js` read this back.
fn encode(command: &Command) -> [u32; WORDS] {
    match *command {
        Command::Call { run, node, attempt, level } => [0, run, node.0, attempt, level],
        Command::Abort { run, node, attempt, reason } => {
            let op = match reason {
                AbortReason::TimedOut => 1,
                AbortReason::Superseded => 9,
                AbortReason::TotalTimedOut => 10,
                AbortReason::Cancelled => 12,
            };
            [op, run, node.0, attempt, 0]
        }
        Command::Collect { run, node, case } => [2, run, node.0, case.map_or(0, NonZeroU32::get), 0],
        Command::Settle { run, end } => match end {
            RunEnd::Completed => [3, run, NONE, 0, 0],
            RunEnd::Failed(NodeIx(node), _) => [4, run, node, 0, 0],
            RunEnd::TimedOut => [5, run, NONE, 0, 0],
            RunEnd::Cancelled => [6, run, NONE, 0, 0],
            RunEnd::OutputFailed => [8, run, NONE, 0, 0],
        },
        Command::BuildOutput { run } => [7, run, NONE, 0, 0],
        Command::Circuit { breaker, change } => [11, breaker, NONE, change.from as u32, change.to as u32],
        Command::Evaluate { run, node, question } => {
            let what = match question {
                Question::When => 0,
                Question::Case => 1,
                Question::Items => 2,
                Question::Until => 3,
            };
            [13, run, node.0, what, 0]
        }
        Command::Prepare { run, node } => [14, run, node.0, 0, 0],
        Command::Iterate { run, node, index, frame } => [15, run, node.0, index, frame],
        Command::Receive { run, node, payload } => [16, run, node.0, payload, 0],
        Command::Fail { run, node, origin, reason } => [17, run, node.0, pack(reason), origin.0],
        Command::FellBack { run, node, level, reason } => [18, run, node.0, level, pack(reason)],
        Command::Keep { run, node, cache, slot } => [19, run, node.0, cache, slot],
        Command::Recall { run, node, cache, slot } => [20, run, node.0, cache, slot],
        Command::Drop { cache, slot } => [21, NONE, NONE, cache, slot],
        Command::Share { run, node, from, leader } => [22, run, node.0, from, leader.0],
    }
}

/// Why something failed, in the upper four bits, and in how many milliseconds it may be asked again: up to three days.
fn pack(reason: FailureReason) -> u32 {
    const LONGEST: u32 = (1 << 28) - 1;
    let (number, retry_after) = number_of(reason);
    let ms = retry_after.map_or(LONGEST, |it| u32::try_from(it.as_millis()).unwrap_or(LONGEST).min(LONGEST));
    number << 28 | ms
}

#[inline(never)]
pub(super) fn host(engine: u32) -> Option<Rc<RefCell<Host>>> {
    ENGINES.with(|engines| engines.get(engine))
}

pub(super) fn with<T: Default>(engine: u32, act: impl FnOnce(&mut Host) -> T) -> T {
    host(engine).map_or_else(T::default, |host| act(&mut host.borrow_mut()))
}

pub(super) fn try_with<T: Default>(engine: u32, act: impl FnOnce(&mut Host) -> Result<T, Error>) -> Result<T, JsValue> {
    host(engine)
        .map_or_else(|| Ok(T::default()), |host| act(&mut host.borrow_mut()))
        .map_err(|error| error_to_js(&error))
}

/// Makes an engine.
#[wasm_bindgen(js_name = engineNew)]
pub fn engine_new() -> u32 {
    read_by(js_sys::parse_float);
    ENGINES.with(|engines| engines.add(Host::default()))
}

/// Forgets an engine with all its runs.
#[wasm_bindgen(js_name = engineFree)]
pub fn engine_free(engine: u32) {
    ENGINES.with(|engines| engines.remove(engine));
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
        let circuits = Fields::default();
        for (name, breaker) in host.engine.guards().breaker_snapshots(now) {
            circuits.value(name, &breaker_to_js(breaker));
        }
        Fields::default().value("circuits", &circuits.object()).object()
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
    let options = data_from_js(options, Code::ConfigInvalid, &what)
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
        // Whoever comes by because something was due comes again only when told.
        host.told_deadline = None;
        host.flush()
    })
}

/// When the next timer is due, in milliseconds; infinity when none is set.
#[wasm_bindgen(js_name = engineDeadline)]
pub fn engine_deadline(engine: u32) -> f64 {
    with(engine, |host| {
        host.told_deadline = host.engine.next_deadline();
        host.told_deadline
    })
    .map_or(f64::INFINITY, Timestamp::as_millis)
}

/// The linear memory of this instance.
#[wasm_bindgen(js_name = linearMemory)]
pub fn linear_memory() -> JsValue {
    wasm_bindgen::memory()
}

/// Where the commands stand in linear memory.
#[wasm_bindgen(js_name = engineCommands)]
pub fn engine_commands(engine: u32) -> *const u32 {
    host(engine).map_or(std::ptr::null(), |host| host.borrow().words.as_ptr())
}

/// Plain calls ended well, and the host has begun those that were certain to follow; three numbers to an answer: `at, run, node`.
#[wasm_bindgen(js_name = engineFollowed)]
pub fn engine_followed(engine: u32, answers: &[f64]) {
    let (answers, _) = answers.as_chunks();
    with(engine, |host| {
        for answers in answers.chunk_by(|[_, run, _], [_, next, _]| run == next) {
            let read = |[at, _, node]: &[f64; 3]| (NodeIx(*node as u32), Timestamp::from_millis(*at));
            host.engine.followed(answers[0][1] as u32, answers.iter().map(read));
        }
    });
}
