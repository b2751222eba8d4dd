//! What is written: a workflow as its author sees it, checked one key at a time.
//!
//! Reading is lenient so that one pass finds every problem: a step with a wrong `timeout` still counts as a step, and
//! the steps after it are still looked at. A definition with any problem is refused whole by [`Plan`](super::Plan).

use std::time::Duration;

use serde_json::Value as Json;

use crate::policy::{Names, Options};
use crate::reader::{Object, Problems, describe, join};

/// A workflow, as written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Definition {
    /// Its name.
    pub id: String,
    /// Its version; empty when none was given.
    pub version: String,
    /// Bounds the whole run.
    pub timeout: Option<Duration>,
    /// How many calls of one run may run at once.
    pub concurrency: Option<u32>,
    /// The steps, in order.
    pub steps: Vec<StepDefinition>,
    /// A template of the run's output; without one it is the output of the last step.
    pub output: Option<Json>,
}

/// A step, as written.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepDefinition {
    /// Where it stands in the definition, as a JSON pointer.
    pub pointer: String,
    /// Its name, unique in the definition; empty when none was given.
    pub id: String,
    /// What it does.
    pub action: StepAction,
    /// The steps of its list that it waits for; `None` waits for the one before it, `Some([])` for none.
    pub needs: Option<Vec<String>>,
    /// What guards its call.
    pub policies: Options,
}

/// What a step does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StepAction {
    /// Requests an action of a feature.
    Call {
        /// The feature.
        feature: String,
        /// The action.
        action: String,
        /// A template of what the action is given; without one it is given the input of the run.
        with: Option<Json>,
    },
    /// Runs steps of its own.
    Group {
        /// The steps.
        steps: Vec<StepDefinition>,
        /// Whether each waits for the one before it (`steps`), or none does (`parallel`).
        order: Order,
        /// How many of them may run at once.
        concurrency: Option<u32>,
    },
}

/// How the steps of a list follow each other, unless `needs` says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Each waits for the one before it.
    Sequence,
    /// None waits.
    Parallel,
}

const DEFINITION_KEYS: &[&str] =
    &["$schema", "id", "version", "description", "timeout", "concurrency", "steps", "output", "metadata"];
const DEFINITION_PLANNED: &[&str] = &["parameters"];
const STEP_KINDS: &[&str] = &["call", "parallel", "steps"];
const STEP_KEYS: &[&str] = &[
    "id",
    "description",
    "call",
    "parallel",
    "steps",
    "with",
    "needs",
    "totalTimeout",
    "retry",
    "circuitBreaker",
    "rateLimit",
    "bulkhead",
    "timeout",
    "hedge",
    "classify",
    "concurrency",
    "metadata",
];
/// Keys of a call alone.
const CALL_KEYS: &[&str] =
    &["with", "totalTimeout", "retry", "circuitBreaker", "rateLimit", "bulkhead", "timeout", "hedge", "classify"];
const STEP_PLANNED: &[&str] = &[
    "switch",
    "forEach",
    "as",
    "wait",
    "emit",
    "workflow",
    "when",
    "fallback",
    "cache",
    "singleFlight",
    "compensate",
    "onError",
    "priority",
    "idempotencyKey",
];

impl Definition {
    /// Reads a definition and notes everything that is wrong in it.
    pub(super) fn read(json: &Json, problems: &mut Problems) -> Option<Self> {
        let object = Object::read(json, "", "a workflow definition", problems)?;
        object.check_keys("a workflow definition", DEFINITION_KEYS, DEFINITION_PLANNED, problems);
        let id = match object.get("id") {
            None => {
                problems.note("", "`id` is missing: a workflow needs a name");
                String::new()
            }
            Some(_) => read_id(&object, problems),
        };
        let steps = match object.get("steps") {
            None => {
                problems.note("", "`steps` is missing: a workflow needs a list of steps");
                Vec::new()
            }
            Some(_) => read_steps(&object, "steps", problems),
        };
        Some(Self {
            id,
            version: object.string("version", problems).unwrap_or_default().to_owned(),
            timeout: object.timeout("timeout", problems),
            concurrency: object.count("concurrency", problems),
            steps,
            output: object.get("output").cloned(),
        })
    }
}

fn read_steps(parent: &Object<'_>, key: &str, problems: &mut Problems) -> Vec<StepDefinition> {
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
    object.check_keys("a step", STEP_KEYS, STEP_PLANNED, problems);
    let id = match object.get("id") {
        None => {
            problems.note(pointer, "`id` is missing: a step needs a name");
            String::new()
        }
        Some(_) => read_id(&object, problems),
    };
    Some(StepDefinition {
        pointer: pointer.to_owned(),
        id,
        action: read_action(&object, problems),
        needs: read_needs(&object, problems),
        policies: Options::read(&object, Names::Known, problems),
    })
}

/// Letters, digits, `_` and `-`, so that an id can stand in an expression, a pointer and a log line.
fn read_id(object: &Object<'_>, problems: &mut Problems) -> String {
    let id = object.string("id", problems).unwrap_or_default();
    let wrong = id.is_empty() || !id.bytes().all(is_name_byte);
    if wrong && matches!(object.get("id"), Some(Json::String(_))) {
        problems.note(object.pointer_to("id"), format!("`id` must be letters, digits, `_` and `-`, not `{id}`"));
    }
    id.to_owned()
}

fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-'
}

fn read_action(object: &Object<'_>, problems: &mut Problems) -> StepAction {
    let given: Vec<&str> = STEP_KINDS.iter().copied().filter(|kind| object.get(kind).is_some()).collect();
    let planned = STEP_PLANNED.iter().any(|key| object.get(key).is_some());
    if given.is_empty() && !planned {
        problems.note(object.pointer(), "a step does one thing: `call`, `parallel` or `steps` is missing");
    }
    for extra in given.iter().skip(1) {
        let message = format!("a step does one thing: it has `{}` already, and `{extra}` too", given[0]);
        problems.note(object.pointer_to(extra), message);
    }
    match given.first() {
        Some(&"call") | None => {
            if object.get("concurrency").is_some() {
                problems.note(object.pointer_to("concurrency"), "`concurrency` belongs to `parallel` and `steps`");
            }
            let (feature, action) = read_target(object, problems);
            StepAction::Call { feature, action, with: object.get("with").cloned() }
        }
        Some(kind) => {
            for key in CALL_KEYS {
                if object.get(key).is_some() {
                    let message = format!("`{key}` belongs to `call`; give it to the steps inside of `{kind}`");
                    problems.note(object.pointer_to(key), message);
                }
            }
            StepAction::Group {
                steps: read_steps(object, kind, problems),
                order: if *kind == "parallel" { Order::Parallel } else { Order::Sequence },
                concurrency: object.count("concurrency", problems),
            }
        }
    }
}

fn read_target(object: &Object<'_>, problems: &mut Problems) -> (String, String) {
    let Some(call) = object.string("call", problems) else { return Default::default() };
    let part = |name: &str| !name.is_empty() && name.bytes().all(is_name_byte);
    match call.split_once('.') {
        Some((feature, action)) if part(feature) && part(action) => (feature.to_owned(), action.to_owned()),
        _ => {
            let message = format!("`call` names a feature and its action as `feature.action`, not `{call}`");
            problems.note(object.pointer_to("call"), message);
            Default::default()
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
