//! What every step may have, and which kind it is.

use std::time::Duration;

use super::kinds::{read_call, read_for_each, read_group, read_switch, read_target, read_wait};
use super::{OnError, Order, StepAction, StepDefinition, Target};
use crate::reader::{At, Object, describe, list};
use crate::value::Value;

/// What a step may be. `forEach` stands before `steps`, which is its body then.
const STEP_KINDS: &[&str] = &["call", "workflow", "emit", "parallel", "switch", "forEach", "wait", "steps"];
const STEP_KEYS: &[&str] = &[
    "id",
    "description",
    "call",
    "workflow",
    "emit",
    "parallel",
    "steps",
    "switch",
    "forEach",
    "as",
    "wait",
    "with",
    "needs",
    "when",
    "onError",
    "priority",
    "totalTimeout",
    "cache",
    "singleFlight",
    "fallback",
    "retry",
    "circuitBreaker",
    "rateLimit",
    "bulkhead",
    "timeout",
    "hedge",
    "classify",
    "compensate",
    "idempotencyKey",
    "concurrency",
    "metadata",
];
/// Keys that only some kinds have: which keys, which kinds, and what to do instead.
const BELONGING: &[(&[&str], &[&str])] = &[
    (&["with"], &["call", "workflow", "emit"]),
    (
        &[
            "totalTimeout",
            "cache",
            "singleFlight",
            "fallback",
            "retry",
            "circuitBreaker",
            "rateLimit",
            "bulkhead",
            "hedge",
            "classify",
            "compensate",
            "idempotencyKey",
        ],
        &["call", "workflow"],
    ),
    (&["timeout"], &["call", "workflow", "parallel", "steps", "switch", "forEach"]),
    (&["concurrency"], &["parallel", "steps", "forEach"]),
    (&["as"], &["forEach"]),
];

pub(super) fn read_steps(parent: &Object<'_>, key: &str, default_timeout: Duration) -> Vec<StepDefinition> {
    let mut steps = Vec::new();
    parent.each(key, "a step", STEP_KEYS, &mut |_, step| steps.push(read_step(step, default_timeout)));
    steps
}

fn read_step(object: &Object<'_>, default_timeout: Duration) -> StepDefinition {
    object.require("id", "a step needs a name");
    let id = read_id(object);
    object.string("description");
    StepDefinition {
        pointer: object.at().pointer(),
        id,
        action: read_action(object, default_timeout),
        needs: read_needs(object),
        when: object.string("when").map(str::to_owned),
        on_error: object
            .choice("onError", &["fail", "continue"], &[OnError::Fail, OnError::Continue])
            .unwrap_or_default(),
        priority: object.integer("priority").unwrap_or_default(),
    }
}

/// Letters, digits, `_` and `-`, so that an id can stand in an expression, a pointer and a log line; and nothing that means something
/// else to an object of JavaScript, where outputs stand by id.
#[inline(never)]
pub(super) fn read_id(object: &Object<'_>) -> String {
    let Some(id) = object.string("id") else { return String::new() };
    if !is_name(id) || id == "__proto__" {
        object.note("id", format_args!("`id` must be letters, digits, `_` and `-`, not `{id}`"));
    }
    id.to_owned()
}

#[inline(never)]
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn read_action(object: &Object<'_>, default_timeout: Duration) -> StepAction {
    let mut kind = None;
    for given in STEP_KINDS.iter().copied().filter(|kind| object.has(kind)) {
        match kind {
            None => kind = Some(given),
            Some("forEach") if given == "steps" => {}
            Some(kind) => {
                let message = format_args!("a step does one thing: it has `{kind}` already, and `{given}` too");
                object.note(given, message);
            }
        }
    }
    let Some(kind) = kind else {
        let message = format_args!("a step does one thing, but none of {} is there", list(STEP_KINDS));
        object.problems.note(object.at(), message);
        return StepAction::Call(Box::new(read_call(object, Target::Value, default_timeout)));
    };
    for (keys, kinds) in BELONGING.iter().filter(|(_, kinds)| !kinds.contains(&kind)) {
        for key in keys.iter().filter(|key| object.has(key)) {
            let inside = matches!(kind, "parallel" | "steps" | "switch" | "forEach");
            let advice = if inside && kinds[0] == "call" { "; give it to the steps inside" } else { "" };
            object.note(key, format_args!("`{key}` belongs to {}, not to `{kind}`{advice}", list(kinds)));
        }
    }
    match kind {
        "parallel" => read_group(object, kind, Order::Parallel, default_timeout),
        "steps" => read_group(object, kind, Order::Sequence, default_timeout),
        "switch" => read_switch(object, default_timeout),
        "forEach" => read_for_each(object, default_timeout),
        "wait" => StepAction::Wait(read_wait(object)),
        _ => StepAction::Call(Box::new(read_call(object, read_target(object, kind), default_timeout))),
    }
}

#[inline(never)]
fn read_needs(object: &Object<'_>) -> Option<Vec<String>> {
    let list = At::Key(object.at(), "needs");
    let mut needs = Vec::new();
    for (index, element) in object.list("needs")?.iter().enumerate() {
        match element {
            Value::String(id) => needs.push(id.to_string()),
            other => {
                let message = format_args!("`needs` lists ids of steps as strings, not {}", describe(other));
                object.problems.note(&At::Place(&list, index), message);
            }
        }
    }
    Some(needs)
}
