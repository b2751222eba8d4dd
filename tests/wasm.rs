//! The border, from the Rust side of a real wasm instance: what crosses it, and what does not.
//!
//! What the package promises to JavaScript is tested from JavaScript, in tests/pkg.
#![cfg(target_arch = "wasm32")]

#[path = "wasm/expression.rs"]
mod expression;
#[path = "wasm/model.rs"]
mod model;

use js_sys::{Array, Function, JSON, Object, Reflect};
use repflow::bus::HealthStatus;
use repflow::wasm::{bus, coach, convert, engine, filter, plan, policy, run};
use repflow::workflow::EventKind;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

fn js(text: &str) -> JsValue {
    JSON::parse(text).expect("the test writes JSON")
}

fn text(value: &JsValue) -> String {
    JSON::stringify(value).expect("plain data").into()
}

fn field(value: &JsValue, key: &str) -> JsValue {
    Reflect::get(value, &key.into()).expect("an object")
}

/// An engine with a run of this definition; its handle, the plan and the run's number.
fn start(definition: &str) -> (u32, JsValue, u32) {
    let handle = engine::engine_new();
    let plan = plan::plan_compile(handle, &js(definition), 30_000.0).expect("a valid definition");
    let number = field(&plan, "handle").as_f64().expect("a number") as u32;
    (handle, plan, started(run::run_start(handle, number, 7, None, 1_000.0)).0)
}

/// The number of a run that was started, and what that led to.
fn started(told: f64) -> (u32, u32) {
    let told = told as u64;
    ((told >> 32) as u32, told as u32)
}

const GREET: &str = r#"{ "id": "greet", "steps": [
    { "id": "first", "call": "greeter.hello", "with": { "who": "{{ input.user }}", "text": "{{ input.user.name }}!" } },
    { "id": "second", "call": "greeter.wave", "with": "{{ steps.first.output.reply }}" }
] }"#;

#[wasm_bindgen_test]
fn a_plan_describes_itself() {
    let (_, plan, _) = start(GREET);
    let steps: Array = field(&plan, "steps").unchecked_into();
    assert_eq!(
        text(&steps.get(0)),
        concat!(
            r#"{"leadsTo":[1],"id":"first","hasIdempotencyKey":false,"hasKey":false,"fallbacks":[],"feature":"greeter","#,
            r#""action":"hello","kind":"call","timeoutMs":30000,"totalTimeoutMs":null}"#
        )
    );
    // What is handed on as it is, the host finds where it stands.
    assert_eq!(text(&field(&steps.get(1), "path")), r#"["reply",0,1]"#);
    assert_eq!(field(&plan, "last").as_f64(), Some(1.0));
    assert_eq!(field(&plan, "hasOutput").as_bool(), Some(false));
}

#[wasm_bindgen_test]
fn a_template_lends_values_and_gives_them_back_as_they_are() {
    let (handle, _, run) = start(GREET);
    let input = js(r#"{ "user": { "name": "Ada" } }"#);
    let (outputs, items) = (Array::new(), Array::new());
    let params =
        run::run_params(handle, run, 0, 0, &"run-1".into(), &input, &outputs, &items).expect("it can be filled");
    assert!(Object::is(&field(&params, "who"), &field(&input, "user")), "the very object");
    assert_eq!(field(&params, "text").as_string().as_deref(), Some("Ada!"));

    let function: JsValue = Function::new_no_args("").into();
    let output = Object::new();
    Reflect::set(&output, &"reply".into(), &function).expect("an object");
    outputs.set(0, output.into());
    let params =
        run::run_params(handle, run, 1, 0, &"run-1".into(), &input, &outputs, &items).expect("it can be filled");
    assert!(Object::is(&params, &function), "what JSON cannot hold goes through, too");
}

const ELSEWHERE: u32 = 1 << 31;
const EARLIER: u32 = 1 << 30;
const NEXT: u32 = 1 << 29;
/// What stands there for a step when the run has completed.
const COMPLETED: u32 = NEXT - 1;

#[wasm_bindgen_test]
fn commands_stand_in_linear_memory() {
    let both = r#"{ "id": "both", "steps": [{ "id": "all", "parallel": [
        { "id": "one", "call": "greeter.hello" }, { "id": "two", "call": "greeter.wave" }
    ] }] }"#;
    let handle = engine::engine_new();
    let plan = plan::plan_compile(handle, &js(both), 30_000.0).expect("a valid definition");
    let number = field(&plan, "handle").as_f64().expect("a number") as u32;
    let (run, told) = started(run::run_start(handle, number, 7, None, 1_000.0));
    assert_eq!(told, ELSEWHERE | EARLIER | 2, "two commands, in a place of which nobody knew, and a time limit");
    let memory: js_sys::WebAssembly::Memory = engine::linear_memory().unchecked_into();
    let words = js_sys::Uint32Array::new(&memory.buffer());
    let start = engine::engine_commands(handle) as u32 / 4;
    let commands: Vec<u32> = (start..start + 10).map(|at| words.get_index(at)).collect();
    assert_eq!(commands, [0, run, 1, 1, 0, 0, run, 2, 1, 0], "call the two steps of the first one, attempt 1");
    assert_eq!(engine::engine_deadline(handle), 31_000.0);
    assert_eq!(run::run_cancel(handle, run, 2_000.0), 1, "only the end: it tells every handler");
    assert_eq!(engine::engine_deadline(handle), f64::INFINITY);
}

#[wasm_bindgen_test]
fn a_step_that_is_next_needs_no_command() {
    let handle = engine::engine_new();
    let plan = plan::plan_compile(handle, &js(GREET), 30_000.0).expect("a valid definition");
    let number = field(&plan, "handle").as_f64().expect("a number") as u32;
    let (run, told) = started(run::run_start(handle, number, 7, None, 1_000.0));
    assert_eq!(told, NEXT | EARLIER, "the first step, and a time limit");
    assert_eq!(engine::engine_deadline(handle), 31_000.0);
    assert_eq!(run::run_settle(handle, run, 0, 1, 1_500.0), NEXT | 1, "the second step; nothing is due earlier");
    assert_eq!(run::run_settle(handle, run, 1, 1, 1_600.0), NEXT | COMPLETED, "the end");
    assert_eq!(run::run_remove(handle, run, 1_600.0), 0);
    let (other, told) = started(run::run_start(handle, number, 7, None, 2_000.0));
    assert_eq!((other, told), (run, NEXT), "the host comes before this one's time is over, and then it is told");
    run::run_remove(handle, other, 2_000.0);
    let (_, told) = started(run::run_start(handle, number, 7, None, 40_000.0));
    assert_eq!(told, NEXT | EARLIER, "the host has not come when it was to: it is told again");
}

#[wasm_bindgen_test]
fn events_are_numbers_until_somebody_reads_them() {
    let (handle, _, run) = start(GREET);
    let events = figures(run::run_events(handle, run, 0));
    let told: Vec<&str> = events.chunks(6).map(|event| EventKind::NAMES[event[0] as usize]).collect();
    assert_eq!(told, ["run.started", "step.started", "attempt.started"]);
    assert_eq!(figures(run::run_events(handle, run, 3)), Vec::<f64>::new());
    let steps = figures(run::run_steps(handle, run, 0, u32::MAX));
    let its_first_attempt = f64::from(1 << 19);
    assert_eq!(steps[..2], [1.0 + its_first_attempt, 1_000.0], "it runs, since then, and this is its first attempt");
    assert!(steps[2].is_nan(), "it has not ended");
}

/// Figures in linear memory, before which stands how many there are.
fn figures(place: *const f64) -> Vec<f64> {
    let memory: js_sys::WebAssembly::Memory = engine::linear_memory().unchecked_into();
    let numbers = js_sys::Float64Array::new(&memory.buffer());
    let from = place as u32 / 8;
    (1..=numbers.get_index(from) as u32).map(|at| numbers.get_index(from + at)).collect()
}

#[wasm_bindgen_test]
fn a_handle_that_means_nothing_does_nothing() {
    assert_eq!(engine::engine_tick(0, 0.0), 0);
    assert_eq!(run::run_settle(99, 1, 2, 3, 0.0), 0);
    assert!(run::run_start(engine::engine_new(), 99, 0, None, 0.0).is_nan());
    assert!(engine::engine_commands(99).is_null());
    assert!(run::run_steps(99, 1, 0, 1).is_null());
    assert_eq!(run::run_remove(99, 99, 0.0), 0);
    bus::bus_unsubscribe(99, 99);
    bus::request_end(99, 99, 0.0);
    bus::health_free(99, 99);
    assert_eq!(bus::health_checked(bus::bus_new(), 1, 2, 0.0), 0);
    filter::filter_free(99);
    assert_eq!(filter::filter_holds(99, &JsValue::NULL, &JsValue::NULL), Ok(false));
}

/// The options of a feature's health, with a window of a minute and at least two calls.
const HEALTH: [f64; 10] = [60_000.0, 2.0, 0.1, 0.5, 5_000.0, 0.5, 0.9, 0.5, 2.0, 1.0];

#[wasm_bindgen_test]
fn the_health_of_a_feature_is_a_number() {
    const DEGRADED: u8 = HealthStatus::Degraded as u8;
    const UNHEALTHY: u8 = HealthStatus::Unhealthy as u8;
    let handle = bus::bus_new();
    let feature = bus::health_new(handle, &HEALTH);
    let other = bus::health_new(handle, &HEALTH);
    assert_eq!((feature, other), (1, 2), "0 names nobody");
    assert_eq!(bus::health_record(handle, feature, false, 5_001.0, 1_000.0), 0, "one call is too few");
    assert_eq!(bus::health_record(handle, feature, false, 40.0, 1_000.0), DEGRADED, "half of them are slow");
    assert_eq!(bus::health_checked(handle, feature, UNHEALTHY, 1_000.0), DEGRADED);
    assert_eq!(bus::health_checked(handle, feature, 99, 1_000.0), UNHEALTHY, "what is no status is unhealthy");
    assert_eq!(bus::health_status(handle, feature, 90_000.0), UNHEALTHY);
    assert_eq!(bus::health_checked(handle, feature, 0, 90_000.0), 0);
    assert_eq!(bus::health_record(handle, other, true, f64::NAN, f64::NAN), 0);
    assert_eq!(bus::health_record(handle, other, true, -1.0, f64::INFINITY), 0, "time went on, and one call is left");
    bus::health_free(handle, feature);
    assert_eq!(bus::health_checked(handle, feature, UNHEALTHY, 0.0), 0, "it is not known any more");
    assert_eq!(bus::health_new(handle, &HEALTH), feature, "its number is used again");
    assert_eq!(bus::health_new(handle, &HEALTH[..9]), 0, "an option is missing");
    bus::bus_free(handle);
    assert_eq!(bus::health_new(handle, &HEALTH), 0, "there is no such bus");
}

#[wasm_bindgen_test]
fn a_filter_sees_the_data_and_the_event() {
    let long = filter::filter_new("data.minutes > 30 && event.source == 'coach'").expect("a filter");
    let event = js(r#"{ "source": "coach" }"#);
    for (data, holds) in [(r#"{ "minutes": 45 }"#, true), (r#"{ "minutes": 30 }"#, false)] {
        assert_eq!(filter::filter_holds(long, &js(data), &event), Ok(holds), "{data}");
    }
    let error = filter::filter_holds(long, &js("{}"), &event).expect_err("there is no such field");
    assert_eq!(field(&error, "code").as_string().as_deref(), Some("expression.failed"));
    filter::filter_free(long);
    assert_eq!(filter::filter_holds(long, &js(r#"{ "minutes": 45 }"#), &event), Ok(false), "it is not known any more");

    let text = filter::filter_new("{{ string(data[0]) == '1e-7' }}").expect("a filter");
    assert_eq!(filter::filter_holds(text, &js("[1e-7]"), &JsValue::UNDEFINED), Ok(true));
    assert!(filter::filter_new("data").is_ok_and(|filter| {
        let error = filter::filter_holds(filter, &js("1"), &JsValue::UNDEFINED).expect_err("a number is no condition");
        field(&error, "message").as_string().is_some_and(|text| text.contains("`filter` takes a boolean"))
    }));
}

#[wasm_bindgen_test]
fn what_is_no_filter_says_where() {
    let error = filter::filter_new("date.minutes > 30").expect_err("there is no `date`");
    assert_eq!(field(&error, "code").as_string().as_deref(), Some("bus.invalid"));
    let problems: Array = field(&error, "problems").unchecked_into();
    assert_eq!(
        text(&problems.get(0)),
        concat!(
            r#"{"pointer":"/filter","message":"column 1: unknown name `date`; there are `data`, `event`","#,
            r#""suggestion":"data"}"#
        )
    );
}

#[wasm_bindgen_test]
fn a_getter_of_the_data_may_call_back_in() {
    let filter = filter::filter_new("data.minutes > 30").expect("a filter");
    let (data, descriptor) = (Object::new(), Object::new());
    let getter = Closure::once_into_js(move || {
        filter::filter_free(filter);
        filter::filter_new("true").map_or(0.0, |_| 45.0)
    });
    Reflect::set(&descriptor, &"get".into(), &getter).expect("an object");
    Object::define_property(&data, &"minutes".into(), &descriptor);
    assert_eq!(filter::filter_holds(filter, &data, &JsValue::UNDEFINED), Ok(true));
}

#[wasm_bindgen_test]
fn a_policy_says_the_usual_in_one_number_and_the_rest_below_zero() {
    let handle = policy::policy_new(&js(r#"{ "timeout": "1s", "retry": { "maxAttempts": 2 } }"#), &JsValue::NULL, 0.0);
    let handle = handle.expect("the options are right");
    let begin = |owner, now| policy::policy_begin(handle, owner, None, None, 0, 0, 7, now);
    assert_eq!(begin(0, 100.0), 1_100.0, "it starts, and its timeout is due next");
    assert_eq!(policy::policy_settle(handle, 0, 1, 0.0, 200.0), f64::INFINITY, "it completes, and nothing is due");
    assert_eq!(begin(0, 300.0), 1_300.0);
    assert!(policy::policy_fail(handle, 0, 1, None, 400.0) < 0.0, "it failed, and waits");
    assert_eq!(policy::policy_begin(99, 0, None, None, 0, 0, 7, 0.0), 0.0, "there is no such policy");
    policy::policy_free(handle);
    assert_eq!(policy::policy_tick(handle, 9_999.0), 0.0);
}

#[wasm_bindgen_test]
fn an_error_crosses_with_all_its_fields() {
    let error = plan::plan_compile(engine::engine_new(), &js(r#"{ "id": "x", "stesp": [] }"#), 1.0).unwrap_err();
    assert_eq!(field(&error, "code").as_string().as_deref(), Some("workflow.invalid"));
    assert_eq!(field(&error, "kind").as_string().as_deref(), Some("validation"));
    let problems: Array = field(&error, "problems").unchecked_into();
    assert_eq!(field(&problems.get(0), "suggestion").as_string().as_deref(), Some("steps"));
    assert_eq!(field(&problems.get(0), "pointer").as_string().as_deref(), Some("/stesp"));
}

#[wasm_bindgen_test]
fn data_that_is_no_data_is_refused_and_not_a_crash() {
    let mut deep = JsValue::NULL;
    for _ in 0..100_000 {
        deep = Array::of1(&deep).into();
    }
    for value in [JsValue::from(js_sys::BigInt::from(1)), JsValue::symbol(None), deep] {
        let error = coach::coach_input("quick-workout", &value).unwrap_err();
        assert_eq!(field(&error, "code").as_string().as_deref(), Some("workout.invalid"));
    }
    let nested = format!("{}1{}", "[".repeat(200), "]".repeat(200));
    let error = coach::coach_input("quick-workout", &js(&nested)).unwrap_err();
    assert!(
        field(&error, "message").as_string().is_some_and(|text| text.contains("128")),
        "it says how deep it may be"
    );
}

#[wasm_bindgen_test]
fn durations_are_read_in_one_place() {
    assert_eq!(convert::parse_duration("1.5s"), Some(1_500.0));
    assert_eq!(convert::parse_duration("soon"), None);
}
