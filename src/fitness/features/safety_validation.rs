//! `safety-validation.validate`: is this workout right for this person?
//!
//! Params: `{ request, workout }`, whoever built the workout. Result:
//!
//! ```jsonc
//! { "status": "pass",          // or "caution", "refer", "fail"
//!   "clearance": "no_clearance_needed",
//!   "violations": [{ "rule": "S1", "message": "…" }],
//!   "warnings": ["…"],
//!   "referral": null,          // or { "clearance": "…", "reasons": ["…"] }
//!   "notice": "…" }
//! ```
//!
//! `checkProgram` takes `{ request, program }`, where the request may have `tests` as that of an assessment, and
//! `checkGroup` `{ request, group }`; both answer `{ violations }`.
//!
//! `fail`: an invariant does not hold. `refer`: somebody should be seen first. `caution`: the rules modified something.

use super::params::{BUILT, Built};
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::check::{check, check_group, check_programme};
use crate::fitness::contraindications::Restrictions;
use crate::fitness::form::{Form, field};
use crate::fitness::group::{GroupRequest, GroupWorkout};
use crate::fitness::programme::Programme;
use crate::fitness::programme::assessment::tested;
use crate::fitness::record::{Object, ToJson};
use crate::fitness::screening::{Clearance, Screening};
use crate::fitness::session::report;
use crate::fitness::workout::NOTICE;
use crate::value::Value;

/// The feature `safety-validation`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "safety-validation",
    description: "Checks a workout against every invariant and the person's health.",
    capabilities: &["safety", "screening", "validation"],
    actions: &[
        Action { name: "validate", input: &BUILT, output: "SafetyValidation", perform: validate },
        Action { name: "checkProgram", input: &PROGRAM, output: "CheckResult", perform: check_program },
        Action { name: "checkGroup", input: &GROUP, output: "CheckResult", perform: check_group_workout },
    ],
};

const PROGRAM: Form =
    Form::Object(&[("program", Form::Ref("Programme")), ("request", Form::Ref("FitnessAssessmentRequest"))]);
const GROUP: Form = Form::Object(&[("group", Form::Ref("GroupWorkout")), ("request", Form::Ref("GroupRequest"))]);

fn check_program(params: &Value) -> Result<Value, Error> {
    let read = PROGRAM.read_params(params)?;
    let (request, _) = tested(field(&read, "request").unwrap_or(&Value::Null))?;
    let program = Programme::from_json(field(&read, "program").unwrap_or(&Value::Null))?;
    Ok(Object("violations", &[&check_programme(&program, &request)]).to_json())
}

fn check_group_workout(params: &Value) -> Result<Value, Error> {
    let read = GROUP.read_params(params)?;
    let request = GroupRequest::parse(field(&read, "request").unwrap_or(&Value::Null))?;
    let group = GroupWorkout::from_json(field(&read, "group").unwrap_or(&Value::Null))?;
    Ok(Object("violations", &[&check_group(&group, &request)]).to_json())
}

pub(in crate::fitness) fn validate(params: &Value) -> Result<Value, Error> {
    let Built { request, workout } = Built::read(params)?;
    let violations = check(&workout, &request);
    let screening = Screening::of(&request);
    let restrictions = Restrictions::of(&request);
    let referral = report::referral(&screening);
    // Without training there is nothing that the rules modified.
    let warnings = if screening.clearance == Clearance::Stop { Vec::new() } else { restrictions.messages() };
    let status = if !violations.is_empty() {
        "fail"
    } else if screening.clearance != Clearance::Full || referral.is_some() {
        "refer"
    } else if !warnings.is_empty() {
        "caution"
    } else {
        "pass"
    };
    Ok(Object(
        "status clearance violations warnings referral notice",
        &[&status, &screening.clearance.as_str(), &violations, &warnings, &referral, &NOTICE],
    )
    .to_json())
}
