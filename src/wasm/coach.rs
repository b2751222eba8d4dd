//! The features that are written in Rust, and the templates that use them.
//!
//! The facade registers these features like any other: an object of functions, each of which calls [`feature_call`].

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::convert::{Fields, data_from_plain, error_to_js, value_to_js};
use crate::bus::{Feature, FeatureInfo};
use crate::error::{Code, Error};
use crate::fitness;
use crate::fitness::strategy::{self, Origin, Task};
use crate::fitness::templates;
use crate::value::Value;

thread_local! {
    static FEATURES: Vec<Box<dyn Feature>> = fitness::features::features();
}

/// What is written in Rust: a list of feature descriptions.
#[wasm_bindgen(js_name = featureList)]
pub fn feature_list() -> JsValue {
    FEATURES.with(|features| features.iter().map(|feature| info_to_js(&feature.info())).collect::<Array>().into())
}

/// What a feature says of itself, as a plain object.
fn info_to_js(info: &FeatureInfo) -> JsValue {
    let actions = info.actions.iter().map(|action| {
        Fields::default()
            .text("name", &action.name)
            .value("input", &value_to_js(&action.input))
            .text("output", &action.output)
            .object()
    });
    Fields::default()
        .text("name", &info.name)
        .text("version", &info.version)
        .text("description", &info.description)
        .value("capabilities", &info.capabilities.iter().map(JsValue::from).collect::<Array>())
        .value("actions", &actions.collect::<Array>())
        .object()
}

/// Performs an action of the feature at `index` of the list.
#[wasm_bindgen(js_name = featureCall)]
pub fn feature_call(index: usize, action: &str, params: &JsValue) -> Result<JsValue, JsValue> {
    let answer = data_from_plain(params, Code::ConfigInvalid, "what the action was given").and_then(|params| {
        FEATURES.with(|features| match features.get(index) {
            Some(feature) => feature.call(action, &params),
            None => Err(Error::new(Code::NoSuchFeature, format!("there is no built-in feature number {index}"))),
        })
    });
    match answer {
        Ok(json) => Ok(value_to_js(&json)),
        Err(error) => Err(error_to_js(&error)),
    }
}

/// Checks the input of a template of the coach, and completes it with defaults.
#[wasm_bindgen(js_name = coachInput)]
pub fn coach_input(id: &str, input: &JsValue) -> Result<JsValue, JsValue> {
    let checked =
        data_from_plain(input, Code::WorkoutInvalid, "the request").and_then(|json| match templates::find(id) {
            Some(template) => (template.input)(&json),
            None => Ok(json),
        });
    match checked {
        Ok(input) => Ok(value_to_js(&input)),
        Err(error) => Err(error_to_js(&error)),
    }
}

/// The definition of a template of the coach, as JSON text.
#[wasm_bindgen(js_name = coachTemplate)]
pub fn coach_template(id: &str) -> Option<String> {
    templates::find(id).map(|template| template.text.to_owned())
}

/// The ids of the templates of the coach.
#[wasm_bindgen(js_name = coachTemplates)]
pub fn coach_templates() -> Vec<JsValue> {
    templates::ALL.iter().map(|template| template.id().into()).collect()
}

/// Begins a task of the coach: `{ output?, request?, cacheKey, personal, version }`.
#[wasm_bindgen(js_name = taskBegin)]
pub fn task_begin(task: &str, params: &JsValue) -> Result<JsValue, JsValue> {
    on_task(task, &[params], &|task, given| Ok(strategy::begin(task, &given[0])?.to_value()))
}

/// Takes a model's answer to a task: `{ output }`, or `{ repair, problems }`.
#[wasm_bindgen(js_name = taskAccept)]
pub fn task_accept(task: &str, params: &JsValue, answer: &JsValue, origin: &JsValue) -> Result<JsValue, JsValue> {
    on_task(task, &[params, answer, origin], &|task, given| {
        Ok(strategy::accept(task, &given[0], &given[1], &Origin::parse(&given[2])?)?.to_value())
    })
}

/// What the rules answer to a task, as the text that a model would give.
#[wasm_bindgen(js_name = taskByRules)]
pub fn task_by_rules(task: &str, params: &JsValue) -> Result<JsValue, JsValue> {
    on_task(task, &[params], &|task, given| Ok(Value::String(strategy::by_rules(task, &given[0])?.into())))
}

/// What is done with a task and what was given for it.
type Work<'a> = &'a dyn Fn(Task, &[Value]) -> Result<Value, Error>;

/// Works on a task with what was given for it.
#[inline(never)]
fn on_task(task: &str, given: &[&JsValue], work: Work<'_>) -> Result<JsValue, JsValue> {
    let read = || {
        let mut plain = Vec::new();
        for value in given {
            plain.push(data_from_plain(value, Code::ConfigInvalid, "what the task was given")?);
        }
        work(Task::parse(task)?, &plain)
    };
    match read() {
        Ok(value) => Ok(value_to_js(&value)),
        Err(error) => Err(error_to_js(&error)),
    }
}
