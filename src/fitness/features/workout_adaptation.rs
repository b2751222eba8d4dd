//! `workout-adaptation`: how to go on in a session.
//!
//! `adapt` takes what is said of a session under way ([`adaptation::request`](crate::fitness::adaptation::request)) and
//! answers with an [`Adaptation`]; `recover` takes the same and always answers with a stop, and what to do now;
//! `alternatives` takes the same and lists what to do instead of what is left out:
//! `{ alternatives: [{ exercise_id, name, options }] }`.
//!
//! `validate` takes `{ adaptation, request }` and checks A1 to A5, and the safety of the workout as it goes on (S1 to
//! S7): `{ status: "pass" | "fail", violations: [{ rule, message }], adaptation }`. An adaptation that fails goes nowhere: in its
//! place is that of the rules. A workout that is not for this person is a stop, also in `adapt`; where nobody said who that is, S is
//! not looked at but for what is known.
//!
//! `live` takes `{ start }` or `{ state, signal }` and answers `{ state, answer }`: see [`live`].

use super::params::{adaptation_of, invalid};
use super::{Action, CoachFeature};
use crate::error::Error;
use crate::fitness::adaptation::request::FORM;
use crate::fitness::adaptation::{Adaptation, AdaptationRequest, adapt, instead, recover, refuse};
use crate::fitness::check::adaptation::{check_adaptation, unfit};
use crate::fitness::form::{Form, field};
use crate::fitness::live;
use crate::fitness::reader::{At, Reader};
use crate::fitness::record::{FromJson, Object, ToJson};
use crate::fitness::workout::Workout;
use crate::value::Value;

/// The feature `workout-adaptation`.
pub(super) static FEATURE: CoachFeature = CoachFeature {
    name: "workout-adaptation",
    description: "Adapts a session to how it goes, set by set, and never harder than is safe.",
    capabilities: &["adaptation", "real-time", "live"],
    actions: &[
        Action { name: "adapt", input: &FORM, output: "Adaptation", perform: |params| with(params, by_rules) },
        Action { name: "recover", input: &FORM, output: "Adaptation", perform: |params| with(params, recover) },
        Action { name: "alternatives", input: &FORM, output: "SessionAlternatives", perform: alternatives },
        Action {
            name: "validate",
            input: &Form::Object(&[("adaptation", Form::Ref("Adaptation")), ("request", FORM)]),
            output: "AdaptationValidation",
            perform: validate,
        },
        Action { name: "live", input: &live::FORM, output: "LiveTurn", perform: live::perform },
    ],
};

fn with(params: &Value, make: fn(&AdaptationRequest) -> Adaptation) -> Result<Value, Error> {
    Ok(make(&AdaptationRequest::parse(params)?).to_json())
}

/// What the rules make of it; a stop where the workout is not for this person.
fn by_rules(request: &AdaptationRequest) -> Adaptation {
    let adaptation = adapt(request);
    let is_unfit = adaptation.workout.as_ref().is_some_and(|workout| !unfit(workout, request).is_empty());
    if is_unfit { refuse(request) } else { adaptation }
}

fn alternatives(params: &Value) -> Result<Value, Error> {
    let found = instead(&AdaptationRequest::parse(params)?).unwrap_or_default();
    Ok(Object("alternatives", &[&found]).to_json())
}

fn validate(params: &Value) -> Result<Value, Error> {
    let request = adaptation_of(params, "adaptation")?;
    let (mut reader, mut given) = (Reader::default(), Adaptation::blank());
    given.read(field(params, "adaptation"), &At::Pointer("/adaptation"), &mut reader);
    if !given.workout.as_ref().is_none_or(Workout::is_real) {
        reader.problem(&At::Pointer("/adaptation/workout"), "has figures that no workout has");
    }
    if !reader.problems.is_empty() {
        return Err(invalid(reader.problems));
    }
    let mut violations = check_adaptation(&given, &request);
    if let Some(workout) = &given.workout {
        violations.append(&mut unfit(workout, &request));
    }
    let (mut status, mut adaptation) = ("pass", given);
    if !violations.is_empty() {
        (status, adaptation) = ("fail", by_rules(&request));
    }
    Ok(Object("status violations adaptation", &[&status, &violations, &adaptation]).to_json())
}
