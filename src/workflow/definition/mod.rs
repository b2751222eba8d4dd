//! What is written: a workflow as its author sees it, checked one key at a time.
//!
//! Reading is lenient so that one pass finds every problem: a step with a wrong `timeout` still counts as a step, and
//! the steps after it are still looked at. A definition with any problem is refused whole by [`Plan`](super::Plan).
//!
//! # Layout
//! - this file: the workflow, and what its parts are
//! - `step`: what every step may have, and which kind it is
//! - `kinds`: what the steps of each kind have

mod kinds;
mod step;

use std::rc::Rc;
use std::time::Duration;

use crate::policy::Options;
use crate::reader::{At, Object, Problems, describe};
use crate::time::Timestamp;
use crate::value::Value;

pub(super) use self::kinds::{INSTANT, duration_of, instant_of};
use self::step::{read_id, read_steps};

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
    /// How many calls of all runs with the same key may run at once.
    pub per_key: Option<PerKey>,
    /// The steps, in order.
    pub steps: Vec<StepDefinition>,
    /// A template of the run's output; without one it is the output of the last step.
    pub output: Option<Value>,
}

/// A limit that runs share when their key is the same.
#[derive(Clone, Debug)]
pub struct PerKey {
    /// A template of the key.
    pub key: Value,
    /// How many calls may run at once.
    pub limit: u32,
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
    /// The condition without which it is skipped.
    pub when: Option<String>,
    /// What its failure means for the rest.
    pub on_error: OnError,
    /// Who comes first when several wait for a slot: the higher one.
    pub priority: i32,
}

/// What the failure of a step means for the rest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnError {
    /// What it is a part of fails with it.
    #[default]
    Fail,
    /// The rest goes on without its output.
    Continue,
}

/// What a step does.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum StepAction {
    /// Asks somebody: a feature, a workflow, those who listen to a topic.
    Call(Box<CallDefinition>),
    /// Runs steps of its own.
    Group {
        /// The steps.
        steps: Vec<StepDefinition>,
        /// Whether each waits for the one before it (`steps`), or none does (`parallel`).
        order: Order,
        /// How many of them may run at once.
        concurrency: Option<u32>,
        /// Bounds all of them.
        timeout: Option<Duration>,
    },
    /// Runs the steps of the first case whose condition holds.
    Switch {
        /// The cases, in order.
        cases: Vec<CaseDefinition>,
        /// Bounds the steps of the case.
        timeout: Option<Duration>,
    },
    /// Runs steps of its own for each item of a list.
    ForEach {
        /// A template of the list.
        items: Value,
        /// What an item is called in expressions.
        variable: String,
        /// The steps.
        steps: Vec<StepDefinition>,
        /// How many iterations may be active at once.
        concurrency: Option<u32>,
        /// Bounds all iterations.
        timeout: Option<Duration>,
    },
    /// Waits.
    Wait(WaitDefinition),
}

/// A case of a switch.
#[derive(Clone, Debug)]
pub struct CaseDefinition {
    /// Where it stands in the definition.
    pub pointer: String,
    /// Its condition; the last case may have none.
    pub when: Option<String>,
    /// Its steps, each after the one before it.
    pub steps: Vec<StepDefinition>,
}

/// A step that asks somebody.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct CallDefinition {
    /// Whom.
    pub target: Target,
    /// A template of what they are given; without one it is the input of the run.
    pub with: Option<Value>,
    /// What guards it, with the default timeout when it has none of its own.
    pub policies: Rc<Options>,
    /// What is asked when it fails, one after the other.
    pub fallback: Vec<FallbackDefinition>,
    /// What undoes it when the run ends in vain.
    pub compensate: Option<Box<CallDefinition>>,
    /// A template of what tells the service that it is the same request again.
    pub idempotency_key: Option<Value>,
    /// A template of what tells the same answer in the cache.
    pub cache_key: Option<Value>,
}

/// What is asked instead.
#[derive(Clone, Debug)]
pub struct FallbackDefinition {
    /// Where it stands in the definition.
    pub pointer: String,
    /// Whom.
    pub target: Target,
    /// A template of what they are given; without one it is what the step itself is given.
    pub with: Option<Value>,
}

/// Who is asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// An action of a feature.
    Action {
        /// The feature.
        feature: String,
        /// The action.
        action: String,
    },
    /// Another workflow.
    Workflow(String),
    /// Those who listen to a topic.
    Topic(String),
    /// Nobody: `with` is the answer.
    Value,
}

/// What a step waits for.
#[derive(Clone, Debug)]
pub enum WaitDefinition {
    /// A while.
    For(Duration),
    /// An instant.
    Until(Timestamp),
    /// A while that an expression gives, and under which key of the step it stands.
    ForComputed(Value, &'static str),
    /// An instant that an expression gives.
    UntilComputed(Value),
    /// A signal.
    Signal {
        /// Its name.
        name: String,
        /// How long.
        timeout: Option<Duration>,
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
    &["$schema", "id", "version", "description", "parameters", "timeout", "concurrency", "steps", "output", "metadata"];
const CONCURRENCY_KEYS: &[&str] = &["limit", "key", "perKey"];

impl Definition {
    /// Reads a definition and notes everything that is wrong in it. A call without a `timeout` of its own gets
    /// `default_timeout`.
    pub(super) fn read(json: &Value, default_timeout: Duration, problems: &Problems) -> Option<Self> {
        let object = Object::read(json, At::Pointer(""), "a workflow definition", problems)?;
        object.check_keys("a workflow definition", DEFINITION_KEYS);
        object.require("id", "a workflow needs a name");
        let id = read_id(&object);
        object.require("steps", "a workflow needs a list of steps");
        let steps = read_steps(&object, "steps", default_timeout);
        for key in ["$schema", "description"] {
            object.string(key);
        }
        if let Some(other) = object.get("parameters").filter(|it| !it.is_map() && it.as_bool().is_none()) {
            object.must_be("parameters", "a JSON Schema", describe(other));
        }
        let (concurrency, per_key) = read_concurrency(&object);
        Some(Self {
            id,
            version: object.string("version").unwrap_or_default().to_owned(),
            timeout: object.timeout("timeout"),
            concurrency,
            per_key,
            steps,
            output: object.get("output").cloned(),
        })
    }
}

/// A number, or an object that also says what runs share.
fn read_concurrency(object: &Object<'_>) -> (Option<u32>, Option<PerKey>) {
    if object.get("concurrency").is_some_and(Value::is_map) {
        read_shared_concurrency(object)
    } else {
        (object.count("concurrency"), None)
    }
}

#[inline(never)]
fn read_shared_concurrency(object: &Object<'_>) -> (Option<u32>, Option<PerKey>) {
    let Some(object) = object.nested("concurrency", CONCURRENCY_KEYS) else { return (None, None) };
    let key = object.get("key").cloned();
    let limit = object.count("perKey");
    if key.is_some() != object.has("perKey") {
        let message = "`key` and `perKey` belong together: which runs share a limit, and the limit";
        object.problems.note(object.at(), format_args!("{message}"));
    }
    (object.count("limit"), key.zip(limit).map(|(key, limit)| PerKey { key, limit }))
}
