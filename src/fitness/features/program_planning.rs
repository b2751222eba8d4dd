//! `program-planning.planPhase` and `program-planning.plan`: a programme of twelve weeks, phase by phase or at once.
//!
//! `planPhase` takes `{ request, assessment?, phase, plan? }`, where `plan` is what it answered for the phase before, and
//! answers the programme so far: after `specialization` it is complete. `plan` takes `{ request }`. Both answer a
//! [`Programme`](crate::fitness::programme::Programme), the same bytes either way. Errors: `workout.invalid`,
//! `workout.infeasible`.

use super::{Action, CoachFeature};
use crate::error::{Code, Error};
use crate::fitness::form::{Form, Ids, field};
use crate::fitness::programme::{self, ProgrammeRequest, plan};
use crate::fitness::reader::{At, Reader};
use crate::value::Value;

/// The feature `program-planning`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "program-planning",
    description: "Plans twelve weeks in three phases, session by session.",
    capabilities: &["programme", "periodisation", "offline"],
    actions: &[
        Action { name: "planPhase", input: &plan::PHASE, output: "Programme", perform: plan_phase },
        Action { name: "plan", input: &WHOLE, output: "Programme", perform: plan_whole },
    ],
};

const WHOLE: Form = Form::Object(&[("request", Form::Ref("ProgrammeRequest"))]);

pub(in crate::fitness) fn plan_phase(params: &Value) -> Result<Value, Error> {
    Ok(plan::Params::read(params)?.plan()?.to_json())
}

fn plan_whole(params: &Value) -> Result<Value, Error> {
    let mut reader = Reader::default();
    let read = WHOLE.read(Some(params), &At::Pointer(""), &Ids::default(), &mut reader);
    let request = field(&read, "request").cloned().unwrap_or_default();
    let request = ProgrammeRequest::read_among(&request, "/request", &[], &mut reader.problems);
    if !reader.problems.is_empty() {
        return Err(Error::invalid(Code::WorkoutInvalid, "the params", reader.problems));
    }
    Ok(programme::build(&request)?.to_json())
}
