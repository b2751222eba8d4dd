//! What every step may have, and which kind it is.

use serde_json::Value as Json;

use super::kinds::{read_call, read_for_each, read_group, read_switch, read_wait};
use super::{OnError, Order, StepAction, StepDefinition, Target};
use crate::reader::{Object, Problems, describe, join, list};

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

pub(super) fn read_steps(parent: &Object<'_>, key: &str, problems: &mut Problems) -> Vec<StepDefinition> {
    let pointer = parent.pointer_to(key);
    let elements = parent.list(key, problems).unwrap_or_default();
    elements
        .iter()
        .enumerate()
        .filter_map(|(index, element)| read_step(element, &join(&pointer, index), problems))
        .collect()
}

fn read_step(json: &Json, pointer: &str, problems: &mut Problems) -> Option<StepDefinition> {
    let object = Object::read(json, pointer, "a step", problems)?;
    object.check_keys("a step", STEP_KEYS, &[], problems);
    let id = match object.get("id") {
        None => {
            problems.note(pointer, "`id` is missing: a step needs a name");
            String::new()
        }
        Some(_) => read_id(&object, problems),
    };
    object.string("description", problems);
    let on_errors = [("fail", OnError::Fail), ("continue", OnError::Continue)];
    Some(StepDefinition {
        pointer: pointer.to_owned(),
        id,
        action: read_action(&object, problems),
        needs: read_needs(&object, problems),
        when: object.string("when", problems).map(str::to_owned),
        on_error: object.choice("onError", &on_errors, problems).unwrap_or_default(),
        priority: object.integer("priority", problems).unwrap_or_default(),
    })
}

/// Letters, digits, `_` and `-`, so that an id can stand in an expression, a pointer and a log line.
pub(super) fn read_id(object: &Object<'_>, problems: &mut Problems) -> String {
    let id = object.string("id", problems).unwrap_or_default();
    if !is_name(id) && matches!(object.get("id"), Some(Json::String(_))) {
        problems.note(object.pointer_to("id"), format!("`id` must be letters, digits, `_` and `-`, not `{id}`"));
    }
    id.to_owned()
}

pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

fn read_action(object: &Object<'_>, problems: &mut Problems) -> StepAction {
    let mut given: Vec<&str> = STEP_KINDS.iter().copied().filter(|kind| object.get(kind).is_some()).collect();
    let kind = given.first().copied();
    if kind == Some("forEach") {
        given.retain(|kind| *kind != "steps");
    }
    let Some(kind) = kind else {
        problems.note(object.pointer(), format!("a step does one thing, but none of {} is there", list(STEP_KINDS)));
        return StepAction::Call(Box::new(read_call(object, Target::Value, problems)));
    };
    for extra in given.iter().skip(1) {
        let message = format!("a step does one thing: it has `{kind}` already, and `{extra}` too");
        problems.note(object.pointer_to(extra), message);
    }
    for (keys, kinds) in BELONGING.iter().filter(|(_, kinds)| !kinds.contains(&kind)) {
        for key in keys.iter().filter(|key| object.get(key).is_some()) {
            let inside = matches!(kind, "parallel" | "steps" | "switch" | "forEach");
            let advice = if inside && kinds[0] == "call" { "; give it to the steps inside" } else { "" };
            let message = format!("`{key}` belongs to {}, not to `{kind}`{advice}", list(kinds));
            problems.note(object.pointer_to(key), message);
        }
    }
    match kind {
        "parallel" => read_group(object, kind, Order::Parallel, problems),
        "steps" => read_group(object, kind, Order::Sequence, problems),
        "switch" => read_switch(object, problems),
        "forEach" => read_for_each(object, problems),
        "wait" => StepAction::Wait(read_wait(object, problems)),
        _ => {
            let target = super::kinds::read_target(object, kind, problems);
            StepAction::Call(Box::new(read_call(object, target, problems)))
        }
    }
}

fn read_needs(object: &Object<'_>, problems: &mut Problems) -> Option<Vec<String>> {
    let pointer = object.pointer_to("needs");
    let elements = object.list("needs", problems)?;
    let mut needs = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        match element {
            Json::String(id) => needs.push(id.clone()),
            other => problems
                .note(join(&pointer, index), format!("`needs` lists ids of steps as strings, not {}", describe(other))),
        }
    }
    Some(needs)
}
