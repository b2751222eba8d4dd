//! Plans: definitions, compiled and described for the host.

use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, JsString};
use wasm_bindgen::prelude::*;

use super::convert::{Fields, data_from_js, error_to_js, text_of, value_from_js, value_to_js};
use super::engine::{try_with, with};
use crate::error::Code;
use crate::value::Value;
use crate::workflow::definition::Target;
use crate::workflow::plan::{Computed, Step, StepKind, Wait};
use crate::workflow::{Plan, Root, Scope, StepIx, Template};

/// Compiles a definition, and describes the plan.
#[wasm_bindgen(js_name = planCompile)]
pub fn plan_compile(engine: u32, definition: &JsValue, default_timeout_ms: f64) -> Result<JsValue, JsValue> {
    let default_timeout = Duration::from_micros((default_timeout_ms * 1_000.0) as u64);
    let plan = data_from_js(definition, Code::WorkflowInvalid, "the workflow definition")
        .and_then(|definition| Plan::new(&definition, default_timeout))
        .map_err(|error| error_to_js(&error))?;
    let plan = Rc::new(plan);
    let handle = try_with(engine, |host| {
        host.engine.check(&plan)?;
        Ok(host.plans.insert(Rc::clone(&plan)))
    })?;
    let is_graph = plan.is_plain_graph();
    let leads_to = |index| plan.leads_to(StepIx(index), is_graph);
    let steps: Array = (0..).zip(plan.steps()).map(|(index, step)| step_to_js(step, index, leads_to(index))).collect();
    let signals: Array = plan.signals.iter().map(|signal| JsString::from(&**signal)).collect();
    let fields = Fields::default();
    put_path(&fields, plan.output.as_ref(), None);
    Ok(fields
        .number("handle", handle as f64)
        .text("id", &plan.id)
        .value("steps", &steps)
        // The last step of the outermost list, whose output is the run's unless the definition says otherwise.
        .value("last", &plan.roots.last().map_or(JsValue::NULL, |step| step.0.into()))
        .flag("hasOutput", plan.output.is_some())
        .flag("hasKey", plan.per_key.is_some())
        .value("signals", &signals)
        .object())
}

#[inline(never)]
fn step_to_js(step: &Step, index: u32, leads_to: &[StepIx]) -> JsValue {
    let fields = Fields::default();
    if !leads_to.is_empty() {
        // How far behind it they stand, which is the same in all iterations of a loop.
        let offsets = leads_to.iter().map(|next| JsValue::from(next.0 as i32 - index as i32));
        fields.value("leadsTo", &offsets.collect::<Array>());
    }
    fields.text("id", &step.id);
    let kind = match &step.kind {
        StepKind::Call(call) => {
            let usual = Some(step.compensates.map_or(Root::Input, Root::Output));
            put_path(&fields, call.with.as_ref(), usual);
            fields.flag("hasIdempotencyKey", call.idempotency_key.is_some());
            fields.flag("hasKey", call.key.is_some());
            let fallbacks = call.fallbacks.iter().map(|fallback| {
                let fields = Fields::default();
                put_path(&fields, fallback.with.as_ref().or(call.with.as_ref()), usual);
                fields.text("kind", target_to_js(&fallback.target, &fields)).object()
            });
            fields.value("fallbacks", &fallbacks.collect::<Array>());
            target_to_js(&call.target, &fields)
        }
        StepKind::Group { .. } => "group",
        StepKind::Switch { cases } => {
            let cases = cases.iter().map(|case| steps_to_js(&case.children));
            fields.value("cases", &cases.collect::<Array>());
            "switch"
        }
        StepKind::ForEach { items, .. } => {
            put_path(&fields, Some(items), None);
            "forEach"
        }
        StepKind::Wait(wait) => {
            match wait {
                Wait::Signal { signal, timeout } => {
                    fields.number("signal", (*signal).into());
                    fields.value("timeoutMs", &millis(*timeout));
                }
                Wait::Computed(template, Computed::Duration) => put_path(&fields, Some(template), None),
                Wait::Computed(_, Computed::Instant) | Wait::For(_) | Wait::Until(_) => {}
            }
            "wait"
        }
    };
    fields.text("kind", kind);
    if step.is_call() {
        fields.value("timeoutMs", &millis(step.policies.timeout));
        fields.value("totalTimeoutMs", &millis(step.policies.total_timeout));
    } else if kind != "wait" {
        fields.value("timeoutMs", &millis(step.timeout));
        fields.value("children", &steps_to_js(&step.children()));
        fields.number("size", (step.end.0 - index - 1).into());
    }
    if let Some(undone) = step.compensates {
        fields.number("compensates", undone.0.into());
    }
    fields.object()
}

fn steps_to_js(steps: &[StepIx]) -> JsValue {
    steps.iter().map(|step| JsValue::from(step.0)).collect::<Array>().into()
}

/// Where the host finds what a template gives, or where there is none what is meant then, when it has that at hand: what leads
/// there from where the path begins, the last one first, and then a step, or how many loops out, and what it is that begins
/// there. `paths.js` reads it.
#[inline(never)]
fn put_path(fields: &Fields, template: Option<&Template>, usual: Option<Root>) {
    let path = Array::new();
    let mut lead = |key: &Value| {
        path.push(&value_to_js(key));
    };
    let (of, root) = match template.map_or(usual, |template| template.as_path(&mut lead)) {
        Some(Root::Input) => (0, 0),
        Some(Root::Output(step)) => (step.0, 1),
        Some(Root::Variable(depth)) => (depth, 2),
        _ => return,
    };
    path.push(&of.into());
    path.push(&root.into());
    fields.value("path", &path);
}

/// What kind of target it is; who it is, is added to `fields`.
fn target_to_js(target: &Target, fields: &Fields) -> &'static str {
    match target {
        Target::Action { feature, action } => {
            fields.text("feature", feature).text("action", action);
            "call"
        }
        Target::Workflow(workflow) => {
            fields.text("workflow", workflow);
            "workflow"
        }
        Target::Topic(topic) => {
            fields.text("topic", topic);
            "emit"
        }
        Target::Value => "value",
    }
}

fn millis(duration: Option<Duration>) -> JsValue {
    duration.map_or(JsValue::NULL, |duration| (duration.as_secs_f64() * 1_000.0).into())
}

/// Forgets a plan; runs of it go on.
#[wasm_bindgen(js_name = planFree)]
pub fn plan_free(engine: u32, plan: u32) {
    with(engine, |host| host.plans.try_remove(plan as usize).is_some());
}

/// What is there before a run has begun.
struct StartScope<'a> {
    input: &'a JsValue,
    run_id: &'a JsValue,
}

impl Scope for StartScope<'_> {
    fn root(&self, root: Root) -> Value {
        match root {
            Root::Input => value_from_js(self.input.clone()),
            Root::RunId => value_from_js(self.run_id.clone()),
            Root::Status(_) => Value::String("pending".into()),
            Root::Index => Value::Int(0),
            Root::Output(_) | Root::Variable(_) => Value::Null,
        }
    }

    fn text_of(&self, value: &Value) -> String {
        text_of(value)
    }
}

/// The key by which runs share a limit, as text; `undefined` when the plan has none.
#[wasm_bindgen(js_name = planKey)]
pub fn plan_key(engine: u32, plan: u32, run_id: &JsValue, input: &JsValue) -> Result<Option<String>, JsValue> {
    let plan = with(engine, |host| host.plans.get(plan as usize).map(Rc::clone));
    let scope = StartScope { input, run_id };
    let key = plan.as_deref().and_then(|plan| plan.per_key.as_ref());
    key.map(|(key, _)| key.fill(&scope).map(|key| text_of(&key))).transpose().map_err(|error| error_to_js(&error))
}
