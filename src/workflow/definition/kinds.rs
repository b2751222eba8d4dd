//! What the steps of each kind have.

use serde_json::Value as Json;

use super::step::{is_name, read_steps};
use super::{CallDefinition, CaseDefinition, FallbackDefinition, Order, StepAction, Target, WaitDefinition};
use crate::policy::{Names, Options};
use crate::reader::{Object, Problems, describe, describe_value, join};
use crate::time::{MAX_DURATION, Timestamp, parse_duration, parse_instant};

const CASE_KEYS: &[&str] = &["when", "steps"];
const WAIT_KEYS: &[&str] = &["duration", "until", "signal", "timeout"];
const FALLBACK_KEYS: &[&str] = &["call", "workflow", "value", "with"];
const COMPENSATE_KEYS: &[&str] =
    &["call", "with", "totalTimeout", "retry", "circuitBreaker", "rateLimit", "bulkhead", "timeout", "classify"];
/// Names that mean something else in expressions.
const TAKEN: &[&str] = &["input", "parameters", "steps", "run", "index", "true", "false", "null", "in", "has"];

pub(super) fn read_call(object: &Object<'_>, target: Target, problems: &mut Problems) -> CallDefinition {
    let is_emit = matches!(target, Target::Topic(_));
    CallDefinition {
        target,
        with: object.get("with").cloned(),
        // What an `emit` must not have has been noted.
        policies: if is_emit { Options::default() } else { Options::read(object, Names::Known, problems) },
        fallback: read_fallback(object, problems),
        compensate: read_compensate(object, problems).map(Box::new),
        idempotency_key: object.get("idempotencyKey").cloned(),
        cache_key: object.get("cache").and_then(|cache| cache.get("key")).cloned(),
    }
}

/// Whom `call`, `workflow` or `emit` names.
pub(super) fn read_target(object: &Object<'_>, kind: &str, problems: &mut Problems) -> Target {
    let Some(text) = object.string(kind, problems) else { return Target::Value };
    let (target, expected) = match kind {
        "call" => {
            let names = text.split_once('.').filter(|(feature, action)| is_name(feature) && is_name(action));
            let target = names
                .map(|(feature, action)| Target::Action { feature: feature.to_owned(), action: action.to_owned() });
            (target, "a feature and its action as `feature.action`")
        }
        "workflow" => (is_name(text).then(|| Target::Workflow(text.to_owned())), "a workflow by its id"),
        _ => {
            let is_topic = text.split('.').all(is_name);
            (is_topic.then(|| Target::Topic(text.to_owned())), "a topic: names between dots, without `*` and `>`")
        }
    };
    target.unwrap_or_else(|| {
        problems.note(object.pointer_to(kind), format!("`{kind}` names {expected}, not `{text}`"));
        Target::Value
    })
}

fn read_fallback(object: &Object<'_>, problems: &mut Problems) -> Vec<FallbackDefinition> {
    let pointer = object.pointer_to("fallback");
    let elements = object.list("fallback", problems).unwrap_or_default();
    if elements.is_empty() && matches!(object.get("fallback"), Some(Json::Array(_))) {
        problems.note(pointer.as_str(), "`fallback` is empty: name what is asked instead, or leave it out");
    }
    let mut fallback = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let pointer = join(&pointer, index);
        let Some(object) = Object::read(element, &pointer, "a fallback", problems) else { continue };
        object.check_keys("a fallback", FALLBACK_KEYS, &[], problems);
        let given: Vec<&str> = FALLBACK_KEYS[..3].iter().copied().filter(|key| object.get(key).is_some()).collect();
        let target = match given[..] {
            ["value"] => {
                if object.get("with").is_some() {
                    problems.note(object.pointer_to("with"), "a `value` is given as it is: `with` belongs to `call`");
                }
                Target::Value
            }
            [kind] => read_target(&object, kind, problems),
            _ => {
                problems.note(object.pointer(), "a fallback has one of `call`, `workflow` and `value`");
                Target::Value
            }
        };
        let with = object.get(if target == Target::Value { "value" } else { "with" }).cloned();
        fallback.push(FallbackDefinition { target, with, pointer });
    }
    fallback
}

fn read_compensate(object: &Object<'_>, problems: &mut Problems) -> Option<CallDefinition> {
    let json = object.get("compensate")?;
    let pointer = object.pointer_to("compensate");
    let object = Object::read(json, &pointer, "`compensate`", problems)?;
    object.check_keys("`compensate`", COMPENSATE_KEYS, &[], problems);
    if object.get("call").is_none() {
        problems.note(object.pointer(), "`call` is missing: what undoes the step");
    }
    let target = read_target(&object, "call", problems);
    Some(CallDefinition {
        target,
        with: object.get("with").cloned(),
        policies: Options::read(&object, Names::Known, problems),
        fallback: Vec::new(),
        compensate: None,
        idempotency_key: None,
        cache_key: None,
    })
}

pub(super) fn read_group(object: &Object<'_>, key: &str, order: Order, problems: &mut Problems) -> StepAction {
    StepAction::Group {
        steps: read_steps(object, key, problems),
        order,
        concurrency: object.count("concurrency", problems),
        timeout: object.timeout("timeout", problems),
    }
}

pub(super) fn read_switch(object: &Object<'_>, problems: &mut Problems) -> StepAction {
    let pointer = object.pointer_to("switch");
    let elements = object.list("switch", problems).unwrap_or_default();
    let mut cases = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        let pointer = join(&pointer, index);
        let Some(object) = Object::read(element, &pointer, "a case", problems) else { continue };
        object.check_keys("a case", CASE_KEYS, &[], problems);
        if object.get("steps").is_none() {
            problems.note(object.pointer(), "`steps` is missing: what happens in this case");
        }
        if object.get("when").is_none() && index + 1 < elements.len() {
            problems.note(object.pointer(), "`when` is missing: only the last case may do without");
        }
        let when = object.string("when", problems).map(str::to_owned);
        let steps = read_steps(&object, "steps", problems);
        cases.push(CaseDefinition { when, steps, pointer });
    }
    if elements.is_empty() && object.get("switch").is_some_and(Json::is_array) {
        problems.note(pointer, "`switch` is empty: it needs at least one case");
    }
    StepAction::Switch { cases, timeout: object.timeout("timeout", problems) }
}

pub(super) fn read_for_each(object: &Object<'_>, problems: &mut Problems) -> StepAction {
    let items = object.get("forEach").cloned().unwrap_or_default();
    if !matches!(items, Json::Array(_) | Json::String(_)) {
        let message = format!("`forEach` must be a list, or an expression that gives one, not {}", describe(&items));
        problems.note(object.pointer_to("forEach"), message);
    }
    if object.get("steps").is_none() {
        problems.note(object.pointer(), "`steps` is missing: what happens with each item");
    }
    let variable = object.string("as", problems).unwrap_or("item");
    let starts = |c: char| c.is_ascii_alphabetic() || c == '_';
    let is_variable = variable.starts_with(starts) && variable.chars().all(|c| starts(c) || c.is_ascii_digit());
    if !is_variable || TAKEN.contains(&variable) {
        let message =
            format!("`as` must be a name of letters, digits and `_` that means nothing else, not `{variable}`");
        problems.note(object.pointer_to("as"), message);
    }
    StepAction::ForEach {
        items,
        variable: variable.to_owned(),
        steps: read_steps(object, "steps", problems),
        concurrency: object.count("concurrency", problems),
        timeout: object.timeout("timeout", problems),
    }
}

pub(super) fn read_wait(object: &Object<'_>, problems: &mut Problems) -> WaitDefinition {
    let nothing = WaitDefinition::For(std::time::Duration::ZERO);
    let pointer = object.pointer_to("wait");
    match object.get("wait") {
        Some(json @ Json::Object(_)) => {
            let Some(wait) = Object::read(json, &pointer, "`wait`", problems) else { return nothing };
            wait.check_keys("`wait`", WAIT_KEYS, &[], problems);
            let given: Vec<&str> = WAIT_KEYS[..3].iter().copied().filter(|key| wait.get(key).is_some()).collect();
            if wait.get("timeout").is_some() && given != ["signal"] {
                problems.note(wait.pointer_to("timeout"), "`timeout` belongs to a `signal`");
            }
            match given[..] {
                ["duration"] => read_duration(&wait, "duration", problems).unwrap_or(nothing),
                ["until"] => read_instant(&wait, problems).unwrap_or(nothing),
                ["signal"] => {
                    let name = wait.string("signal", problems).unwrap_or_default();
                    if wait.get("signal").is_some_and(Json::is_string) && !name.split('.').all(is_name) {
                        let message = format!("`signal` must be letters, digits, `_`, `-` and `.`, not `{name}`");
                        problems.note(wait.pointer_to("signal"), message);
                    }
                    WaitDefinition::Signal { name: name.to_owned(), timeout: wait.timeout("timeout", problems) }
                }
                _ => {
                    problems.note(pointer, "`wait` has one of `duration`, `until` and `signal`");
                    nothing
                }
            }
        }
        _ => read_duration(object, "wait", problems).unwrap_or(nothing),
    }
}

/// A while: as written, or by an expression.
fn read_duration(object: &Object<'_>, key: &str, problems: &mut Problems) -> Option<WaitDefinition> {
    match object.get(key) {
        Some(json @ Json::String(text)) if text.contains("{{") => {
            let at = if key == "wait" { "wait" } else { "wait/duration" };
            Some(WaitDefinition::ForComputed(json.clone(), at))
        }
        _ => object.duration(key, problems).map(WaitDefinition::For),
    }
}

/// An instant: as written, or by an expression.
fn read_instant(object: &Object<'_>, problems: &mut Problems) -> Option<WaitDefinition> {
    let json = object.get("until")?;
    if json.as_str().is_some_and(|text| text.contains("{{")) {
        return Some(WaitDefinition::UntilComputed(json.clone()));
    }
    let instant = instant_of(json);
    if instant.is_none() {
        let message = format!("`until` must be {INSTANT}, not {}", describe_value(json));
        problems.note(object.pointer_to("until"), message);
    }
    instant.map(WaitDefinition::Until)
}

/// What an instant looks like.
pub(in crate::workflow) const INSTANT: &str =
    "an instant such as \"2027-01-31T18:00:00Z\", or milliseconds since the Unix epoch";

/// An instant as data has it.
pub(in crate::workflow) fn instant_of(json: &Json) -> Option<Timestamp> {
    match json {
        Json::String(text) => parse_instant(text),
        json => json.as_f64().filter(|ms| (0.0..=8.64e15).contains(ms)).map(Timestamp::from_millis),
    }
}

/// A while as data has it.
pub(in crate::workflow) fn duration_of(json: &Json) -> Option<std::time::Duration> {
    match json {
        Json::String(text) => parse_duration(text),
        json => {
            let most = MAX_DURATION.as_secs_f64() * 1_000.0;
            let ms = json.as_f64().filter(|ms| (0.0..=most).contains(ms))?;
            Some(std::time::Duration::from_micros((ms * 1_000.0) as u64))
        }
    }
}
