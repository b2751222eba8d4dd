//! Policies on their own.
//!
//! Commands go out as numbers in linear memory, six to a command, behind two that say when something is due next and how
//! many commands there are. Every function that moves a call returns where they stand, as a number below zero, and the
//! facade reads them before it calls again. Most calls, though, are started at once and complete at once: then there is
//! nothing to read, and the number is when something is due next. The facade names a call by its place in a list of its
//! own, which it frees when it has seen the end of the call.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Reflect};
use wasm_bindgen::prelude::*;

use super::Table;
use super::convert::{Fields, data_from_js, error_to_js};
use super::failure::{Reported, number_of};
use crate::error::Code;
use crate::policy::{
    AbortReason, Breaker, BreakerSnapshot, BreakerState, CallId, Command, End, FailureReason, Guards, Observed,
    Options, Outcome, Request, Unit, Wiring,
};
use crate::time::Timestamp;

/// Numbers before the commands.
const HEAD: usize = 2;
/// Numbers to a command.
const NUMBERS: usize = 6;

thread_local! {
    static POLICIES: Table<Host> = const { Table::new() };
}

struct Host {
    options: Rc<Options>,
    wiring: Wiring,
    guards: Guards,
    /// By owner.
    calls: Vec<Option<CallId>>,
    numbers: Vec<f64>,
}

impl Host {
    /// What there is to do for `owner`: nothing to read when it is the usual thing.
    fn usually(&mut self, owner: u32, now: Timestamp) -> f64 {
        if self.guards.take_usual(owner.into()) { self.due() } else { self.flush(now) }
    }

    /// What there is to do, encoded.
    fn flush(&mut self, now: Timestamp) -> f64 {
        self.numbers.clear();
        self.numbers.extend_from_slice(&[0.0; HEAD]);
        while let Some(command) = self.guards.next_command() {
            if let Command::Ready { owner } = command {
                // Nothing here makes an attempt wait once its delay is over.
                if let Some(call) = self.call(owner as u32) {
                    self.guards.resume(call, now);
                }
            } else {
                self.numbers.extend_from_slice(&encode(command));
            }
        }
        self.numbers[0] = self.due();
        self.numbers[1] = ((self.numbers.len() - HEAD) / NUMBERS) as f64;
        -(self.numbers.as_ptr() as usize as f64)
    }

    /// When something is due next.
    fn due(&mut self) -> f64 {
        self.guards.next_deadline().map_or(f64::INFINITY, Timestamp::as_millis)
    }

    fn call(&self, owner: u32) -> Option<CallId> {
        *self.calls.get(owner as usize)?
    }
}

/// The facade's `policy.js` reads this back.
fn encode(command: Command) -> [f64; NUMBERS] {
    match command {
        Command::Start { owner, attempt, level } => [0.0, owner as f64, attempt.into(), level.into(), 0.0, 0.0],
        Command::Abort { owner, attempt, reason } => {
            let reason = match reason {
                AbortReason::TimedOut => 0.0,
                AbortReason::TotalTimedOut => 1.0,
                AbortReason::Superseded => 2.0,
                AbortReason::Cancelled => 3.0,
            };
            [1.0, owner as f64, attempt.into(), reason, 0.0, 0.0]
        }
        Command::Failed { owner, attempt, level, reason } => {
            let (reason, retry_after) = reason_to_js(reason);
            [2.0, owner as f64, attempt.into(), reason, retry_after, level.into()]
        }
        Command::Delayed { owner, delay } => [3.0, owner as f64, millis(delay), 0.0, 0.0, 0.0],
        Command::FellBack { owner, level, reason } => {
            [4.0, owner as f64, level.into(), f64::from(u8::from(reason.is_none())), 0.0, 0.0]
        }
        Command::Settle { owner, end, goes_on } => {
            let (kind, a, b) = match end {
                End::Completed { attempt, store, .. } => (0.0, attempt.into(), store.map_or(-1.0, f64::from)),
                End::Cached { slot, stale } => (1.0, slot.into(), f64::from(u8::from(stale))),
                End::Shared { leader } => (2.0, leader as f64, 0.0),
                End::Failed(reason) => {
                    let (reason, retry_after) = reason_to_js(reason);
                    (3.0, reason, retry_after)
                }
                End::Cancelled => (4.0, 0.0, 0.0),
            };
            [5.0, owner as f64, kind, a, b, f64::from(u8::from(goes_on))]
        }
        Command::Evict { slot, .. } => [6.0, 0.0, slot.into(), 0.0, 0.0, 0.0],
        Command::Circuit { change, .. } => {
            [7.0, 0.0, f64::from(change.from as u8), f64::from(change.to as u8), change.at.as_millis(), 0.0]
        }
        Command::Ready { owner } => [8.0, owner as f64, 0.0, 0.0, 0.0, 0.0],
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

/// NaN when it is not known when to ask again.
fn reason_to_js(reason: FailureReason) -> (f64, f64) {
    let (number, retry_after) = number_of(reason);
    (number.into(), retry_after.map_or(f64::NAN, millis))
}

#[inline(never)]
fn host(policy: u32) -> Option<Rc<RefCell<Host>>> {
    POLICIES.with(|policies| policies.get(policy))
}

fn with<T: Default>(policy: u32, act: impl FnOnce(&mut Host) -> T) -> T {
    host(policy).map_or_else(T::default, |host| act(&mut host.borrow_mut()))
}

/// Moves the calls of a policy, and says what there is to do then. The same code for all that moves them.
#[inline(never)]
fn act(policy: u32, now_ms: f64, act: &dyn Fn(&mut Host, Timestamp)) -> f64 {
    let now = Timestamp::from_millis(now_ms);
    with(policy, |host| {
        act(host, now);
        host.flush(now)
    })
}

/// The scope of a policy on its own.
const SCOPE: &str = "policy";

/// Makes a policy of its options, and of what a snapshot holds.
#[wasm_bindgen(js_name = policyNew)]
pub fn policy_new(options: &JsValue, snapshot: &JsValue, now_ms: f64) -> Result<u32, JsValue> {
    let options = data_from_js(options, Code::ConfigInvalid, "the options of the policy")
        .and_then(|json| Options::new(&json))
        .map_err(|error| error_to_js(&error))?;
    let mut guards = Guards::default();
    let now = Timestamp::from_millis(now_ms);
    if let Some(breaker) = breaker_from_js(&field(snapshot, "circuit")) {
        guards.remember_breaker(SCOPE, breaker, now);
    }
    let wiring = guards.wire(&options, &SCOPE.into());
    if let Some(limit) = guards.rate_limit(wiring) {
        limit.restore(quotas_from_js(&field(snapshot, "quotas")));
    }
    let host = Host { options: Rc::new(options), wiring, guards, calls: Vec::new(), numbers: Vec::new() };
    Ok(POLICIES.with(|policies| policies.add(host)))
}

/// Forgets a policy with all its calls.
#[wasm_bindgen(js_name = policyFree)]
pub fn policy_free(policy: u32) {
    POLICIES.with(|policies| policies.remove(policy));
}

/// Begins the call `owner`. Usually it starts its first attempt.
#[wasm_bindgen(js_name = policyBegin)]
#[allow(clippy::too_many_arguments)] // the border has no structs
pub fn policy_begin(
    policy: u32,
    owner: u32,
    key: Option<String>,
    limit_key: Option<String>,
    tokens: u32,
    fallbacks: u32,
    seed: u32,
    now_ms: f64,
) -> f64 {
    let now = Timestamp::from_millis(now_ms);
    with(policy, |host| {
        let request = Request {
            owner: owner.into(),
            key: key.as_deref(),
            limit_key: limit_key.as_deref(),
            tokens,
            fallbacks,
            seed: seed.into(),
        };
        let call = host.guards.begin(&host.options, host.wiring, &request, now);
        if host.calls.len() <= owner as usize {
            host.calls.resize(owner as usize + 1, None);
        }
        host.calls[owner as usize] = Some(call);
        host.usually(owner, now)
    })
}

/// An attempt completed, with a value of so many bytes. Usually its call completes, and nobody keeps the value.
#[wasm_bindgen(js_name = policySettle)]
pub fn policy_settle(policy: u32, owner: u32, attempt: u32, bytes: f64, now_ms: f64) -> f64 {
    let now = Timestamp::from_millis(now_ms);
    with(policy, |host| {
        if let Some(call) = host.call(owner) {
            host.guards.settle(call, attempt, &Outcome::Completed { bytes: bytes as u64 }, now);
        }
        host.usually(owner, now)
    })
}

/// An attempt failed; see `Reported` for what is told of its error.
#[wasm_bindgen(js_name = policyFail)]
pub fn policy_fail(policy: u32, owner: u32, attempt: u32, error: Option<Array>, now_ms: f64) -> f64 {
    let error = Reported::read(error.as_ref());
    act(policy, now_ms, &|host, now| {
        if let Some(call) = host.call(owner) {
            let options = Rc::clone(&host.options);
            host.guards.settle(call, attempt, &Outcome::Failed(error.failure(&options.classify, now)), now);
        }
    })
}

/// The caller gives a call up.
#[wasm_bindgen(js_name = policyCancel)]
pub fn policy_cancel(policy: u32, owner: u32, now_ms: f64) -> f64 {
    act(policy, now_ms, &|host, now| {
        if let Some(call) = host.call(owner) {
            host.guards.cancel(call, now);
        }
    })
}

/// The output of an attempt has been seen: nothing is tried again; how many commands wait.
#[wasm_bindgen(js_name = policyCommit)]
pub fn policy_commit(policy: u32, owner: u32, attempt: u32, now_ms: f64) -> f64 {
    act(policy, now_ms, &|host, now| {
        if let Some(call) = host.call(owner) {
            host.guards.commit(call, attempt, now);
        }
    })
}

/// Does what is due.
#[wasm_bindgen(js_name = policyTick)]
pub fn policy_tick(policy: u32, now_ms: f64) -> f64 {
    act(policy, now_ms, &|host, now| {
        while host.guards.tick(now) {}
    })
}

/// Moves the circuit breaker by hand: 0 isolates it, 1 lifts one isolation, anything else closes it.
#[wasm_bindgen(js_name = policyCircuit)]
pub fn policy_circuit(policy: u32, how: u8, now_ms: f64) -> f64 {
    act(policy, now_ms, &|host, now| {
        host.guards.move_breaker(host.wiring, |breaker| move_by_hand(breaker, how, now));
    })
}

pub(super) fn move_by_hand(breaker: &mut Breaker, act: u8, now: Timestamp) {
    match act {
        0 => breaker.isolate(now),
        1 => breaker.lift(now),
        _ => breaker.close(now),
    }
}

/// What the service says of one of its limits: of tokens, or of requests.
#[wasm_bindgen(js_name = policyObserve)]
#[allow(clippy::too_many_arguments)] // the border has no structs
pub fn policy_observe(
    policy: u32,
    limit_key: Option<String>,
    tokens: bool,
    remaining: f64,
    reset_ms: f64,
    limit: f64,
    now_ms: f64,
) {
    let said = Observed {
        remaining: remaining as u32,
        reset: Timestamp::from_millis(reset_ms).since(Timestamp::EPOCH),
        limit: Some(limit as u32),
    };
    with(policy, |host| {
        if let Some(limit) = host.guards.rate_limit(host.wiring) {
            let unit = if tokens { Unit::Tokens } else { Unit::Requests };
            limit.observe(&limit_key.unwrap_or_default(), unit, said, Timestamp::from_millis(now_ms));
        }
    });
}

/// Forgets what the cache holds; the values are evicted by commands.
#[wasm_bindgen(js_name = policyClearCache)]
pub fn policy_clear_cache(policy: u32, now_ms: f64) -> f64 {
    act(policy, now_ms, &|host, _| host.guards.clear_cache(host.wiring))
}

/// What happened so far, and what is there.
#[wasm_bindgen(js_name = policyStats)]
pub fn policy_stats(policy: u32, now_ms: f64) -> JsValue {
    let now = Timestamp::from_millis(now_ms);
    with(policy, |host| {
        let stats = host.guards.stats(host.wiring);
        let fields = Fields::default();
        fields.numbers(
            "calls succeeded failed cancelled inFlight attempts retries timeouts hedges fallbacks shortCircuited rejected \
             rateLimited budgetExhausted cacheHits staleHits shared",
            &[
                stats.calls.into(),
                stats.succeeded.into(),
                stats.failed.into(),
                stats.cancelled.into(),
                host.guards.len() as f64,
                stats.attempts.into(),
                stats.retries.into(),
                stats.timeouts.into(),
                stats.hedges.into(),
                stats.fallbacks.into(),
                stats.short_circuited.into(),
                stats.bulkhead_rejected.into(),
                stats.rate_limited.into(),
                stats.budget_exhausted.into(),
                stats.cache_hits.into(),
                stats.stale_hits.into(),
                stats.shared.into(),
            ],
        );
        if let Some(counts) = host.guards.breaker_counts(host.wiring, now) {
            let state = host.guards.breaker(host.wiring).map(|breaker| breaker.state(now).name());
            let circuit = Fields::default();
            circuit.text("state", state.unwrap_or_default());
            let counts = [counts.calls.into(), counts.failures.into(), counts.slow.into()];
            fields.value("circuit", &circuit.numbers("calls failures slow", &counts).object());
        }
        if let Some((used, limit, queued)) = host.guards.bulkhead(host.wiring) {
            let bulkhead = Fields::default();
            bulkhead.number("running", used.into()).value("limit", &limit.into()).number("queued", queued as f64);
            fields.value("bulkhead", &bulkhead.object());
        }
        if let Some(cache) = host.guards.cache(host.wiring) {
            let sizes = [cache.len() as f64, cache.bytes() as f64];
            fields.value("cache", &Fields::default().numbers("entries bytes", &sizes).object());
        }
        fields.object()
    })
}

/// What outlives a reload, as plain data: the state of the circuit breaker, and how much of the quotas is used.
#[wasm_bindgen(js_name = policySnapshot)]
pub fn policy_snapshot(policy: u32, now_ms: f64) -> JsValue {
    let now = Timestamp::from_millis(now_ms);
    with(policy, |host| {
        let fields = Fields::default();
        if let Some(breaker) = host.guards.breaker(host.wiring) {
            fields.value("circuit", &breaker_to_js(breaker.snapshot(now)));
        }
        if let Some(limit) = host.guards.rate_limit(host.wiring) {
            let quotas = limit.snapshot().into_iter().map(|(key, day, used)| {
                Fields::default().text("key", &key).numbers("day used", &[day.into(), used.into()]).object()
            });
            fields.value("quotas", &quotas.collect::<Array>());
        }
        fields.object()
    })
}

fn field(of: &JsValue, name: &str) -> JsValue {
    Reflect::get(of, &name.into()).unwrap_or_default()
}

fn number(of: &JsValue, name: &str) -> Option<f64> {
    field(of, name).as_f64().filter(|it| it.is_finite())
}

pub(super) fn breaker_to_js(snapshot: BreakerSnapshot) -> JsValue {
    let BreakerSnapshot { state, open_until, opens, isolations } = snapshot;
    let numbers = [open_until.as_millis(), opens.into(), isolations.into()];
    Fields::default().text("state", state.name()).numbers("openUntil opens isolations", &numbers).object()
}

/// What is not understood is left out: an old snapshot must not stop an app.
pub(super) fn breaker_from_js(snapshot: &JsValue) -> Option<BreakerSnapshot> {
    let name = field(snapshot, "state").as_string()?;
    Some(BreakerSnapshot {
        state: BreakerState::ALL.iter().copied().find(|state| state.name() == name)?,
        open_until: Timestamp::from_millis(number(snapshot, "openUntil").unwrap_or_default()),
        opens: number(snapshot, "opens").unwrap_or_default() as u32,
        isolations: number(snapshot, "isolations").unwrap_or_default() as u32,
    })
}

fn quotas_from_js(quotas: &JsValue) -> Vec<(String, u32, u32)> {
    let quotas = quotas.dyn_ref::<Array>().map(Array::to_vec).unwrap_or_default();
    let mut read = Vec::new();
    for quota in &quotas {
        if let Some(key) = field(quota, "key").as_string()
            && let Some(day) = number(quota, "day")
            && let Some(used) = number(quota, "used")
        {
            read.push((key, day as u32, used as u32));
        }
    }
    read
}
