//! What the steps of each kind have.

use std::rc::Rc;
use std::time::Duration;

use super::step::{is_name, read_steps};
use super::{CallDefinition, CaseDefinition, FallbackDefinition, Order, StepAction, Target, WaitDefinition};
use crate::policy::{Names, Options};
use crate::reader::{Object, describe, describe_value};
use crate::small::{cut, place_of, split};
use crate::time::{MAX_DURATION, Timestamp, parse_duration, parse_instant};
use crate::value::{Value, get};
use crate::workflow::template::find_open;

const CASE_KEYS: &[&str] = &["when", "steps"];
const WAIT_KEYS: &[&str] = &["duration", "until", "signal", "timeout"];
const FALLBACK_KEYS: &[&str] = &["call", "workflow", "value", "with"];
const COMPENSATE_KEYS: &[&str] =
    &["call", "with", "totalTimeout", "retry", "circuitBreaker", "rateLimit", "bulkhead", "timeout", "classify"];
/// Names that mean something else in expressions.
const TAKEN: &[&str] = &["input", "parameters", "steps", "run", "index", "true", "false", "null", "in", "has"];

pub(super) fn read_call(object: &Object<'_>, target: Target, default_timeout: Duration) -> CallDefinition {
    let is_emit = matches!(target, Target::Topic(_));
    // What an `emit` must not have has been noted.
    let policies = if is_emit { Options::default() } else { Options::read(object, Names::Known) };
    CallDefinition {
        target,
        with: object.get("with").cloned(),
        policies: with_timeout(policies, default_timeout),
        fallback: read_fallback(object),
        compensate: read_compensate(object, default_timeout).map(Box::new),
        idempotency_key: object.get("idempotencyKey").cloned(),
        cache_key: object.get("cache").and_then(Value::as_map).and_then(|cache| get(cache, "key")).cloned(),
    }
}

fn with_timeout(mut policies: Options, default_timeout: Duration) -> Rc<Options> {
    policies.timeout = policies.timeout.or(Some(default_timeout));
    Rc::new(policies)
}

/// Whom `call`, `workflow` or `emit` names.
#[inline(never)]
pub(super) fn read_target(object: &Object<'_>, kind: &str) -> Target {
    let Some(text) = object.string(kind) else { return Target::Value };
    let expected = match kind {
        "call" => {
            if let Some((feature, action)) = cut(text, b".")
                && is_name(feature)
                && is_name(action)
            {
                return Target::Action { feature: feature.to_owned(), action: action.to_owned() };
            }
            "a feature and its action as `feature.action`"
        }
        "workflow" => {
            if is_name(text) {
                return Target::Workflow(text.to_owned());
            }
            "a workflow by its id"
        }
        _ => {
            if is_path(text) {
                return Target::Topic(text.to_owned());
            }
            "a topic: names between dots, without `*` and `>`"
        }
    };
    object.note(kind, format_args!("`{kind}` names {expected}, not `{text}`"));
    Target::Value
}

/// Names between dots.
#[inline(never)]
fn is_path(text: &str) -> bool {
    split(text, b'.').all(is_name)
}

/// The one of `keys` that is there; `None` when none is, or several are.
#[inline(never)]
fn only<'a>(object: &Object<'_>, keys: &[&'a str]) -> Option<&'a str> {
    let mut given = keys.iter().filter(|key| object.has(key));
    given.next().filter(|_| given.next().is_none()).copied()
}

fn read_fallback(object: &Object<'_>) -> Vec<FallbackDefinition> {
    if object.has_empty("fallback") {
        object.note("fallback", format_args!("`fallback` is empty: name what is asked instead, or leave it out"));
    }
    let mut fallback = Vec::new();
    object.each("fallback", "a fallback", FALLBACK_KEYS, &mut |_, object| {
        let target = match only(object, &FALLBACK_KEYS[..3]) {
            Some("value") => {
                if object.has("with") {
                    object.note("with", format_args!("a `value` is given as it is: `with` belongs to `call`"));
                }
                Target::Value
            }
            Some(kind) => read_target(object, kind),
            None => {
                let message = format_args!("a fallback has one of `call`, `workflow` and `value`");
                object.problems.note(object.at(), message);
                Target::Value
            }
        };
        let with = object.get(if target == Target::Value { "value" } else { "with" }).cloned();
        fallback.push(FallbackDefinition { target, with, pointer: object.at().pointer() });
    });
    fallback
}

#[inline(never)]
fn read_compensate(object: &Object<'_>, default_timeout: Duration) -> Option<CallDefinition> {
    let object = object.nested("compensate", COMPENSATE_KEYS)?;
    object.require("call", "what undoes the step");
    let target = read_target(&object, "call");
    Some(CallDefinition {
        target,
        with: object.get("with").cloned(),
        policies: with_timeout(Options::read(&object, Names::Known), default_timeout),
        fallback: Vec::new(),
        compensate: None,
        idempotency_key: None,
        cache_key: None,
    })
}

#[inline(never)]
pub(super) fn read_group(object: &Object<'_>, key: &str, order: Order, default_timeout: Duration) -> StepAction {
    StepAction::Group {
        steps: read_steps(object, key, default_timeout),
        order,
        concurrency: object.count("concurrency"),
        timeout: object.timeout("timeout"),
    }
}

#[inline(never)]
pub(super) fn read_switch(object: &Object<'_>, default_timeout: Duration) -> StepAction {
    let count = object.get("switch").map_or(0, Value::size);
    let mut cases = Vec::new();
    object.each("switch", "a case", CASE_KEYS, &mut |index, object| {
        object.require("steps", "what happens in this case");
        if index + 1 < count {
            object.require("when", "only the last case may do without");
        }
        let when = object.string("when").map(str::to_owned);
        let steps = read_steps(object, "steps", default_timeout);
        cases.push(CaseDefinition { when, steps, pointer: object.at().pointer() });
    });
    if object.has_empty("switch") {
        object.note("switch", format_args!("`switch` is empty: it needs at least one case"));
    }
    StepAction::Switch { cases, timeout: object.timeout("timeout") }
}

#[inline(never)]
pub(super) fn read_for_each(object: &Object<'_>, default_timeout: Duration) -> StepAction {
    let items = object.get("forEach").cloned().unwrap_or_default();
    if items.as_list().is_none() && !items.is_string() {
        object.must_be("forEach", "a list, or an expression that gives one", describe(&items));
    }
    object.require("steps", "what happens with each item");
    let variable = object.string("as").unwrap_or("item");
    let is_variable =
        is_name(variable) && place_of(variable, b"-").is_none() && !variable.as_bytes()[0].is_ascii_digit();
    if !is_variable || TAKEN.contains(&variable) {
        let message =
            format_args!("`as` must be a name of letters, digits and `_` that means nothing else, not `{variable}`");
        object.note("as", message);
    }
    StepAction::ForEach {
        items,
        variable: variable.to_owned(),
        steps: read_steps(object, "steps", default_timeout),
        concurrency: object.count("concurrency"),
        timeout: object.timeout("timeout"),
    }
}

#[inline(never)]
pub(super) fn read_wait(object: &Object<'_>) -> WaitDefinition {
    let wait = if object.get("wait").is_some_and(Value::is_map) {
        object.nested("wait", WAIT_KEYS).and_then(|wait| read_wait_for(&wait))
    } else {
        read_duration(object, "wait")
    };
    wait.unwrap_or(WaitDefinition::For(Duration::ZERO))
}

fn read_wait_for(wait: &Object<'_>) -> Option<WaitDefinition> {
    let kind = only(wait, &WAIT_KEYS[..3]);
    if wait.has("timeout") && kind != Some("signal") {
        wait.note("timeout", format_args!("`timeout` belongs to a `signal`"));
    }
    match kind {
        Some("duration") => read_duration(wait, "duration"),
        Some("until") => read_instant(wait),
        Some(_) => {
            let name = wait.string("signal").unwrap_or_default();
            if wait.get("signal").is_some_and(Value::is_string) && !is_path(name) {
                wait.must_be("signal", "letters, digits, `_`, `-` and `.`", &format!("`{name}`"));
            }
            Some(WaitDefinition::Signal { name: name.to_owned(), timeout: wait.timeout("timeout") })
        }
        None => {
            wait.problems.note(wait.at(), format_args!("`wait` has one of `duration`, `until` and `signal`"));
            None
        }
    }
}

/// A while: as written, or by an expression.
fn read_duration(object: &Object<'_>, key: &str) -> Option<WaitDefinition> {
    match object.get(key) {
        Some(json) if is_computed(json) => {
            let at = if key == "wait" { "wait" } else { "wait/duration" };
            Some(WaitDefinition::ForComputed(json.clone(), at))
        }
        _ => object.duration(key).map(WaitDefinition::For),
    }
}

/// An instant: as written, or by an expression.
fn read_instant(object: &Object<'_>) -> Option<WaitDefinition> {
    let json = object.get("until")?;
    if is_computed(json) {
        return Some(WaitDefinition::UntilComputed(json.clone()));
    }
    let instant = instant_of(json);
    if instant.is_none() {
        object.must_be("until", INSTANT, &describe_value(json));
    }
    instant.map(WaitDefinition::Until)
}

fn is_computed(json: &Value) -> bool {
    json.as_str().is_some_and(|text| find_open(text).is_some())
}

/// What an instant looks like.
pub(in crate::workflow) const INSTANT: &str =
    "an instant such as \"2027-01-31T18:00:00Z\", or milliseconds since the Unix epoch";

/// An instant as data has it.
pub(in crate::workflow) fn instant_of(json: &Value) -> Option<Timestamp> {
    match json {
        Value::String(text) => parse_instant(text),
        json => json.as_f64().filter(|ms| (0.0..=8.64e15).contains(ms)).map(Timestamp::from_millis),
    }
}

/// A while as data has it.
pub(in crate::workflow) fn duration_of(json: &Value) -> Option<Duration> {
    match json {
        Value::String(text) => parse_duration(text),
        json => {
            let most = MAX_DURATION.as_secs_f64() * 1_000.0;
            let ms = json.as_f64().filter(|ms| (0.0..=most).contains(ms))?;
            Some(Duration::from_micros((ms * 1_000.0) as u64))
        }
    }
}
