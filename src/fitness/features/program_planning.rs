//! `program-planning.planPhase` and `program-planning.plan`: a programme of twelve weeks, phase by phase or at once.
//!
//! `planPhase` takes `{ request, assessment?, phase, plan? }`, where `plan` is what it answered for the phase before, and
//! answers the programme so far: after `specialization` it is complete. `plan` takes `{ request }`. Both answer a
//! [`Programme`](crate::fitness::programme::Programme), the same bytes either way. Errors: `workout.invalid`,
//! `workout.infeasible`.

use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::form::Form;
use crate::fitness::programme::plan;
use crate::value::Value;

/// The feature `program-planning`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "program-planning",
    description: "Plans twelve weeks in three phases, session by session.",
    capabilities: &["programme", "periodisation", "offline"],
    actions: &[
        Action { name: "planPhase", input: &plan::PHASE, output: "Programme", perform: plan_phase },
        Action { name: "plan", input: &plan::WHOLE, output: "Programme", perform: plan_whole },
    ],
};

fn plan_phase(params: &Value) -> Result<Value, Error> {
    planned(params, &plan::PHASE)
}

fn plan_whole(params: &Value) -> Result<Value, Error> {
    planned(params, &plan::WHOLE)
}

fn planned(params: &Value, form: &Form) -> Result<Value, Error> {
    Ok(plan::Params::read(params, form)?.plan()?.to_json())
}
